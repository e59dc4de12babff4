// IoStep: brackets what a callback of libuv does, so that it is timed like the steps of tasks: a slow one is counted
// and complained of, and a stuck one is seen while it lasts. For lib/async and lib/io; loop thread only.
#pragma once

#include <source_location>

#include "async/loop.hpp"
#include "async/loop_monitor.hpp"

namespace belfry::async {

class IoStep {
 public:
  /// `what` must be a literal: the name under which a slow one is listed.
  explicit IoStep(Loop& loop, const char* what = "io",
                  std::source_location place = std::source_location::current()) noexcept
      : monitor_(loop.monitor()), what_(what), place_(place) {
    monitor_.io_begins();
  }
  IoStep(const IoStep&) = delete;
  IoStep& operator=(const IoStep&) = delete;
  ~IoStep() { monitor_.io_ends(what_, place_); }

 private:
  detail::LoopMonitor& monitor_;
  const char* what_;
  std::source_location place_;
};

}  // namespace belfry::async
