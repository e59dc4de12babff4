#include "daemon/daemon.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "async/event.hpp"
#include "async/fault_point.hpp"
#include "async/gather.hpp"
#include "async/loop.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/stall_watchdog.hpp"
#include "async/task_group.hpp"
#include "async/thread_pool.hpp"
#include "async/timeout.hpp"
#include "daemon/config_watch.hpp"
#include "daemon/control/control_api.hpp"
#include "daemon/log_options.hpp"
#include "daemon/notify/notifications.hpp"
#include "daemon/one_shot.hpp"
#include "daemon/reload.hpp"
#include "daemon/reload_log.hpp"
#include "daemon/sla_sources.hpp"
#include "daemon/stores.hpp"
#include "daemon/stray_reaper.hpp"
#include "daemon/trace/tracing.hpp"
#include "daemon/upgrade.hpp"
#include "daemon/watch/watches.hpp"
#include "daemon/watchdog_feed.hpp"
#include "engine/engine.hpp"
#include "io/process_tree.hpp"
#include "io/sd_notify.hpp"
#include "io/signals.hpp"
#include "io/unused_memory.hpp"
#include "ledger/live_runs.hpp"
#include "ledger/sqlite_ledger.hpp"
#include "observe/collectors.hpp"
#include "observe/complaint_log.hpp"
#include "observe/exposer.hpp"
#include "observe/growth_watch.hpp"
#include "observe/ledger_log.hpp"
#include "observe/log.hpp"
#include "observe/log_observer.hpp"
#include "observe/loop_log.hpp"
#include "observe/metrics.hpp"
#include "observe/process_inventory.hpp"
#include "observe/sla_watch.hpp"
#include "observe/slow_steps.hpp"
#include "observe/tasks_page.hpp"
#include "time/duration.hpp"

namespace belfry::daemon {
namespace {

using time::Duration;

/// timeout(1), make and terminals signal a process and its group: what comes so close together was meant once.
constexpr Duration one_request = std::chrono::seconds{1};

/// How often to look whether tzdata was updated; SIGHUP looks, too.
constexpr Duration zone_patience = std::chrono::hours{1};

/// A step that holds the loop for so long is logged with the calls on its stack while it lasts.
constexpr Duration stall = std::chrono::seconds{1};

/// The process that holds what a successor needs of running jobs (io/fd_keeper.hpp).
constexpr const char* keeper_name = "belfry-keeper";

/// How long notifications that wait may take before the process ends, or becomes another one; and traces, meanwhile.
constexpr Duration notify_patience = std::chrono::seconds{10};
constexpr Duration trace_patience = std::chrono::seconds{5};

constexpr const char* version = BELFRY_VERSION;
constexpr const char* revision = BELFRY_REVISION;

async::SpawnOptions as_daemon(const char* name) { return async::SpawnOptions(name).kind("daemon"); }

/// Everything of one belfryd, in the order in which it is made; it goes in the opposite order.
class Daemon {
 public:
  Daemon(Start start, Settings settings, observe::Log& log, const io::Notifier& notifier,
         const io::BlockedSignals& signals);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  async::Loop& loop() noexcept { return loop_; }

  /// From the first slot to the last entry in the ledger.
  async::Task<> serve();

 private:
  async::Task<> serve_in(async::TaskGroup& group);
  async::Task<> take_signals(async::TaskGroup& group);
  async::Task<> upgrade(std::function<void(std::string)> answer);
  async::Task<> watch_zones();
  async::Task<> reload_for_signal();
  async::Task<> reload_for_client(std::function<void(ReloadResult)> answer);
  async::Task<> test_channel(std::string channel, std::function<void(ChannelTest)> answer);
  async::Task<> end_in_order();
  void open_doors(async::TaskGroup& group);
  void say(const ReloadReport& report);
  std::string status_line() const;

