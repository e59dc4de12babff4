// A daemon's life in virtual time: the real engine, the real SQLite ledger and the real table of live runs, under a
// clock that jumps, with programs that outlive their daemon. See simulation_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "async/run.hpp"
#include "engine/test_bed.hpp"
#include "ledger/sqlite_ledger.hpp"
#include "support/temp_dir.hpp"

namespace belfry::test {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  int below(int count) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(count)); }
  bool one_in(int chance) { return below(chance) == 0; }
  Duration span(Duration most) {
    return Duration(static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(most.count() + 1)));
  }

 private:
  std::mt19937_64 engine_;
};

/// A ledger whose newest entries are still on their way, and are lost with the daemon.
class LaggingLedger final : public ledger::Ledger {
 public:
  LaggingLedger(ledger::Ledger& store, std::size_t lag) : store_(store), lag_(lag) {}

  ledger::RunId next_run_id() noexcept override { return store_.next_run_id(); }
  void skip_run_ids(ledger::RunId used) noexcept override { store_.skip_run_ids(used); }
  bool write(ledger::Entry entry) noexcept override {
    if (dead_) return false;
    const auto* claimed = std::get_if<ledger::SlotClaimed>(&entry);
    const bool ahead = claimed != nullptr && claimed->at < claimed->scheduled_at;  // a second is enough for any disk
    held_.emplace_back().push_back(std::move(entry));
    deliver(ahead ? 0 : lag_);
    return true;
  }
  void write_together(std::vector<ledger::Entry> entries) noexcept override {
    if (dead_) return;
    held_.push_back(std::move(entries));
    deliver(lag_);
  }
  void when_durable(std::move_only_function<void()> done) override {
    if (!dead_) deliver(0);
    done();  // at once: the pace of a real disk would make every life another one
  }
  std::unique_ptr<ledger::LedgerReader> open_reader() const override { return store_.open_reader(); }
  ledger::LedgerStats stats() const override { return store_.stats(); }

  /// From now on nothing is written any more.
  void die() noexcept {
    dead_ = true;
    held_.clear();
  }
  void deliver_all() { deliver(0); }
  /// The disk was quicker, this time.
  void deliver_some(Dice& dice) { deliver(static_cast<std::size_t>(dice.below(static_cast<int>(held_.size()) + 1))); }

 private:
  void deliver(std::size_t keep) {
    for (; held_.size() > keep; held_.pop_front()) store_.write_together(std::move(held_.front()));
  }

  ledger::Ledger& store_;
  std::size_t lag_;
  std::deque<std::vector<ledger::Entry>> held_;
  bool dead_ = false;
};

/// The programs that run, whoever started them.
struct World {
  struct Program {
    std::string job;
    ledger::RunId run;
    int attempt;
    std::optional<WallTime> scheduled_at;
    std::int64_t began_ns;
    std::int64_t ends_ns;
    Outcome outcome;
    engine::Guarantee guarantee;
    bool gone = false;
  };
  std::map<pid_t, Program> programs;
  pid_t next_pid = 1000;

  /// The machine goes down.
  void power_off(std::int64_t now_ns) {
    for (auto& [pid, program] : programs) {
      if (program.ends_ns > now_ns) program.ends_ns = now_ns, program.gone = true;
    }
  }
};

/// A program that sleeps for a while; another daemon may go on with it.
class Sleeper final : public engine::Action {
 public:
  Sleeper(World& world, Dice& dice, Duration most, engine::Guarantee guarantee)
      : world_(world), dice_(dice), most_(most), guarantee_(guarantee) {}

  async::Task<Outcome> run(const engine::Attempt& attempt, engine::Report& report) const override {
    const std::int64_t now = async::Loop::current().now_ns();
    const pid_t pid = world_.next_pid++;
    const Outcome outcome = dice_.one_in(4) ? Outcome::failure : Outcome::success;
    world_.programs.emplace(pid, World::Program{.job = std::string(attempt.job),
                                                .run = attempt.run,
                                                .attempt = attempt.number,
                                                .scheduled_at = attempt.scheduled_at,
                                                .began_ns = now,
                                                .ends_ns = now + dice_.span(most_).count(),
                                                .outcome = outcome,
                                                .guarantee = guarantee_});
    if (report.launched) report.launched({.pid = pid, .start_ticks = 1});
    const Outcome ended = co_await watch(pid);
    co_return ended;
  }

  async::Task<std::optional<Outcome>> adopt(const engine::Attempt&, const io::ProcessMark& process,
                                            engine::Report&) const override {
    const World::Program& program = world_.programs.at(process.pid);
    if (program.gone || program.ends_ns <= async::Loop::current().now_ns()) co_return std::nullopt;
    const Outcome ended = co_await watch(process.pid);
    co_return ended;
  }

  std::string_view kind() const noexcept override { return "exec"; }
  std::string describe() const override { return "sleeps"; }

 private:
  async::Task<Outcome> watch(pid_t pid) const {
    World::Program& program = world_.programs.at(pid);
    try {
      co_await async::sleep(Duration(program.ends_ns - async::Loop::current().now_ns()));
    } catch (const async::Cancelled& cancelled) {
      // Killed by its daemon, unless that one is being killed itself (CancelReason::closed by the test).
      if (!*killed) program.ends_ns = async::Loop::current().now_ns();
      throw;
    }
    co_return program.outcome;
  }

  World& world_;
  Dice& dice_;
  Duration most_;
  engine::Guarantee guarantee_;

 public:
  static inline bool* killed = nullptr;  ///< whether the daemon that supervises is being killed
};

/// What is kept from one daemon to the next.
/// Time passes while slots are computed, so that some become due between two looks at the clock.
class TickingTrigger final : public time::Trigger {
 public:
  TickingTrigger(std::shared_ptr<const time::Trigger> inner, async::ManualClock& clock, Dice& dice)
      : inner_(std::move(inner)), clock_(clock), dice_(dice) {}
  std::optional<WallTime> next(WallTime after) const noexcept override {
    if (dice_.one_in(4)) clock_.advance(dice_.span(std::chrono::milliseconds{1}));
    return inner_->next(after);
  }
  std::optional<WallTime> previous(WallTime before) const noexcept override { return inner_->previous(before); }
  std::string describe() const override { return inner_->describe(); }
  std::string normalise() const override { return inner_->normalise(); }

 private:
  std::shared_ptr<const time::Trigger> inner_;
  async::ManualClock& clock_;
  Dice& dice_;
};

/// A file system in memory where there is one with room: thousands of lives in virtual time need no real disk, and on
/// one they would wait for it eight tenths of their time. What a disk loses is played by the bed itself.
inline std::filesystem::path folder_of_machines() {
  std::error_code none;
  const auto space = std::filesystem::space("/dev/shm", none);
  return !none && space.available > (48U << 20U) ? "/dev/shm" : std::filesystem::temp_directory_path();
}

struct Machine {
  TempDir folder{folder_of_machines()};
  async::ManualClock clock;
  World world;
  std::string boot = "first boot";
  int boots = 1;

  std::string ledger_path() const { return (folder / "ledger.db").string(); }
};

}  // namespace belfry::test
