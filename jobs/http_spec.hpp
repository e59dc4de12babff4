// What an http action does, checked. Plain values; private to http.cpp and http_run.cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/http_client.hpp"
#include "jobs/http_expect.hpp"

namespace belfry::jobs {

/// The same request to many.
struct HttpBatch {
  std::vector<std::string> urls;  ///< or
  std::string urls_file;          ///< absolute: one in each line
  std::size_t concurrency = 10;
  std::size_t per_host = 0;    ///< 0: no limit of its own
  std::size_t per_second = 0;  ///< 0: no limit
  std::size_t size = 0;        ///< after so many all are waited for, and then `pause`; 0: there is but one batch
  std::chrono::nanoseconds pause{};
  int tries = 1;
  std::size_t max_failures = 0;
  bool bodies = false;  ///< the result holds what came
};

struct HttpSpec {
  io::HttpRequest request;  ///< all but what a run finds out: the body of a file, the sink
  std::string body_file;    ///< absolute; empty: the body is in the request
  int redirects = 0;
  std::uint64_t max_bytes = 0;
  std::string save_to;  ///< absolute; empty: the answer is the run's output
  std::uint64_t output_budget = 0;
  HttpExpectation expect;
  std::optional<HttpBatch> batch;
};

}  // namespace belfry::jobs
