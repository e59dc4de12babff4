// Memory that a long-lived process needed once, as a rule at its start.
#pragma once

namespace belfry::io {

/// Gives back to the kernel what nobody uses any more: free pages within the heap, and the pages of code and constants
/// of the program and its libraries, as far as nothing in them was changed (what of them is used again comes from the
/// page cache, by a minor fault). Takes some milliseconds, so not on a loop's thread; any other.
void give_back_unused_memory() noexcept;

}  // namespace belfry::io
