// Spans of time as people write them, and back. Pure functions; any thread; no exceptions on any input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "time/parse_error.hpp"
#include "time/wall_time.hpp"

namespace belfry::time {

/// Which way of writing is accepted.
enum class DurationDialect : std::uint8_t {
  any,      ///< all of the below, told apart by their form; a bare number is seconds
  go,       ///< Go's time.ParseDuration: "1h30m", "1.5s", "-2ms"; the unit is needed, except for "0"
  systemd,  ///< systemd.time(7): "1h 30min", "2 days", "90" (seconds); case matters: m is minutes, M months
  iso8601,  ///< "PT1H30M", "P1DT12H", "P2W"; a day is 24 hours; years and months are refused, they have no fixed length
  seconds,  ///< digits with an optional fraction, nothing else: "90", "0.5"
};

/// What a key of the configuration accepts. Every limit that is broken is named in the error.
struct DurationOptions {
  DurationDialect dialect = DurationDialect::any;
  bool allow_negative = false;
  bool allow_zero = true;
  Duration minimum = Duration::min();
  Duration maximum = Duration::max();
};

/// A span beyond what Duration holds: as long as each dialect allows (Go 292 years, systemd 292,271, ISO and plain
/// seconds 292 billion). `nanoseconds` has the sign of `seconds`.
struct Span {
  bool infinite = false;  ///< systemd's "infinity"; the rest is then 0
  std::int64_t seconds = 0;
  std::int32_t nanoseconds = 0;

  friend bool operator==(const Span&, const Span&) = default;
};

/// The span that `text` names, to the last digit as the tool computes it that the dialect comes from: Go's float64
/// fractions, systemd's microseconds that are cut digit by digit. Negative where the dialect has a sign.
Parsed<Span> parse_span(std::string_view text, DurationDialect dialect);

/// The span that `text` names, exact to the nanosecond (smaller digits are cut), at most about 292 years.
/// Errors: an unknown unit (named, with the nearest known one), a missing unit or number, a span out of range.
Parsed<Duration> parse_duration(std::string_view text, const DurationOptions& options = {});

/// The shortest exact text that parse_duration reads back, in hours and below: "1h30m", "90s" is "1m30s", "1.5s", "0s".
std::string format_duration(Duration value);

/// In words: "1 hour 30 minutes", "10 seconds", "2 days".
std::string describe_duration(Duration value);

}  // namespace belfry::time
