// What libmicrohttpd lets pass in the head of a request, and RFC 9112 does not: checked before a request is believed.
// Server thread only.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/control/http.hpp"

struct MHD_Connection;

namespace belfry::daemon {

/// The reply with which to refuse the request, or none if its head is in order: known method and version, one Host,
/// header names that are tokens, no NUL, a body framed in exactly one way (no smuggling) and declared no larger than
/// `body_limit`.
std::optional<Reply> refuse_head(MHD_Connection* connection, std::string_view method, std::string_view version,
                                 std::size_t body_limit);

/// The arguments of the query; the last one of a name counts.
std::map<std::string, std::string> query_of(MHD_Connection* connection);

}  // namespace belfry::daemon
