#include "time/cron_field_rule.hpp"

#include <array>

namespace belfry::time::detail {
namespace {

constexpr std::array<std::string_view, 12> month_names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                       "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> weekday_names{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

}  // namespace

CronFieldRule cron_field_rule(CronFieldKind kind, CronDialect dialect) noexcept {
  switch (kind) {
    case CronFieldKind::second:
      return {"second", 0, 59, 59, {}};
    case CronFieldKind::minute:
      return {"minute", 0, 59, 59, {}};
    case CronFieldKind::hour:
      return {"hour", 0, 23, 23, {}};
    case CronFieldKind::day:
      return {"day-of-month", 1, 31, 31, {}};
    case CronFieldKind::month:
      return {"month", 1, 12, 12, month_names};
    case CronFieldKind::year:
      return {"year", 1970, 2199, 2199, {}};
    case CronFieldKind::weekday:
      break;
  }
  if (dialect == CronDialect::quartz) return {"weekday", 1, 7, 7, weekday_names};
  return {"weekday", 0, 7, 6, weekday_names};
}

std::string_view name_of(CronFieldKind kind) noexcept { return cron_field_rule(kind, CronDialect::standard).name; }

// FNV-1a over the key and the field, well mixed.
std::uint64_t cron_hash(std::string_view key, CronFieldKind kind) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto feed = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3ULL; };
  for (const char c : key) feed(static_cast<unsigned char>(c));
  feed(0);
  feed(static_cast<unsigned char>(kind));
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

}  // namespace belfry::time::detail
