// One question about time as a line of JSON, and the answer as another: what time-oracle does with each line.
#pragma once

#include <string>
#include <string_view>

namespace belfry::daemon::time_oracle {

/// The answer to `line`, an object without a line feed. Keys of a question, by its `kind`:
///   cron-next     expr, tz, from, dialect, next        {"next": [instants]}, as many as `next` lists, 5 without one
///   cron-invalid  expr, dialect                        {"error": "..."}
///   cron-equal    a, b, dialect                        {"equal": true}
///   cron-hash     expr, from, window_h, name           {"fires": [instants]} in [from, from + window_h)
///   dst           expr, zone, from, until, policy      {"fires": [instants]} in (from, until]; vixie or naive
///   dst-next      expr, tz, from, dialect              {"next": [...], "vixie_next": [...], "naive_next": [...]}
///   calendar      expr, tz, from, next                 {"next": [instants], "normalized": "..."}, by systemd's DST
///   rule duration      text, dialect                        {"ns": N} or {"infinite": true}
/// A dialect of cron: vixie (the default), seconds6, nickname, or a name of time::CronDialect; of durations: go,
/// systemd, iso8601, seconds. Instants are UTC in whole seconds: 2026-03-29T01:00:00Z. Whatever else the line holds:
/// {"error": "..."}. Never throws for any bytes but for lack of memory.
std::string answer(std::string_view line);

}  // namespace belfry::daemon::time_oracle
