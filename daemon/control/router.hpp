// From the method and the path of a request to the function that handles it. Filled once, then read only.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/control/exchange.hpp"

namespace belfry::daemon {

/// The parts of the path that stand in the place of the route's {braces}, in order.
using PathParts = std::vector<std::string>;

class Router {
 public:
  using Function = std::function<void(const Request&, const PathParts&, const Exchange&)>;

  /// `pattern` like "/v1/jobs/{name}/run".
  void add(std::string_view method, std::string_view pattern, Function function);

  /// Calls the function of the route. Throws ApiError 404 for an unknown path, 405 for another method.
  void operator()(const Request& request, const Exchange& exchange) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> pattern;
    Function function;
  };
  std::vector<Route> routes_;
};

}  // namespace belfry::daemon
