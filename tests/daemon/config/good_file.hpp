// A text that must be accepted, as configuration.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "daemon/config/load_config.hpp"

namespace belfry::daemon::testing {

inline Config load(const std::string& text, LoadOptions options = {}) {
  auto result = parse_config(text, "scheduler.yaml", "/etc/belfry", options);
  if (!result) FAIL(format_errors(result.error()));
  return std::move(*result);
}

/// The job of a file with `keys` beside a command.
inline JobSpec job(const std::string& keys, const std::string& top = "") {
  auto config = load(top + "jobs: {a: {command: x, " + keys + "}}\n");
  return config.jobs.at(0);
}

}  // namespace belfry::daemon::testing
