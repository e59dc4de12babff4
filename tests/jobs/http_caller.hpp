// Runs http actions of any parameters, without the proxies of the environment.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "action_fixture.hpp"
#include "async/thread_pool.hpp"
#include "jobs/http.hpp"

namespace belfry::test {

class Caller {
 public:
  auto make(jobs::ParameterMap parameters, std::uint64_t budget = 1024) {
    parameters.emplace("proxy", "none");
    return make_action(jobs::http_kind(), {.kind = "http", .form = {}, .parameters = std::move(parameters)},
                       {.pool = &pool_, .working_dir = "/", .output_budget = budget});
  }
  Ran run(jobs::ParameterMap parameters, std::uint64_t budget = 1024) {
    const auto action = make(std::move(parameters), budget);
    if (!action) FAIL(action.error().message);
    return run_action(*action);
  }
  std::string mistake(jobs::ParameterMap parameters) {
    const auto action = make(std::move(parameters));
    return action ? "" : action.error().key + ": " + action.error().message;
  }

 private:
  async::ThreadPool pool_{async::ThreadPoolOptions("test").threads(2)};
};

}  // namespace belfry::test
