// Bytes as text, by RFC 4648 section 4: for messages and answers that have room for text alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace belfry::daemon {

/// With padding, in one line.
std::string base64(std::string_view bytes);

/// The bytes again; none: it is not what base64() makes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace belfry::daemon
