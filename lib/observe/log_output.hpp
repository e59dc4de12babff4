// Where the records of the log go: a stream of lines, or the journal's socket. Used by the log writer's thread alone.
#pragma once

#include <chrono>
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

  /// One record, written as a whole. Waits for a reader, but never longer than `patience`.
  virtual Written write(const std::string& record, std::chrono::milliseconds patience) = 0;
};

/// A terminal, a pipe or a file. `fd` is not owned.
class StreamOutput final : public LogOutput {
 public:
  explicit StreamOutput(int fd) noexcept : fd_(fd) {}

  Written write(const std::string& record, std::chrono::milliseconds patience) override;

 private:
  int fd_;
};

}  // namespace belfry::observe
