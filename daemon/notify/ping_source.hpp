// From events to pings, as healthchecks.io takes them: URL/start, URL, URL/fail, each with the id of its run. Pure but
// for what it remembers of runs under way; loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/notify/plan.hpp"
#include "engine/event.hpp"

namespace belfry::daemon {

/// One request to be made.
struct Ping {
  std::string job;  ///< empty: of the daemon itself
  std::string url;
  std::string body;
  time::Duration timeout{};
};

class PingSource {
 public:
  /// `ledger_id`: tells runs of this ledger from those of others that have the same numbers.
  explicit PingSource(std::string ledger_id) : ledger_id_(std::move(ledger_id)) {}

  void apply(std::shared_ptr<const NotifyPlan> plan) { plan_ = std::move(plan); }

  /// The ping that the event calls for, if it does.
  std::optional<Ping> on(const engine::Event& event);

 private:
  std::optional<Ping> on_event(const ledger::RunStarted& run);
  std::optional<Ping> on_event(const ledger::AttemptEnded& attempt);
  std::optional<Ping> on_event(const ledger::RunEnded& run);
  std::optional<Ping> on_event(const engine::RetryPlanned& retry) {
    outputs_.erase(retry.run);
    return std::nullopt;
  }
  template <class Other>
  std::optional<Ping> on_event(const Other&) {
    return std::nullopt;
  }
  const JobPing* ping_of(const std::string& job) const;
  Ping make(const JobPing& ping, const std::string& job, std::string_view suffix, ledger::RunId run,
            std::string body) const;

  std::string ledger_id_;
  std::shared_ptr<const NotifyPlan> plan_ = std::make_shared<NotifyPlan>();
  std::map<ledger::RunId, std::string> outputs_;  // of the last attempt, until its run ends or rests
};

/// `url` with `suffix` behind its path and `rid` among its query: "https://hc/uuid?a=b" ->
/// "https://hc/uuid/start?a=b&rid=..".
std::string ping_url(std::string_view url, std::string_view suffix, std::string_view rid);

}  // namespace belfry::daemon
