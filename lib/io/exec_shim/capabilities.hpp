// Giving up capabilities, so that neither the program nor anything that it starts has them, whatever its user.
#pragma once

#include <cstdint>

/// `dropped`: a bit for each number; those that this kernel does not know are passed over. `gains_nothing`:
/// no_new_privileges will be set, so that whoever has none cannot come by one: then it does not matter that only root
/// may change the bounding set. Ends the process if it is refused.
void drop_capabilities(std::uint64_t dropped, bool gains_nothing);

/// Has none left, now.
void give_up_all_capabilities();
