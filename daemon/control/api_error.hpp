// The one form of an error in the API: {"error": {"code": "...", "message": "..."}} with a fitting HTTP status. Pure.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "daemon/control/http.hpp"

namespace belfry::daemon {

/// `code` is one of bad_request, not_found, refused, invalid_config, unresponsive, unavailable, internal; `message`
/// tells what to do.
Reply error_reply(int status, std::string_view code, std::string_view message);

/// Thrown by handlers of the API on the server's thread; the router turns it into its reply.
class ApiError : public std::runtime_error {
 public:
  ApiError(int status, std::string code, const std::string& message)
      : std::runtime_error(message), status_(status), code_(std::move(code)) {}

  Reply reply() const { return error_reply(status_, code_, what()); }

 private:
  int status_;
  std::string code_;
};

}  // namespace belfry::daemon
