// A daemon in the test's own process: a real loop on a thread, engine, SQLite ledger and control API in a temp folder.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/task_group.hpp"
#include "daemon/control/control_api.hpp"
#include "engine/engine.hpp"
#include "ledger/sqlite_ledger.hpp"
#include "support/temp_dir.hpp"
#include "time/at.hpp"
#include "time/every.hpp"

namespace belfry::test {

/// An action whose end the test decides; it tells when it has begun.
class Gate final : public engine::Action {
 public:
  async::Task<ledger::Outcome> run(const engine::Attempt& /*attempt*/, engine::Report& report) const override {
    report.standard_output = {.head = "from the gate\n", .tail = {}, .total_bytes = 14, .dropped_bytes = 0};
    begun_->set_value();
    async::Event never;
    co_await never.wait();
    co_return ledger::Outcome::success;
  }
  std::string_view kind() const noexcept override { return "gate"; }
  std::string describe() const override { return "waits"; }

  void wait_until_begun() const { begun_->get_future().wait(); }

 private:
  std::unique_ptr<std::promise<void>> begun_ = std::make_unique<std::promise<void>>();
};

/// An action that ends at once.
class Instant final : public engine::Action {
 public:
  explicit Instant(ledger::Outcome outcome, int exit_code = 0) : outcome_(outcome), exit_code_(exit_code) {}
  async::Task<ledger::Outcome> run(const engine::Attempt& /*attempt*/, engine::Report& report) const override {
    report.standard_output = {.head = "out\n", .tail = {}, .total_bytes = 4, .dropped_bytes = 0};
    report.standard_error = {.head = "e\xff\n", .tail = "last\n", .total_bytes = 100, .dropped_bytes = 92};
    report.exit_code = exit_code_;
    if (exit_code_ != 0) report.message = "exit code " + std::to_string(exit_code_);
    co_return outcome_;
  }
  std::string_view kind() const noexcept override { return "instant"; }
  std::string describe() const override { return "ends at once"; }

 private:
  ledger::Outcome outcome_;
  int exit_code_;
};

inline std::shared_ptr<engine::Job> make_job(const std::string& name, std::shared_ptr<const engine::Action> action) {
  auto job = std::make_shared<engine::Job>();
  job->name = name;
  job->action = std::move(action);
  job->schedule_text = "every 1000h";
  job->timezone = "UTC";
  job->trigger = std::make_shared<time::EveryTrigger>(std::chrono::hours{1000});
  job->fingerprint = name;
  return job;
}

/// A value that two threads share.
template <class T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T value) : value_(std::move(value)) {}
  Shared& operator=(T value) {
    const std::scoped_lock lock(mutex_);
    value_ = std::move(value);
    return *this;
  }
  T get() const {
    const std::scoped_lock lock(mutex_);
    return value_;
  }
  template <class Change>
  void change(Change change) {
    const std::scoped_lock lock(mutex_);
    change(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

class LiveDaemon {
 public:
  /// `loop_patience`: see ControlParts.
  /// `past`: what an earlier daemon wrote into the ledger.
  explicit LiveDaemon(std::vector<std::shared_ptr<engine::Job>> jobs,
                      std::chrono::milliseconds loop_patience = std::chrono::seconds{30}, daemon::HttpOptions http = {},
                      std::vector<ledger::Entry> past = {})
      : loop_patience_(loop_patience), http_(std::move(http)) {
    http_.socket = socket();
    auto catalog = std::make_shared<engine::Catalog>();
    catalog->generation = 1;
    for (auto& job : jobs) catalog->jobs.emplace(job->name, std::move(job));
    for (ledger::Entry& entry : past) ledger_->write(std::move(entry));
    std::promise<void> durable;
    ledger_->when_durable([&durable] { durable.set_value(); });
    durable.get_future().wait();
    std::promise<void> listening;
    thread_ = std::thread([&, catalog] { async::run(loop_, serve(catalog, listening)); });
    listening.get_future().wait();
  }

  ~LiveDaemon() {
    stop();
    control_.reset();
  }

  /// As on SIGTERM: drains with no patience; the API goes on answering.
  void stop() {
    if (!thread_.joinable()) return;
    loop_.call_soon_threadsafe([this] { stop_.set(); });
    thread_.join();
  }

  /// Runs `function` on the loop and waits for its end.
  void on_loop(std::function<void()> function) {
    std::promise<void> done;
    loop_.call_soon_threadsafe([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

  std::filesystem::path socket() const { return folder_ / "belfry.sock"; }
  const std::filesystem::path& state_dir() const { return folder_.path(); }
  engine::Engine& engine() { return engine_; }
  async::Loop& loop() { return loop_; }

  /// All one-shots that were asked for, and what the next reload says: shared by the test's thread and the loop's.
  Shared<std::vector<ledger::OneShotAdded>> one_shots;

  /// What held the loop, whenever.
  Shared<std::vector<observe::SlowStep>> slow_steps;

  /// Which checks of `sla` fail.
  Shared<std::vector<engine::SlaBreached>> breaches;

  Shared<daemon::ReloadResult> next_reload{
      {.applied = true, .errors = {}, .generation = 2, .added = {"new"}, .changed = {}, .removed = {}}};

 private:
  static std::shared_ptr<const engine::Job> one_shot(const ledger::OneShotAdded& request) {
    auto job = make_job(request.name, std::make_shared<Instant>(ledger::Outcome::success));
    job->trigger = std::make_shared<time::AtTrigger>(request.due);
    return job;
  }

  async::Task<> serve(std::shared_ptr<const engine::Catalog> catalog, std::promise<void>& listening) {
    events_.subscribe([this](const engine::Event& event) {
      const auto* const added = std::get_if<ledger::OneShotAdded>(&event);
      if (added != nullptr) one_shots.change([&](auto& all) { all.push_back(*added); });
    });
    engine_.resume(std::make_shared<engine::Past>(engine::read_past(*ledger_->open_reader(), {}, false)));
    engine_.apply(std::move(catalog));
    auto body = [&](async::TaskGroup& group) -> async::Task<> {
      group.start(engine_.serve(), "engine");
      co_await async::yield();
      listen();
      listening.set_value();
      co_await stop_.wait();
      co_await engine_.drain(engine::Duration{});
    };
    co_await async::with_task_group(body);
  }

  void listen() {
    daemon::ControlParts parts{.loop = loop_,
                               .engine = engine_,
                               .events = events_,
                               .ledger = *ledger_,
                               .version = "1.2.3",
                               .config_path = "/etc/test.yaml",
                               .metrics_address = "127.0.0.1:1",
                               .started_at = loop_.wall_now(),
                               .reload = [this](auto done) { done(next_reload.get()); },
                               .metrics = [] { return "belfry_test 1\n"; },
                               .breaches = [this] { return breaches.get(); },
                               .slow_steps = [this](auto, auto) { return slow_steps.get(); },
                               .loop_patience = loop_patience_};
    control_.emplace(std::move(parts), http_);
  }

  std::chrono::milliseconds loop_patience_;
  daemon::HttpOptions http_;
  TempDir folder_;
  std::unique_ptr<ledger::SqliteLedger> ledger_ = ledger::SqliteLedger::open((folder_ / "ledger.db").string());
  engine::EventStream events_;
  async::Loop loop_;
  engine::Engine engine_{*ledger_, events_, one_shot};
  std::optional<daemon::ControlApi> control_;
  async::Event stop_;
  std::thread thread_;
};

}  // namespace belfry::test
