// What each field of a cron expression takes, and the value that H and ~ choose. Part of cron_field.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "time/cron_field.hpp"

namespace belfry::time::detail {

/// What a field takes. A name stands for its place in `names` plus the least value.
struct CronFieldRule {
  std::string_view name;
  unsigned least;
  unsigned most;
  unsigned most_of_star;  ///< where `*` and `n/step` end: a weekday may be 7, but Sunday is not counted twice
  std::span<const std::string_view> names;
};

CronFieldRule cron_field_rule(CronFieldKind kind, CronDialect dialect) noexcept;

/// A number that depends on the key and the field only: the same on every machine and in every version.
std::uint64_t cron_hash(std::string_view key, CronFieldKind kind) noexcept;

}  // namespace belfry::time::detail
