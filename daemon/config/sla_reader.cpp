#include <charconv>
#include <string>

#include "daemon/config/policies.hpp"
#include "time/duration.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;

constexpr time::DurationOptions limits{.allow_zero = false, .minimum = 1ms, .maximum = longest_duration};
constexpr time::DurationOptions start_spans{.allow_zero = false, .minimum = 1s, .maximum = 24h * 365};
constexpr std::string_view starts_expected = "COUNT/DURATION such as 10/1h, or none";
constexpr std::string_view share_expected = "a percentage from 1% to 10000% such as 50%, or none";

void read_limit(const MapReader& map, std::string_view key, std::optional<time::Duration>& limit) {
  const auto value = map.get(key);
  if (!value) return;
  if (value->is_none()) {
    limit.reset();
  } else if (const auto span = value->duration(limits)) {
    limit = *span;
  }
}

// "10/1h"
void read_too_often(const Value& value, std::optional<engine::StartLimit>& limit) {
  if (value.is_none()) return limit.reset();
  const auto text = value.text(starts_expected);
  if (!text) return;
  const auto slash = text->find('/');
  engine::StartLimit starts;
  const char* const end = text->data() + std::min(slash, text->size());
  const auto [stop, error] = std::from_chars(text->data(), end, starts.count);
  if (slash == std::string::npos || stop != end || error == std::errc::invalid_argument) {
    return value.complain({"not a number of starts in a time", std::string(starts_expected)});
  }
  if (error != std::errc{} || starts.count < 1 || starts.count > 1'000) {
    return value.complain({"the count is out of range", "a whole number from 1 to 1000"});
  }
  auto within = time::parse_duration(text->substr(slash + 1), start_spans);
  if (!within) {
    within.error().offset += slash + 1;
    return value.complain(within.error());
  }
  starts.within = *within;
  limit = starts;
}

// "50%"
void read_regression(const Value& value, std::optional<double>& share) {
  if (value.is_none()) return share.reset();
  const auto text = value.text(share_expected);
  if (!text) return;
  double percent = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, percent, std::chars_format::fixed);
  if (error == std::errc{} && stop == end) {
    return value.complain({"the percent sign is missing", std::string(share_expected), "write " + *text + "%"});
  }
  if (error != std::errc{} || std::string_view(stop, end) != "%") {
    return value.complain({"not a percentage", std::string(share_expected)});
  }
  const bool in_range = percent >= 1 && percent <= 10'000;  // "nan%" is not
  if (!in_range) {
    return value.complain({"the percentage is out of range", std::string(share_expected)});
  }
  share = percent / 100;
}

}  // namespace

void read_sla(const Value& value, engine::SlaPolicy& sla) {
  if (value.is_none()) {
    sla = {};
    return;
  }
  if (!value.is_map("a map such as {max_time_since_success: 26h, late_after: 5m}, or none")) return;
  const MapReader map(value, sla_section);
  read_limit(map, "max_time_since_success", sla.max_time_since_success);
  read_limit(map, "late_after", sla.late_after);
  read_limit(map, "max_runtime", sla.max_runtime);
  if (const auto starts = map.get("too_often")) read_too_often(*starts, sla.too_often);
  if (const auto share = map.get("duration_regression")) read_regression(*share, sla.duration_regression);
}

}  // namespace belfry::daemon