  Start start_;
  Settings settings_;
  observe::Log& log_;
  const io::Notifier& notifier_;
  const io::BlockedSignals& signals_;
  std::unique_ptr<ledger::SqliteLedger> ledger_;
  std::unique_ptr<ledger::LiveRuns> live_;
  std::shared_ptr<io::JournalFeed> journal_ = std::make_shared<io::JournalFeed>();
  engine::EventStream events_;
  observe::Metrics metrics_;
  observe::LogObserver log_observer_;
  observe::SlowSteps slow_steps_{[this] { return loop_.wall_now(); }};
  // A task that ignores its end must not keep the process from ending.
  async::Loop loop_{async::LoopOptions()
                        .shutdown_grace(std::chrono::seconds{5})
                        .on_complaint(slow_steps_.noting(observe::complaint_log(log_)))};
  observe::LoopLog loop_log_;
  observe::LedgerLog ledger_log_;
  Notifications notifications_;
  Tracing tracing_;
  async::ThreadPool pool_;
  async::ThreadPool desk_{async::ThreadPoolOptions("daemon")};  // its own work: no job makes it wait
  engine::Engine engine_;
  StrayReaper stray_reaper_;
  observe::SlaWatch sla_;
  observe::GrowthWatch growth_;
  Reloader reloader_;
  ConfigWatch config_watch_;
  Watches watches_;
  Upgrade upgrade_;
  std::optional<observe::Exposer> exposer_;
  std::optional<ControlApi> control_;
  async::Event told_to_end_;
};

Daemon::Daemon(Start start, Settings settings, observe::Log& log, const io::Notifier& notifier,
               const io::BlockedSignals& signals)
    : start_(std::move(start)),
      settings_(std::move(settings)),
      log_(log),
      notifier_(notifier),
      signals_(signals),
      ledger_(open_ledger(settings_)),
      live_(open_live_runs(*ledger_, log_)),
      metrics_({.version = version, .revision = revision}, start_.load.started, [this] { return loop_.wall_now(); }),
      log_observer_(log),
      loop_log_(log, loop_),
      ledger_log_(log, *ledger_),
      notifications_(log, ledger_->id()),
      tracing_(log, ledger_->id(), version),
      pool_(async::ThreadPoolOptions("job").threads(static_cast<std::size_t>(settings_.threads))),
      engine_(*ledger_, events_, one_shot_maker([this] { return tracing_.on(); }, secrets_folder(*ledger_)),
              live_.get()),
      stray_reaper_(engine_, events_, ledger_->id()),
      sla_(events_, sla_sources(engine_, *ledger_, desk_, log_)),
      growth_(
          log_, [this] { return desk_.run([this] { return observe::count_resources(loop_); }); },
          [this] { return std::uint64_t{engine_.status().running + engine_.status().queued}; }),
      reloader_(start_.options, start_.load, settings_,
                {.engine = engine_,
                 .pool = pool_,
                 .desk = desk_,
                 .metrics = metrics_,
                 .ledger = *ledger_,
                 .journal = journal_,
                 .notifications = notifications_,
                 .tracing = tracing_}),
      config_watch_(
          {.reloader = reloader_, .pool = desk_, .log = log_, .say = [this](const auto& told) { say(told); }}),
      watches_({.engine = engine_, .pool = desk_, .log = log_}),
      upgrade_(start_.program,
               {.events = events_, .engine = engine_, .ledger = *ledger_, .live = live_.get(), .log = log_}) {
  metrics_.subscribe(events_);
  log_observer_.subscribe(events_);
  loop_log_.subscribe(events_);
  ledger_log_.subscribe(events_);
  sla_.subscribe();
  watches_.subscribe(events_);
  notifications_.apply(plan_of(start_.config));  // what the last daemon left is told before the first generation
  notifications_.subscribe(events_);
  tracing_.apply(start_.config.tracing);
  tracing_.subscribe(events_);
  metrics_.add(observe::loop_collector(loop_));
  metrics_.add(observe::thread_pool_collector({&pool_, &desk_}));
  metrics_.add(observe::ledger_collector(*ledger_));
  metrics_.add(observe::log_collector(log_, journal_));
  metrics_.add(observe::process_collector());
  metrics_.add(growth_.collector());
  metrics_.add(notifications_.collector());
  metrics_.add(tracing_.collector());
  metrics_.add(watches_.collector());
}

async::Task<> Daemon::serve() {
  const async::StallWatchdog watchdog(stall);
  auto body = [this](async::TaskGroup& group) -> async::Task<> {
    co_await serve_in(group);
    group.cancel(async::CancelReason::shutdown);
  };
  co_await async::with_task_group(body);
  control_.reset();
}

async::Task<> Daemon::serve_in(async::TaskGroup& group) {
  engine_.resume(co_await desk_.run(past_reader(*ledger_, live_.get(), start_.handover.upgraded)));
  BELFRY_FAULT_POINT("daemon.resumed");
  ledger_->write(ledger::DaemonMark{.what = ledger::DaemonMark::What::started, .at = start_.load.started});
  group.start(engine_.serve(), as_daemon("engine"));
  while (!engine_.serving()) co_await async::yield();
  group.start(sla_.serve(), as_daemon("sla"));
  say(reloader_.begin(std::move(start_.config), std::move(start_.files)));
  BELFRY_FAULT_POINT("daemon.catalog_applied");
  open_doors(group);
  BELFRY_FAULT_POINT("daemon.ready");
  group.start(take_signals(group), as_daemon("signals"));
  group.start(notifications_.serve(), as_daemon("notifications"));
  group.start(tracing_.serve(), as_daemon("tracing"));
  group.start(stray_reaper_.serve(), as_daemon("reaper"));
  group.start(watch_zones(), as_daemon("zones"));
  group.start(growth_.serve(), as_daemon("growth"));
  group.start(config_watch_.serve(), as_daemon("config"));
  group.start(watches_.serve(), as_daemon("files"));
  group.start(feed_watchdog(notifier_), as_daemon("watchdog"));
  notifier_.ready(status_line());
  co_await desk_.run(&io::give_back_unused_memory);  // what only the start needed
  co_await told_to_end_.wait();
  co_await end_in_order();
}

void Daemon::open_doors(async::TaskGroup& group) {
  if (settings_.metrics) {
    observe::Served served{.sources = metrics_.sources(), .pages = {observe::tasks_page(loop_)}};
    exposer_.emplace(settings_.metrics->text(), std::move(served), start_.handover.metrics);
  }
  const std::string metrics = exposer_ ? settings_.metrics->host + ":" + std::to_string(exposer_->port()) : "";
  control_.emplace(
      ControlParts{
          .loop = loop_,
          .engine = engine_,
          .events = events_,
          .ledger = *ledger_,
          .version = version,
          .config_path = start_.options.config,
          .metrics_address = metrics,
          .started_at = start_.load.started,
          .reload =
              [this, &group](std::function<void(ReloadResult)> answer) {
                group.start(reload_for_client(std::move(answer)), as_daemon("reload"));
              },
          .upgrade =
              [this, &group](std::function<void(std::string)> answer) {
                group.start(upgrade(std::move(answer)), as_daemon("upgrade"));
              },
          .test_channel =
              [this, &group](std::string channel, std::function<void(ChannelTest)> answer) {
                group.start(test_channel(std::move(channel), std::move(answer)), as_daemon("notify test"));
              },
          .metrics = [this] { return metrics_.text(); },
          .breaches = [this] { return sla_.breaches(); },
          .slow_steps = [this](engine::WallTime from, engine::WallTime to) { return slow_steps_.between(from, to); }},
      HttpOptions{.socket = settings_.socket, .inherited = start_.handover.control});
  log_.info("belfryd is ready", {{"version", version},
                                 {"config", start_.options.config.string()},
                                 {"state_dir", settings_.state_dir.string()},
                                 {"socket", settings_.socket.string()},
                                 {"metrics", exposer_ ? "http://" + metrics + "/metrics" : "off"}});
}

/// Returns only if it was not possible.
async::Task<> Daemon::upgrade(std::function<void(std::string)> answer) {
  std::string why_not = "belfryd is shutting down";
  if (!told_to_end_.is_set()) {
    notifier_.reloading();
    co_await async::gather(notifications_.settle(notify_patience), tracing_.settle(trace_patience));
    const Handover sockets{.control = control_->descriptor(), .metrics = exposer_ ? exposer_->descriptor() : -1};
    why_not = co_await upgrade_.carry_out(sockets);
    notifier_.ready(status_line());
  }
  log_.error("belfryd was not upgraded", {{"reason", why_not}});
  answer(std::move(why_not));
}

async::Task<> Daemon::take_signals(async::TaskGroup& group) {
  io::SignalStream signals(signals_);
  std::int64_t told_at = 0;
  for (;;) {
    const int signal = co_await signals.next();
    if (signal == SIGHUP) {
      co_await reload_for_signal();
    } else if (signal == SIGUSR2) {
      group.start(upgrade([](const std::string&) {}), as_daemon("upgrade"));
    } else if (!told_to_end_.is_set()) {
      log_.info("told to end: no job starts any more",
                {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"},
                 {"running", std::to_string(engine_.status().running)},
                 {"shutdown_timeout", time::format_duration(settings_.shutdown_timeout)}});
      told_to_end_.set();
      told_at = loop_.now_ns();
    } else if (Duration(loop_.now_ns() - told_at) > one_request) {
      log_.warning("told to end again: running jobs are ended now");
      notifications_.give_up();
      tracing_.give_up();
      co_await engine_.drain(Duration::zero());
    }
  }
}

async::Task<> Daemon::end_in_order() {
  notifier_.stopping("waiting for running jobs");
  BELFRY_FAULT_POINT("daemon.told_to_end");
  co_await engine_.drain(settings_.shutdown_timeout);
  BELFRY_FAULT_POINT("daemon.drained");
  ledger_->write(ledger::DaemonMark{.what = ledger::DaemonMark::What::stopped, .at = loop_.wall_now()});
  const bool durable = co_await async::move_on_after(ledger_patience, ledger::flush(*ledger_));
  BELFRY_FAULT_POINT("daemon.flushed");
  co_await async::gather(notifications_.finish(notify_patience), tracing_.finish(trace_patience));
  if (durable) {
    engine_.all_is_durable();
    log_.info("belfryd has ended in order");
    co_return;
  }
  const ledger::LedgerStats stats = ledger_->stats();
  throw ledger::LedgerError(std::to_string(stats.queued) +
                            " entries could not be written to the ledger: " + stats.last_error);
}

/// A package manager updates tzdata while we run, a few times a year.
async::Task<> Daemon::watch_zones() {
  for (;;) {
    co_await async::sleep(zone_patience);
    const std::optional<ReloadReport> report = co_await reloader_.refresh_zones();
    if (report) say(*report);
  }
}

async::Task<> Daemon::reload_for_signal() {
  notifier_.reloading();
  const ReloadReport report = co_await reloader_.reload();
  say(report);
  notifier_.ready(status_line());
}

async::Task<> Daemon::reload_for_client(std::function<void(ReloadResult)> answer) {
  const ReloadReport report = co_await reloader_.reload();
  say(report);
  answer(result_of(report));
}

async::Task<> Daemon::test_channel(std::string channel, std::function<void(ChannelTest)> answer) {
  const auto result = co_await notifications_.test(std::move(channel));
  answer(result ? ChannelTest{.delivered = result->ok(), .detail = result->detail}
                : ChannelTest{.known = false, .detail = result.error()});
}

/// Whoever asked for the reload: all are told alike, and the files to watch may be others now.
void Daemon::say(const ReloadReport& report) {
  config_watch_.refresh();
  log_reload(log_, report);
  notifier_.status(status_line());
}

std::string Daemon::status_line() const {
  return std::to_string(engine_.catalog()->jobs.size()) + " jobs, generation " +
         std::to_string(engine_.catalog()->generation);
}

}  // namespace

int run_daemon(Start start) {
  // Everything that touches the environment or the signal mask comes before the first thread.
  const io::BlockedSignals signals({SIGTERM, SIGINT, SIGHUP, SIGUSR2});
  const io::Notifier notifier = io::Notifier::from_environment();
  Settings settings = effective(start.config.settings, start.options);
  io::become_subreaper();
  observe::Log log(log_options(settings));
  async::Loop().close();  // what libuv keeps for the process is there from now on
  const auto before = observe::ProcessInventory::take();
  try {
    {
      Daemon daemon(std::move(start), std::move(settings), log, notifier, signals);
      async::run(daemon.loop(), daemon.serve());
    }
    observe::tell_leftovers(log, before, keeper_name);
    return 0;
  } catch (const std::exception& error) {
    log.error(std::string("belfryd cannot go on: ") + error.what());
    return 1;
  }
}

}  // namespace belfry::daemon
