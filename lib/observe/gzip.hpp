// Text compressed as it comes, as HTTP's Content-Encoding gzip has it. Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace belfry::observe {

/// The fastest level: a page of /metrics repeats itself so much that it still shrinks to a twentieth.
class GzipStream {
 public:
  /// Throws std::bad_alloc.
  GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  ~GzipStream();

  void append(std::string_view text);

  /// All of it, compressed. REQUIRES: called once, last.
  std::string finish();

 private:
  struct State;
  void deflate_into_output(std::string_view text, int flush);

  std::unique_ptr<State> state_;
  std::string out_;
};

}  // namespace belfry::observe
