// Text of a stranger, as a sentence may show it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace belfry::jobs {

/// In double quotes, cut behind 80 bytes, without what a terminal would obey, and plain ASCII.
std::string cite(std::string_view text);

/// The same of a text in which the byte at `position` matters: if that is far from the beginning, what is in front of
/// it is left out.
std::string cite(std::string_view text, std::size_t position);

}  // namespace belfry::jobs
