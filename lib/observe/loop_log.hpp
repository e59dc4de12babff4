// Slow callbacks and leaked tasks, as log lines: looks at the loop's own figures now and then and tells what is new.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "async/loop.hpp"
#include "engine/event.hpp"
#include "observe/log.hpp"
#include "observe/rate_limit.hpp"

namespace belfry::observe {

/// Lives on the loop's thread. It needs no timer: it looks when an event comes by, at most once a second. A daemon in
/// which nothing happens delays nothing, and is left asleep.
class LoopLog {
 public:
  /// Both must outlive it.
  LoopLog(Log& log, const async::Loop& loop);

  /// *this must outlive the stream.
  void subscribe(engine::EventStream& events);

  /// Tells what is new since the last call: each place with new slow steps once a minute at most, and each kind of task
  /// of which more have leaked than ever before.
  void check();

 private:
  void check_slow_steps(const async::LoopStats& stats);
  void check_leaks(const async::LoopStats& stats);

  Log& log_;
  const async::Loop& loop_;
  RateLimit limit_;
  async::WallTime next_check_{};
  std::uint64_t slow_steps_ = 0;                      // as of the last check
  std::map<std::string, std::uint64_t> slow_places_;  // "place\0task" -> count that was told
  std::map<std::string, std::uint64_t> leaked_;       // kind -> the most that was told
};

}  // namespace belfry::observe
