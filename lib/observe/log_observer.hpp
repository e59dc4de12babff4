// From events to log lines: what happened to jobs, runs and slots, one line each, repeats held back.
#pragma once

#include "engine/event.hpp"
#include "observe/log.hpp"
#include "observe/rate_limit.hpp"

namespace belfry::observe {

/// Lives on the loop's thread; `log` must outlive it. A run that ends is one line at info (success, cancelled), warning
/// (failure, timeout, killed, lost) or error (start_error). Skipped and missed slots warn once a minute for each job
/// and reason, with the number of those held back; when no more of them come, the rest is told with an event later on.
class LogObserver {
 public:
  explicit LogObserver(Log& log);

  /// *this must outlive the stream.
  void subscribe(engine::EventStream& events);

  void observe(const engine::Event& event);

 private:
  struct Listener;

  void tell_rest(engine::WallTime now);

  Log& log_;
  RateLimit limit_;
  engine::WallTime next_rest_{};
};

}  // namespace belfry::observe
