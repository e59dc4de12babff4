// One field of a cron expression: its name, its range, and the parser of its lists. Part of cron_parser.cpp.
#pragma once

#include <bitset>
#include <cstddef>
#include <span>
#include <string_view>

#include "time/cron.hpp"
#include "time/parse_error.hpp"

namespace belfry::time::detail {

enum class CronFieldKind : std::uint8_t { second, minute, hour, day, month, weekday, year };

/// A word of the user's text and where it begins there.
struct Word {
  std::string_view text;
  std::size_t offset = 0;
};

/// What the field is called in messages: "day-of-month".
std::string_view name_of(CronFieldKind kind) noexcept;

/// How an expression is read.
struct CronReading {
  CronDialect dialect = CronDialect::standard;
  std::string_view hash_key;  ///< empty: no H
};

/// Reads one field into `fields`: its values, and for the day fields L, W, #, + and whether it is free.
Parsed<void> parse_cron_field(CronFieldKind kind, Word word, const CronReading& reading, CronFields& fields);

/// The whole expression, nicknames included, as parse_cron() reads it, but without a repaired one in the hint.
Parsed<Cron> parse_cron_fields(std::string_view text, const CronReading& reading);

}  // namespace belfry::time::detail
