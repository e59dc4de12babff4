// Instants as text: what belfry prints everywhere, and what `at:` and the client accept. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "time/parse_error.hpp"
#include "time/wall_time.hpp"
#include "time/zone.hpp"

namespace belfry::time {

/// "2026-11-20 19:08:59 +01:00" (RFC 3339 with a blank); a fraction only when there is one: "19:08:59.5 +01:00".
std::string format_time(WallTime instant, const Zone& zone);

/// "2026-11-20T18:08:59Z" (RFC 3339 in UTC), with a fraction only when there is one.
std::string format_utc(WallTime instant);

/// The instant that `text` names. Accepted:
///   2026-12-31T23:59:00Z  2026-12-31 23:59:00 +01:00  2026-12-31 23:59 Europe/Berlin   an offset or a zone in the text
///   2026-12-31 23:59:00.5  2026-12-31 23:59  2026-12-31                                 local time in `zone`
///   @1798761540                                                                         seconds since 1970 in UTC
/// and, when `now` is given:
///   23:59  23:59:30                 the next time that the clock in `zone` shows this
///   today 23:59  tomorrow 02:00     also without a time: midnight
///   mon 09:00                       on the next Monday at that time
///   now  in 10m  +1h30m             a delay from `now`
/// Years from 1900 to 2199. A local time that the clock skips is refused with the instants before and after; of a
/// repeated one the first is taken.
Parsed<WallTime> parse_time(std::string_view text, const Zone& zone, std::optional<WallTime> now = std::nullopt);

}  // namespace belfry::time
