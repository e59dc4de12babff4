// What an sql action does, checked. Plain values; private to sql.cpp and run.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/sql/connection.hpp"
#include "jobs/sql/pool.hpp"
#include "jobs/sql/row_format.hpp"
#include "jobs/sql/target.hpp"

namespace belfry::jobs::sql {

/// What the rows must be like.
struct Expectation {
  std::optional<std::uint64_t> rows;
  std::optional<std::uint64_t> min_rows;
  std::optional<std::uint64_t> max_rows;
  std::optional<std::uint64_t> changed;
  std::optional<std::string> value;  ///< the first of the first row
};

struct Spec {
  Target target;
  PoolLimits pool;
  std::string query;
  std::string file;  ///< absolute; empty: the statements are in `query`
  std::vector<Parameter> parameters;
  bool transaction = false;
  std::chrono::nanoseconds connect_timeout{};
  std::optional<std::chrono::nanoseconds> statement_timeout;
  std::uint64_t max_rows = 0;  ///< 0: no limit
  Format format = Format::csv;
  std::string save_to;  ///< absolute; empty: the rows are the run's output
  Expectation expect;
  std::uint64_t output_budget = 0;
};

}  // namespace belfry::jobs::sql
