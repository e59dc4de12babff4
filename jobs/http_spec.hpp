// What an http action does, checked. Plain values; private to http.cpp and http_run.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "io/http_client.hpp"
#include "jobs/http_expect.hpp"

namespace belfry::jobs {

struct HttpSpec {
  io::HttpRequest request;  ///< all but what a run finds out: the body of a file, the sink
  std::string body_file;    ///< absolute; empty: the body is in the request
  int redirects = 0;
  std::uint64_t max_bytes = 0;
  std::string save_to;  ///< absolute; empty: the answer is the run's output
  std::uint64_t output_budget = 0;
  HttpExpectation expect;
};

}  // namespace belfry::jobs
