// One execution of an exec action, from the launch to the last process of its tree. Private to exec.cpp.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "async/cancel.hpp"
#include "engine/action.hpp"
#include "io/foreign_tree.hpp"
#include "io/output_capture.hpp"
#include "io/process.hpp"
#include "io/shared_memory.hpp"
#include "jobs/exec.hpp"
#include "jobs/output_path.hpp"
#include "jobs/run_cgroup.hpp"

namespace belfry::jobs {

class ExecRun {
 public:
  /// All are borrowed for the life of this object. `group`: its control group, which goes with its last process; not
  /// there(): it has none. `hiding`: what its output must not show.
  ExecRun(const ExecSpec& spec, const engine::Attempt& attempt, engine::Report& report, RunCgroup& group,
          Hiding hiding = {})
      : spec_(spec), attempt_(attempt), report_(report), group_(group), hiding_(std::move(hiding)) {}

  /// Starts the program with its streams attached and `environment` added; false: report.message says why not.
  bool start(const io::LaunchSpec& launch, std::span<const std::string> environment);

  /// Takes over what an earlier daemon started instead, with its output; a process of number 0 is looked for. False: it
  /// has gone, and how it ended is unknown; then what it left behind has been ended, and the report says what is known.
  async::Task<bool> adopt(io::ProcessMark process, std::string marker);

  /// Whether what was adopted had ended, so that there is nothing to wait for: the report is complete.
  bool is_over() const noexcept { return over_; }

  /// Returns when the leader has ended.
  async::Task<> ended();

  /// After ended() or, when it was cancelled, at any time: ends what still runs, and fills in the report.
  async::Task<> finish(std::optional<async::CancelReason> cancelled, std::string marker);

  /// REQUIRES: finished.
  ledger::Outcome outcome() const noexcept { return outcome_; }

 private:
  bool attach_and_launch(const io::LaunchSpec& launch, std::span<const std::string> environment);
  void capture(io::Fd output, io::Fd error);
  void capture(Stream stream, io::Fd pipe);
  io::OutputCapture::Enlarge enlarge_into(std::optional<io::SharedMemory>& memory, std::uint32_t label);
  HeldBack held_back();
  io::Fd take_kept(std::uint32_t label) const;
  async::Task<> find_output(const io::ForeignTree& tree);
  async::Task<> end_what_is_left(io::ForeignTree tree);
  async::Task<> end_group(pid_t leader);
  void report_tree();
  void ask_to_end() const noexcept;
  void watch_output();
  void report_output();
  async::Task<> stop_leader(std::chrono::nanoseconds grace);
  async::Task<> drain();
  async::Task<> end_of_output();
  void judge(const io::ExitStatus& status);
  bool hear_answer();
  void keep_sign(const std::string& sentence);
  std::string shim_report();
  static std::string text_of(const io::Fd& file);

  const ExecSpec& spec_;
  const engine::Attempt& attempt_;
  engine::Report& report_;
  RunCgroup& group_;
  Hiding hiding_;
  std::optional<io::Process> process_;
  std::optional<io::SharedMemory> output_memory_;  // outlives us: what the table's few kilobytes do not hold
  std::optional<io::SharedMemory> error_memory_;
  std::optional<OutputPath> path_;  // of both streams; none: nobody looks at them
  std::optional<io::OutputCapture> output_;
  std::optional<io::OutputCapture> error_;
  io::Fd shim_report_;
  io::Fd answer_;
  io::Survivors survivors_;
  std::optional<io::CgroupUsage> group_usage_;
  bool over_ = false;
  ledger::Outcome outcome_ = ledger::Outcome::start_error;
};

}  // namespace belfry::jobs
