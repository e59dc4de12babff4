#include "daemon/notify/notice.hpp"

#include <algorithm>
#include <cstring>

#include "daemon/config/message_template.hpp"
#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

std::string count_text(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

/// How the run ended: "exit code 3", "SIGKILL", "timeout", and what the run says about it.
std::string end_text(const Notice& notice) {
  if (!notice.message.empty()) return notice.message;
  if (notice.exit_code) return "exit code " + std::to_string(*notice.exit_code);
  if (notice.signal) {
    const char* const name = ::sigabbrev_np(*notice.signal);
    return name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(*notice.signal);
  }
  return notice.outcome;
}

std::optional<ledger::Duration> duration_of(const Notice& notice) {
  if (!notice.started_at || !notice.ended_at) return std::nullopt;
  return *notice.ended_at - *notice.started_at;
}

std::string seconds_text(ledger::Duration span) {
  const auto milliseconds =
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(span).count(), 0);
  const std::string fraction = std::to_string(1000 + milliseconds % 1000).substr(1);
  return std::to_string(milliseconds / 1000) + "." + fraction;
}

std::string time_text(const std::optional<ledger::WallTime>& at) { return at ? time::format_utc(*at) : ""; }

template <class T>
std::string number_text(const std::optional<T>& number) {
  return number ? std::to_string(*number) : "";
}

std::string unless_zero(std::uint64_t number) { return number == 0 ? "" : std::to_string(number); }

/// The names whose facts are numbers, which JSON writes without quotes.
bool is_number(std::string_view name) {
  return name == "run" || name == "exit_code" || name == "signal" || name == "attempts" || name == "failures" ||
         name == "duration" || name == "slots" || name == "repeated";
}

std::string tail_of(const ledger::CapturedStream& stream, std::size_t budget) {
  const std::string& last = stream.tail.empty() ? stream.head : stream.tail;
  std::string text = stream.dropped_bytes == 0 && !stream.tail.empty() ? stream.head + stream.tail : last;
  if (text.size() > budget) {
    std::size_t begin = text.size() - budget;
    while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) ++begin;
    text.erase(0, begin);
  }
  return text;
}

std::string headline(const Notice& notice) {
  const std::string where = notice.host.empty() ? "" : " on " + notice.host;
  if (notice.event == "test") return "This is a test of the channel by belfryd" + where;
  if (notice.event == "success") return notice.job + " succeeded" + where;
  if (notice.event == "recovery") {
    return notice.job + " succeeded again" + where + " after " + count_text(notice.failures, "failure", "failures");
  }
  if (notice.event == "missed") {
    return notice.job + " missed " + count_text(notice.slots, "slot", "slots") + where + ": " + notice.reason;
  }
  if (notice.event == "late") return notice.job + " breaches its sla" + where + ": " + notice.message;
  if (notice.event == "approval") {
    return notice.job + " waits for an approval of step " + notice.reason + where + ": " + notice.message +
           " (belfry approve " + number_text(notice.run) + " " + notice.reason + ")";
  }
  std::string text =
      notice.job + (notice.event == "give_up" ? " failed for good" : " failed") + where + ": " + end_text(notice);
  if (notice.event == "give_up")
    text += ", after " + count_text(static_cast<std::uint64_t>(notice.attempts), "try", "tries");
  if (notice.failures > 1) text += " (" + std::to_string(notice.failures) + " failures in a row)";
  return text;
}

}  // namespace

std::string likeness(const Notice& notice) {
  if (notice.event == "late") return notice.event + ":" + notice.reason;
  if (notice.event == "approval") return notice.event + ":" + number_text(notice.run) + ":" + notice.reason;
  return notice.event;
}

std::string summary(const Notice& notice) {
  std::string text = headline(notice);
  if (notice.repeated > 0) text += "; " + std::to_string(notice.repeated) + " more like it were not told";
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return text;
}

std::string fact(const Notice& notice, std::string_view name) {
  if (name == "event") return notice.event;
  if (name == "summary") return summary(notice);
  if (name == "job") return notice.job;
  if (name == "host") return notice.host;
  if (name == "run") return number_text(notice.run);
  if (name == "outcome") return notice.outcome;
  if (name == "exit_code") return number_text(notice.exit_code);
  if (name == "signal") return number_text(notice.signal);
  if (name == "message") return notice.message;
  if (name == "trigger") return notice.trigger;
  if (name == "attempts") return unless_zero(static_cast<std::uint64_t>(notice.attempts));
  if (name == "failures") return unless_zero(notice.failures);
  if (name == "scheduled_at") return time_text(notice.scheduled_at);
  if (name == "started_at") return time_text(notice.started_at);
  if (name == "ended_at") return time_text(notice.ended_at);
  if (name == "duration") return duration_of(notice) ? seconds_text(*duration_of(notice)) : "";
  if (name == "reason") return notice.reason;
  if (name == "slots") return unless_zero(notice.slots);
  if (name == "repeated") return unless_zero(notice.repeated);
  if (name == "output") return notice.output;
  if (name == "json") return to_json(notice);
  return {};
}

std::string to_json(const Notice& notice) {
  std::string out = "{\"at\": " + json_string(time::format_utc(notice.at));
  for (const std::string_view name : message_names()) {
    if (name == "json") continue;
    const std::string value = fact(notice, name);
    if (value.empty()) continue;
    out += ", " + json_string(name) + ": " + (is_number(name) ? value : json_string(value));
  }
  return out + "}";
}

std::map<std::string, std::string> to_environment(const Notice& notice) {
  std::map<std::string, std::string> variables;
  for (const std::string_view name : message_names()) {
    if (name == "json" || name == "output" || name == "run") continue;
    std::string key = "BELFRY_" + std::string(name);
    std::ranges::transform(key, key.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    std::string value = fact(notice, name);
    value.erase(std::ranges::remove(value, '\0').begin(), value.end());
    if (!value.empty()) variables.emplace(std::move(key), std::move(value));
  }
  return variables;
}

std::string end_of_output(const ledger::AttemptEnded& attempt, std::uint64_t budget) {
  const std::string error = tail_of(attempt.standard_error, budget);
  return tail_of(attempt.standard_output, budget - error.size()) + error;
}

}  // namespace belfry::daemon
