// Memory that only the start of belfryd needed.
#pragma once

namespace belfry::daemon {

/// Gives back to the kernel what nobody uses any more once the first configuration is in force: free pages within the
/// heap, and the pages of code and constants that were used once (what of them is used again comes from the page cache,
/// by a minor fault). Takes some milliseconds, so not on a loop's thread; any other.
void give_back_start_memory() noexcept;

}  // namespace belfry::daemon
