// Cron expressions: the parsed fields, and the trigger that they make in a zone.
//
// Follows the Open Cron Pattern Specification 1.4 (5 fields, 6 with seconds first, 7 with a year last; names, ranges,
// lists, steps, L, W, #, +, ?) and crontab(5) for the rule of the two day fields. Immutable values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "time/dst.hpp"
#include "time/parse_error.hpp"
#include "time/trigger.hpp"
#include "time/zone.hpp"

namespace belfry::time {

/// Which fields an expression has, and what it may say beyond the Open Cron Pattern Specification; docs/time.md has the
/// table. All but `quartz` read what `standard` reads, where the number of fields fits.
enum class CronDialect : std::uint8_t {
  standard,   ///< 5 fields: minute hour day month weekday; 6: seconds in front; 7: and a year behind
  vixie,      ///< 5 fields; 6: a year behind; `*/n` in one day field counts as `*`, as in vixie cron and cronie
  cronie,     ///< as vixie, 5 fields only, and `~` for a value that is chosen once: 0~30
  seconds,    ///< 6 fields: seconds in front; 7: and a year behind; nothing else
  year_last,  ///< 5 fields; 6: a year behind; 7: seconds in front too, as in supercronic and cronstable
  quartz,     ///< 6 or 7 fields as in Quartz: `?` in one day field, 1 is Sunday, ranges wrap around
  jenkins,    ///< 5 fields; both day fields must match; @daily and the like choose their time as H does
};

/// "ocps" (for `standard`), "vixie" and so on, in the order of the enum.
std::span<const std::string_view> cron_dialect_names() noexcept;
std::string_view to_string(CronDialect dialect) noexcept;
std::optional<CronDialect> cron_dialect_from(std::string_view name) noexcept;

/// The fields as bit sets: bit n stands for the value n. Filled by parse_cron().
struct CronFields {
  std::uint64_t seconds = 1;
  std::uint64_t minutes = 0;
  std::uint32_t hours = 0;
  std::uint32_t months = 0;                     ///< bits 1 to 12
  std::array<std::uint64_t, 4> years{};         ///< bit n: the year 1970 + n; unused unless has_year
  std::uint32_t days = 0;                       ///< bits 1 to 31
  std::uint32_t days_from_end = 0;              ///< bit n: L-n; bit 0: L
  std::uint32_t nearest_weekdays = 0;           ///< bit n: nW
  std::uint32_t nearest_weekdays_from_end = 0;  ///< bit n: L-nW; bit 0: LW
  std::uint8_t weekdays = 0;                    ///< bits 0 (Sunday) to 6
  std::uint8_t last_weekdays = 0;               ///< bit n: nL, the last such weekday of the month
  std::array<std::uint8_t, 5> nth_weekdays{};   ///< [k - 1] bit n: n#k
  bool any_day = false;                         ///< the day-of-month field is `*` or `?`
  bool any_weekday = false;                     ///< the weekday field is `*` or `?`
  bool day_and_weekday = false;  ///< `+`: both day fields must match (else either, when both are restricted)
  bool has_seconds = false;
  bool has_year = false;
  bool wild = false;  ///< the minute or the hour field starts with `*`

  friend bool operator==(const CronFields&, const CronFields&) = default;
};

/// A set of local times in the form of a cron expression.
class Cron final : public LocalPattern {
 public:
  /// REQUIRES: every field has at least one bit.
  explicit Cron(const CronFields& fields) noexcept : fields_(fields) {}

  std::optional<LocalTime> first_from(LocalTime from) const noexcept override;
  std::optional<LocalTime> last_until(LocalTime until) const noexcept override;
  bool is_wild() const noexcept override { return fields_.wild; }

  /// No date from 1900 to 2199 matches. parse_cron() refuses such expressions.
  bool never_fires() const noexcept;

  /// In plain English without the zone: "at 02:30 on Monday through Friday".
  std::string describe() const;

  /// The canonical text, in CronDialect::standard: parse_cron() of it gives an equal Cron. 5 fields if they suffice.
  std::string normalise() const;

  const CronFields& fields() const noexcept { return fields_; }

  /// The same local times, however they are written.
  bool has_same_fires(const Cron& other) const noexcept;

  /// The same local times, and both or neither follow real time when the clock is changed (see is_wild()).
  friend bool operator==(const Cron& a, const Cron& b) noexcept {
    return a.fields_.wild == b.fields_.wild && a.has_same_fires(b);
  }

 private:
  std::uint32_t days_of_month(std::chrono::year_month which) const noexcept;
  bool matches_day(std::chrono::local_days which) const noexcept;
  std::optional<std::chrono::local_days> first_day_from(std::chrono::local_days from) const noexcept;
  std::optional<std::chrono::local_days> last_day_until(std::chrono::local_days until) const noexcept;
  std::optional<std::chrono::seconds> first_time_from(std::chrono::seconds time_of_day) const noexcept;
  std::optional<std::chrono::seconds> last_time_until(std::chrono::seconds time_of_day) const noexcept;
  bool has_year(std::chrono::year y) const noexcept;
  int year_from(int from) const noexcept;

  CronFields fields_;
};

/// The expression in `text`. `H` (as in Jenkins: H, H(1-5), H/15) stands for a value that depends on `hash_key`,
/// usually the name of the job, and on nothing else; without a key it is refused. Nicknames (@hourly, @daily,
/// @midnight, @weekly, @monthly, @yearly, @annually; any case) are expressions too; @every is not (see parse_schedule).
/// Errors name the field, the place and what it takes; a date that never comes (30 February) is refused.
Parsed<Cron> parse_cron(std::string_view text, CronDialect dialect = CronDialect::standard,
                        std::string_view hash_key = {});

/// A warning about an expression that is right in `dialect` and means something else to other programs: six fields that
/// can be read with the seconds in front or with a year behind. Names both readings in plain English; none if there is
/// one reading only, or if the expression is wrong.
std::optional<ParseError> other_reading(std::string_view text, CronDialect dialect);

/// A cron expression in a zone.
class CronTrigger final : public Trigger {
 public:
  CronTrigger(const Cron& cron, Zone zone, DstPolicy policy = dst_cronie)  // NOLINT(modernize-pass-by-value): no move
      : cron_(cron), zone_(zone), policy_(policy) {}

  std::optional<WallTime> next(WallTime after) const noexcept override;
  std::optional<WallTime> previous(WallTime before) const noexcept override;
  bool never_fires() const noexcept override { return cron_.never_fires(); }
  std::string describe() const override;
  std::string normalise() const override { return cron_.normalise(); }

  const Cron& cron() const noexcept { return cron_; }
  const Zone& zone() const noexcept { return zone_; }

 private:
  Cron cron_;
  Zone zone_;
  DstPolicy policy_;
};

}  // namespace belfry::time
