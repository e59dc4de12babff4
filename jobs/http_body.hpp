// HttpBody: where the body of an answer goes: into the output, into memory, into the queue of a file. Private to http.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "async/event.hpp"
#include "async/task.hpp"
#include "engine/action.hpp"
#include "io/head_tail_buffer.hpp"
#include "io/http_client.hpp"
#include "jobs/http_spec.hpp"
#include "jobs/saved_file.hpp"

namespace belfry::jobs {

/// Of one exchange, redirects included. Memory: the budget of the output; max_bytes where the body is kept as a text; a
/// megabyte that waits for the file. Loop thread; the specification must outlive it.
class HttpBody final : public io::HttpBodySink {
 public:
  enum class Use : std::uint8_t { output, file, text };
  HttpBody(const HttpSpec& spec, Use use) : spec_(spec), use_(use), output_(spec.output_budget) {}

  /// A redirect that is followed has a body that nobody wants.
  void pass_over_redirects(bool yes) noexcept { passing_over_ = yes; }

  Take take(int status, std::span<const char> piece) noexcept override;

  /// No more comes.
  void close() noexcept;

  /// Use::file: writes what comes until close(). Throws io::IoError.
  async::Task<> write_to(SavedFile& file);

  void report(engine::Report& report) const;
  std::uint64_t total() const noexcept { return total_; }
  bool too_large() const noexcept { return too_large_; }  ///< it was given up for its size
  const std::string& text() const noexcept { return text_; }

 private:
  const HttpSpec& spec_;
  Use use_;
  io::HeadTailBuffer output_;
  std::string text_;
  std::string waiting_;
  async::Event wake_;
  std::uint64_t total_ = 0;
  bool passing_over_ = false;
  bool closed_ = false;
  bool too_large_ = false;
};

}  // namespace belfry::jobs
