// What the steps of a flow printed, one after another within one budget. Private to flow_run.cpp.
#pragma once

#include <cstddef>
#include <string>

#include "engine/action.hpp"
#include "io/head_tail_buffer.hpp"

namespace belfry::jobs {

/// Memory: the budget for each stream, whatever is added.
class FlowTranscript {
 public:
  explicit FlowTranscript(std::size_t budget) : output_(budget), error_(budget) {}

  /// What a try printed on each stream, below the line `--- TITLE` if it is something.
  void add(const std::string& title, const engine::Report& report);

  /// All of it.
  void give(engine::Report& report) const;

 private:
  io::HeadTailBuffer output_;
  io::HeadTailBuffer error_;
};

}  // namespace belfry::jobs
