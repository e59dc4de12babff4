#include "daemon/notify/ping_source.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "daemon/notify/notice.hpp"
#include "jobs/run_ids.hpp"

namespace belfry::daemon {
namespace {

/// One line about the end of a run, and what is wanted of its output.
std::string end_text(const ledger::RunEnded& run, std::string output) {
  std::string text(ledger::to_string(run.outcome));
  if (!run.message.empty()) text += ": " + run.message;
  text += "\n";
  return text + std::move(output);
}

}  // namespace

std::optional<Ping> PingSource::on(const engine::Event& event) {
  return std::visit([this](const auto& happened) { return on_event(happened); }, event);
}

const JobPing* PingSource::ping_of(const std::string& job) const {
  const NotifyPolicies* const policies = plan_->of(job);
  return policies != nullptr && policies->ping ? &*policies->ping : nullptr;
}

std::optional<Ping> PingSource::on_event(const ledger::RunStarted& run) {
  const JobPing* const ping = ping_of(run.job);
  if (ping == nullptr || !ping->on_start) return std::nullopt;
  return make(*ping, run.job, "/start", run.run, "");
}

std::optional<Ping> PingSource::on_event(const ledger::AttemptEnded& attempt) {
  const JobPing* const ping = ping_of(attempt.job);
  if (ping != nullptr && ping->send_output > 0) {
    outputs_.insert_or_assign(attempt.run, end_of_output(attempt, ping->send_output));
  }
  return std::nullopt;
}

std::optional<Ping> PingSource::on_event(const ledger::RunEnded& run) {
  std::string output;
  if (auto kept = outputs_.extract(run.run)) output = std::move(kept.mapped());
  const JobPing* const ping = ping_of(run.job);
  if (ping == nullptr) return std::nullopt;
  const bool success = run.outcome == ledger::Outcome::success;
  if (success ? !ping->on_success : !ping->on_failure) return std::nullopt;
  // Cancelled is neither: it is noted there, and changes nothing.
  const std::string_view suffix = success ? "" : run.outcome == ledger::Outcome::cancelled ? "/log" : "/fail";
  return make(*ping, run.job, suffix, run.run, end_text(run, std::move(output)));
}

Ping PingSource::make(const JobPing& ping, const std::string& job, std::string_view suffix, ledger::RunId run,
                      std::string body) const {
  const std::string url =
      ping.where ? ping.where->fill([&job](std::string_view) { return url_escaped(job); }) : ping.url.text;
  return {.job = job,
          .url = ping_url(url, suffix, jobs::run_uuid(ledger_id_, run)),
          .body = std::move(body),
          .timeout = ping.timeout};
}

std::string ping_url(std::string_view url, std::string_view suffix, std::string_view rid) {
  url = url.substr(0, url.find('#'));
  const auto question = url.find('?');
  std::string path(url.substr(0, question));
  if (!suffix.empty()) {
    while (path.ends_with('/')) path.pop_back();
  }
  path += suffix;
  const std::string query(question == std::string_view::npos ? "" : url.substr(question + 1));
  return path + "?" + query + (query.empty() ? "" : "&") + "rid=" + std::string(rid);
}

}  // namespace belfry::daemon
