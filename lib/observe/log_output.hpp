// Where the records of the log go: a stream of lines, or the journal's socket. Used by the log writer's thread alone.
#pragma once

#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <string>

namespace belfry::observe {

enum class Written : std::uint8_t {
  yes,
  no,          ///< the output is broken
  not_in_time  ///< nobody took it within the patience; the rest of a line may be missing
};

class LogOutput {
 public:
  LogOutput() = default;
  LogOutput(const LogOutput&) = delete;
  LogOutput& operator=(const LogOutput&) = delete;
  virtual ~LogOutput() = default;

  /// Up to how many bytes of records may be joined to one; 0: each is written for itself.
  virtual std::size_t most_joined() const noexcept { return 0; }

  /// One record, or some that were joined, written as a whole. Waits for a reader, but never longer than `patience`.
  virtual Written write(const std::string& record, std::chrono::milliseconds patience) = 0;
};

/// A terminal, a pipe or a file. `fd` is not owned.
class StreamOutput final : public LogOutput {
 public:
  explicit StreamOutput(int fd) noexcept : fd_(fd) {}

  std::size_t most_joined() const noexcept override { return PIPE_BUF; }
  Written write(const std::string& record, std::chrono::milliseconds patience) override;

 private:
  int fd_;
};

}  // namespace belfry::observe
