// What a client asks for by Accept and Accept-Encoding (RFC 9110, section 12.5), out of what /metrics has. Pure; any
// thread.
#pragma once

#include <string_view>

#include "observe/page_writer.hpp"

namespace belfry::observe {

/// OpenMetrics when it is named and liked no less than text; text otherwise, also for who accepts neither: a person
/// with a browser is served better by it than by an error. Elements that are malformed are passed over.
PageFormat page_format(std::string_view accept) noexcept;

/// Whether the client takes gzip and does not like the plain page better.
bool accepts_gzip(std::string_view accept_encoding) noexcept;

}  // namespace belfry::observe
