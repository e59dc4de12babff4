#include <algorithm>
#include <array>
#include <utility>

#include "daemon/config/policies.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;
using ledger::Outcome;

constexpr std::array<std::pair<std::string_view, Outcome>, 4> kind_words{{{"failure", Outcome::failure},
                                                                          {"timeout", Outcome::timeout},
                                                                          {"killed", Outcome::killed},
                                                                          {"start_error", Outcome::start_error}}};

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

void read_retry_kinds(const Value& value, engine::RetryPolicy& retry) {
  const auto items = value.list("a list of failure, timeout, killed and start_error");
  if (!items) return;
  retry.on.clear();
  for (const auto& item : *items) {
    if (const auto kind = item.choice<Outcome>(kind_words)) retry.on.push_back(*kind);
  }
}

bool lists(const engine::RetryPolicy& retry, Outcome kind) {
  return std::ranges::find(retry.on, kind) != retry.on.end();
}

void check_retries(const MapReader& map, const engine::RetryPolicy& retry) {
  if (retry.on.empty()) return;
  if (map.has("on_exit_codes") && !lists(retry, Outcome::failure)) {
    map.complain_at_key("on_exit_codes",
                        {"this has no effect: failure is not among the kinds of on", "failure in the list of on"});
  }
  if (map.has("on_timeout") && retry.on_timeout != lists(retry, Outcome::timeout)) {
    map.complain_at_key("on_timeout", {"on says otherwise", "the same in both", "delete this key: on is enough"});
  }
}

}  // namespace

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
  if (const auto kinds = map.get("on")) read_retry_kinds(*kinds, retry);
  check_retries(map, retry);
}

}  // namespace belfry::daemon
