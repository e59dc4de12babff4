// The control API: HTTP and JSON on a Unix socket, for `belfry` and everything else that wants to know or command.
//
//   GET    /v1/status                      the daemon, its loop and its ledger; answers while the loop is stuck
//   GET    /v1/tasks                       what the loop's tasks are doing; also while it is stuck
//   GET    /v1/jobs?one_shots=1000         all jobs, and so many of the one-shots that wait, the first to become due
//   GET    /v1/jobs/NAME                   one
//   GET    /v1/jobs/NAME/next?n=5          coming slots      POST /v1/jobs/NAME/run         {"wait": true}
//   POST   /v1/jobs/NAME/pause             {"reason": "..", "until": TIME}  POST /v1/jobs/NAME/resume
//   GET    /v1/jobs/NAME/why?at=           what became of a slot, and why
//   GET    /v1/jobs/NAME/slow?limit=&over=SPAN&run=   where the time of its late starts went
//   GET    /v1/catchup?limit=              missed slots that wait for the catch-up budget
//   POST   /v1/jobs/NAME/catchup/run       now           POST /v1/jobs/NAME/catchup/skip
//   POST   /v1/jobs/NAME/cancel            all its runs      POST /v1/runs/ID/cancel        one run
//   POST   /v1/runs/ID/approve, /reject    {"step": "..", "comment": ".."}; /v1/jobs/NAME/approve, /reject likewise
//   GET    /v1/runs?job=&outcome=&since=&limit=              GET  /v1/runs/ID, /v1/runs/ID/output
//   GET    /v1/runs/durations?job=&limit=   how long its last runs took
//   POST   /v1/oneshots                    {"due": "2026-12-31T23:59:00Z", "argv": ["cmd"], ...}
//   DELETE /v1/oneshots/NAME               POST /v1/reload   GET  /metrics
//   POST   /v1/upgrade                     becomes the program that is installed now; no answer, the connection ends
//   POST   /v1/notify/NAME/test            sends a test message by that channel
//   POST   /v1/ledger/backup               {"path": "/var/backups/ledger.db"}
//
// Errors are {"error": {"code", "message"}}, see api_error.hpp. History is read on the API's thread; what is alive is
// asked of the loop over the bridge, and carried out in the name of the user at the other end of the socket.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/loop.hpp"
#include "daemon/compare/config_diff.hpp"
#include "daemon/control/http_server.hpp"
#include "engine/engine.hpp"
#include "engine/event.hpp"
#include "ledger/ledger.hpp"
#include "observe/slow_steps.hpp"

namespace belfry::daemon {

/// What became of a request to read the configuration again.
struct ReloadResult {
  bool applied = false;
  std::string errors;  ///< for a person, when it was not applied; the old configuration stays in force
  std::uint64_t generation = 0;
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;
  std::vector<std::string> needs_restart{};         ///< keys whose new values take effect at the next start only
  std::shared_ptr<const ConfigDiff> differences{};  ///< to the generation before; may be null
};

/// What came of a test message.
struct ChannelTest {
  bool known = true;  ///< whether there is such a channel
  bool delivered = false;
  std::string detail;  ///< for a person
};

/// What the API needs of the daemon; all references must outlive it.
struct ControlParts {
  async::Loop& loop;
  engine::Engine& engine;
  engine::EventStream& events;
  ledger::Ledger& ledger;

  /// Facts shown by /v1/status.
  std::string version;
  std::string config_path;
  std::string metrics_address;  ///< empty: off
  engine::WallTime started_at;

  /// Called on the loop's thread; calls back there when the configuration was read and applied or refused.
  std::function<void(std::function<void(ReloadResult)>)> reload;

  /// Called on the loop's thread: replaces this process by the program that is installed now. Calls back with the
  /// reason when that is not possible; there is nobody to call back when it is done.
  std::function<void(std::function<void(std::string)>)> upgrade{};

  /// Called on the loop's thread: sends a test message by that channel, and calls back there with what came of it.
  std::function<void(std::string channel, std::function<void(ChannelTest)>)> test_channel{};

  /// The page of /metrics. Called on the API's thread.
  std::function<std::string()> metrics;

  /// The checks of `sla` that fail now. Called on the loop's thread.
  std::function<std::vector<engine::SlaBreached>()> breaches;

  /// The steps that held the loop in that span, as far as is known. Any thread.
  std::function<std::vector<observe::SlowStep>(engine::WallTime from, engine::WallTime to)> slow_steps;

  /// How long a client waits for the loop before it is told what the loop is doing. Shorter than the patience of
  /// `belfry status`, which would take the daemon for stopped.
  std::chrono::milliseconds loop_patience{3'000};
};

class ControlApi {
 public:
  /// Listens from now on. Loop thread, or before the loop runs. Throws ListenError.
  ControlApi(ControlParts parts, const HttpOptions& options);
  ControlApi(const ControlApi&) = delete;
  ControlApi& operator=(const ControlApi&) = delete;

  /// Answers what waits with 503. REQUIRES: the loop's thread, or that the loop does not run; no event is published
  /// after.
  ~ControlApi();

  /// Of the socket that listens, for a successor in this process.
  int descriptor() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace belfry::daemon
