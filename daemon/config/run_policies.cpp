#include <array>
#include <utility>

#include "daemon/config/policies.hpp"
#include "daemon/config/settings_reader.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::pair<std::string_view, engine::Overlap>, 3> overlap_words{
    {{"forbid", engine::Overlap::forbid}, {"allow", engine::Overlap::allow}, {"queue", engine::Overlap::queue}}};
constexpr std::array<std::pair<std::string_view, engine::OnMissed>, 2> missed_words{
    {{"skip", engine::OnMissed::skip}, {"run_once", engine::OnMissed::run_once}}};

// A limit that `none` takes away again.
void read_limit(const Value& value, std::optional<time::Duration>& limit) {
  if (value.is_none()) {
    limit.reset();
  } else if (const auto span = value.duration({.allow_zero = false, .minimum = 1ms, .maximum = longest_duration})) {
    limit = *span;
  }
}

void read_retry_codes(const Value& value, engine::RetryPolicy& retry) {
  const auto items = value.list("a list of exit codes from 1 to 255");
  if (!items) return;
  retry.on_exit_codes.clear();
  for (const auto& item : *items) {
    if (const auto code = item.integer(1, 255)) retry.on_exit_codes.push_back(static_cast<int>(*code));
  }
}

void read_delays(const MapReader& map, engine::RetryPolicy& retry) {
  if (const auto value = map.get("delay")) {
    retry.delay = value->duration({.minimum = 0s, .maximum = longest_duration}).value_or(retry.delay);
  }
  if (const auto value = map.get("max_delay")) {
    retry.max_delay = value->duration({.minimum = 0s, .maximum = longest_duration}).value_or(retry.max_delay);
    if (retry.max_delay < retry.delay && map.has("delay")) {
      value->complain({"shorter than delay, which would never be reached", "at least the value of delay"});
    }
  } else if (retry.max_delay < retry.delay) {
    retry.max_delay = retry.delay;
  }
}

void read_retries(const Value& value, engine::RetryPolicy& retry) {
  if (value.node().kind != yaml::Node::Kind::map) {
    if (value.node().kind == yaml::Node::Kind::sequence) {
      value.complain({"this is a list", "a number, or a map such as {limit: 3, delay: 10s}"});
      return;
    }
    retry.limit = static_cast<int>(value.integer(0, 1000).value_or(retry.limit));
    return;
  }
  const MapReader map(value, retries_section);
  retry = engine::RetryPolicy{};
  retry.limit = 3;
  if (const auto limit = map.get("limit"))
    retry.limit = static_cast<int>(limit->integer(0, 1000).value_or(retry.limit));
  read_delays(map, retry);
  if (const auto backoff = map.get("backoff")) retry.backoff = backoff->number(1, 100).value_or(retry.backoff);
  if (const auto jitter = map.get("jitter")) retry.jitter = jitter->number(0, 1).value_or(retry.jitter);
  if (const auto timeout = map.get("on_timeout")) retry.on_timeout = timeout->truth().value_or(retry.on_timeout);
  if (const auto codes = map.get("on_exit_codes")) read_retry_codes(*codes, retry);
}

}  // namespace

void read_run_policies(const MapReader& map, RunPolicies& policies) {
  if (const auto value = map.get("enabled")) policies.enabled = value->truth().value_or(policies.enabled);
  if (const auto value = map.get("timezone")) {
    if (const auto zone = read_zone(*value)) policies.zone = *zone;
  }
  if (const auto value = map.get("timeout")) read_limit(*value, policies.timeout);
  if (const auto value = map.get("retries")) read_retries(*value, policies.retry);
  if (const auto value = map.get("concurrency_policy")) {
    policies.overlap = value->choice<engine::Overlap>(overlap_words).value_or(policies.overlap);
  }
  if (const auto value = map.get("queue_limit")) {
    policies.queue_limit = static_cast<int>(value->integer(1, 1000).value_or(policies.queue_limit));
  }
  if (const auto value = map.get("on_missed")) {
    policies.on_missed = value->choice<engine::OnMissed>(missed_words).value_or(policies.on_missed);
  }
  if (const auto value = map.get("starting_deadline")) read_limit(*value, policies.starting_deadline);
}

}  // namespace belfry::daemon
