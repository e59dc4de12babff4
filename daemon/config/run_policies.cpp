#include <array>
#include <utility>

#include "daemon/config/policies.hpp"
#include "daemon/config/settings_reader.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::pair<std::string_view, engine::Overlap>, 5> overlap_words{
    {{"forbid", engine::Overlap::forbid},
     {"allow", engine::Overlap::allow},
     {"queue", engine::Overlap::queue},
     {"replace", engine::Overlap::replace},
     {"cancel_other", engine::Overlap::cancel_other}}};
constexpr std::array<std::pair<std::string_view, engine::OnMissed>, 3> missed_words{
    {{"skip", engine::OnMissed::skip},
     {"run_once", engine::OnMissed::run_once},
     {"run_all", engine::OnMissed::run_all}}};
constexpr std::array<std::pair<std::string_view, engine::Guarantee>, 2> guarantee_words{
    {{"at_most_once", engine::Guarantee::at_most_once}, {"at_least_once", engine::Guarantee::at_least_once}}};

// A limit that `none` takes away again.
void read_limit(const Value& value, std::optional<time::Duration>& limit) {
  if (value.is_none()) {
    limit.reset();
  } else if (const auto span = value.duration({.allow_zero = false, .minimum = 1ms, .maximum = longest_duration})) {
    limit = *span;
  }
}

void read_number(const MapReader& map, std::string_view key, int minimum, int maximum, int& number) {
  if (const auto value = map.get(key)) number = static_cast<int>(value->integer(minimum, maximum).value_or(number));
}

void read_breaker(const Value& value, std::optional<engine::BreakerPolicy>& policy) {
  if (value.is_none()) {
    policy.reset();
    return;
  }
  if (!value.is_map("a map such as {failures: 5, cooldown: 30m}, or none")) return;
  const MapReader map(value, circuit_breaker_section);
  engine::BreakerPolicy breaker;
  read_number(map, "failures", 1, 10'000, breaker.failures);
  if (const auto ratio = map.get("ratio")) breaker.ratio = ratio->number(0.01, 1);
  const auto read_span = [&map](std::string_view key, time::Duration& span) {
    const auto given = map.get(key);
    if (given) span = given->duration({.minimum = 1s, .maximum = longest_duration}).value_or(span);
  };
  read_span("window", breaker.window);
  read_span("cooldown", breaker.cooldown);
  policy = breaker;
}

void read_admission(const MapReader& map, const RunPolicyContext& context, RunPolicies& policies) {
  read_choice<engine::Overlap>(map, "concurrency_policy", overlap_words, policies.overlap);
  read_number(map, "max_instances", 1, 10'000, policies.max_instances);
  read_number(map, "queue_limit", 1, 1'000, policies.queue_limit);
  if (const auto value = map.get("group")) read_group_use(*value, context.groups, policies.group);
  if (const auto value = map.get("precondition")) read_precondition(*value, context.folder, policies.precondition);
  if (const auto value = map.get("circuit_breaker")) read_breaker(*value, policies.breaker);
  if (const auto value = map.get("only_if_last_succeeded")) {
    policies.only_if_last_succeeded = value->truth().value_or(policies.only_if_last_succeeded);
  }
  if (const auto value = map.get("starting_deadline")) read_limit(*value, policies.starting_deadline);
}

}  // namespace

void read_attempt_policies(const MapReader& map, RunPolicies& policies) {
  if (const auto value = map.get("timeout")) read_limit(*value, policies.timeout);
  if (const auto value = map.get("retries")) read_retries(*value, policies.retry);
}

void read_run_policies(const MapReader& map, const RunPolicyContext& context, RunPolicies& policies) {
  if (const auto value = map.get("enabled")) policies.enabled = value->truth().value_or(policies.enabled);
  if (const auto value = map.get("timezone")) {
    if (const auto zone = read_zone(*value)) policies.zone = *zone;
  }
  read_attempt_policies(map, policies);
  if (const auto value = map.get("sla")) read_sla(*value, policies.sla);
  read_admission(map, context, policies);
  read_choice<engine::Guarantee>(map, "guarantee", guarantee_words, policies.guarantee);
  read_choice<engine::OnMissed>(map, "on_missed", missed_words, policies.on_missed);
  read_number(map, "catchup_limit", 1, 100'000, policies.catchup_limit);
}

}  // namespace belfry::daemon
