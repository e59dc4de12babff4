#include "daemon/config/trigger_reader.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "daemon/config/narrowing_reader.hpp"
#include "daemon/config/watch_reader.hpp"
#include "time/after.hpp"
#include "time/at.hpp"
#include "time/calendar.hpp"
#include "time/calendar_step.hpp"
#include "time/combination.hpp"
#include "time/every.hpp"
#include "time/instant.hpp"
#include "time/local_trigger.hpp"
#include "time/moved_days.hpp"
#include "time/schedule.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;
using time::TriggerPointer;

constexpr std::array<std::string_view, 6> trigger_keys{"schedule", "all_of", "every", "at", "after", "watch"};
constexpr std::array<std::string_view, 4> narrowing_keys{"from", "nth", "except", "active"};
constexpr std::string_view expression = "a cron expression in quotes, such as \"*/5 * * * *\"";
constexpr std::string_view unmovable = "only times of the day can be moved off holidays, and this has none";

std::string ordinal(unsigned n) {
  const bool teen = n % 100 / 10 == 1;
  const char* const ending = teen ? "th" : n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
  return std::to_string(n) + ending;
}

class TriggerReader {
 public:
  TriggerReader(const MapReader& job, const TriggerContext& context) : job_(&job), context_(&context) {}

  std::optional<TriggerSpec> read() {
    const auto key = the_one_key();
    if (!key) return std::nullopt;
    if (key->empty()) return without_trigger("a job without a trigger");
    if (*key == "watch") return with_watch();
    read_counting();
    const auto value = job_->get(*key);
    if (!value) return std::nullopt;
    auto trigger = read_one(*key, *value);
    note_zone();
    trigger = narrowed(*value, std::move(trigger));
    if (!trigger || !good_) return std::nullopt;
    spec_.trigger = std::move(trigger);
    note_policies();
    return std::move(spec_);
  }

 private:
  /// The key of the trigger; empty: there is none; nothing: there are several.
  std::optional<std::string_view> the_one_key() const {
    std::string_view given;
    for (const auto& entry : job_->map().node().entries) {
      const std::string_view key = entry.key;
      if (std::ranges::find(trigger_keys, key) == trigger_keys.end()) continue;
      if (!given.empty()) {
        job_->complain_at_key(key, {"a job has one trigger, and " + in_quotes(given) + " is given too",
                                    "one of schedule, all_of, every, at, after, watch",
                                    "several expressions are a list: schedule: [\"...\", \"...\"]"});
        return std::nullopt;
      }
      given = key;
    }
    return given;
  }

  std::optional<TriggerSpec> without_trigger(const std::string& what) const {
    for (const auto key : narrowing_keys) {
      job_->complain_at_key(key, {"this has no effect on " + what, "a schedule, or no " + std::string(key)});
    }
    return TriggerSpec{};
  }

  std::optional<TriggerSpec> with_watch() const {
    std::optional<TriggerSpec> spec = without_trigger("a job that waits for files");
    const auto value = job_->get("watch");
    auto watch = value ? read_watch(*value, context_->folder) : std::nullopt;
    if (value && moves()) value->complain({std::string(unmovable), "on_holiday: skip or run"});
    if (!watch) return std::nullopt;
    spec->text = "watch " + watch->paths.front();
    if (watch->paths.size() > 1) spec->text += " and " + std::to_string(watch->paths.size() - 1) + " more";
    spec->details = details_of(*watch);
    if (context_->policies.on_holiday == OnHoliday::skip) {
      for (const std::string& name : context_->policies.holidays) spec->details += "holidays " + name + "\n";
    }
    spec->watch = std::make_shared<const engine::Watch>(*std::move(watch));
    return spec;
  }

  /// from and nth.
  void read_counting() {
    if (const auto value = job_->get("from")) {
      const auto text = value->text("a time such as 2026-01-01 09:00");
      const auto instant = text ? std::optional(time::parse_time(*text, context_->zone)) : std::nullopt;
      if (instant && *instant) anchor_ = **instant;
      if (instant && !*instant) value->complain(instant->error());
      good_ = good_ && instant && *instant;
      note("from", *value);
      if (!job_->has("every") && !job_->has("nth")) {
        job_->complain_at_key("from", {"this has no effect without every or nth", "",
                                       "a job that is due from some time on has active: {from: ...}"});
      }
    }
    if (const auto value = job_->get("nth")) {
      nth_ = static_cast<unsigned>(value->integer(1, 1000).value_or(1));
      note("nth", *value);
      if (!job_->has("schedule")) {
        job_->complain_at_key("nth", {"only a schedule has every nth of its times", "a schedule, or no nth",
                                      "make the interval longer instead"});
      }
    }
  }

  TriggerPointer read_one(std::string_view key, const Value& value) {
    if (key == "schedule") return read_schedule(value);
    if (key == "all_of") return read_all_of(value);
    spec_.text = std::string(key) + " " + value.node().text;
    if (key == "every") return read_every(value);
    if (key == "at") return read_at(value);
    return read_after(value);
  }

  TriggerPointer read_schedule(const Value& value) {
    if (value.node().kind != yaml::Node::Kind::sequence) return read_expression(value);
    auto triggers = read_expressions(value);
    if (triggers.empty()) return nullptr;
    return triggers.size() == 1 ? triggers.front() : std::make_shared<const time::AnyOf>(std::move(triggers));
  }

  TriggerPointer read_all_of(const Value& value) {
    auto triggers = read_expressions(value);
    if (triggers.empty()) return nullptr;
    spec_.text = "all of: " + spec_.text;
    return std::make_shared<const time::AllOf>(std::move(triggers));
  }

  /// The items of a list; nothing when one of them is wrong.
  std::vector<TriggerPointer> read_expressions(const Value& value) {
    std::vector<TriggerPointer> triggers;
    const auto items = value.list("a list of cron or calendar expressions");
    if (!items) return triggers;
    for (const Value& item : *items) triggers.push_back(read_expression(item));
    if (std::ranges::find(triggers, nullptr) != triggers.end()) triggers.clear();
    return triggers;
  }

  TriggerPointer read_expression(const Value& value) {
    const auto text = value.text(expression);
    if (!text) return nullptr;
    auto trigger = time::parse_schedule(*text, {.zone = context_->zone,
                                                .dialect = context_->policies.dialect,
                                                .dst = context_->policies.dst,
                                                .hash_key = context_->job});
    if (!trigger) {
      value.complain(trigger.error());
      return nullptr;
    }
    spec_.text += (spec_.text.empty() ? "" : "; ") + *text;
    spec_.parts.push_back({*text, value.place(), *trigger});
    return shaped(value, *trigger);
  }

  /// The zone in the only text wins over a default, and not over the job's own key. In a list each has its own.
  void note_zone() {
    if (spec_.parts.size() != 1) return;
    const auto* const trigger = dynamic_cast<const time::CalendarTrigger*>(spec_.parts.front().trigger.get());
    if (trigger == nullptr || !trigger->calendar().zone) return;
    spec_.zone = trigger->zone();
    if (trigger->zone().name() == context_->zone.name()) return;
    job_->complain_at_key("timezone", {"the schedule names another time zone: " + in_quotes(trigger->zone().name()),
                                       "one time zone", "delete this key, or the zone in the schedule"});
  }

  bool moves() const {
    const auto on_holiday = context_->policies.on_holiday;
    return context_->days_off && (on_holiday == OnHoliday::before || on_holiday == OnHoliday::after);
  }

  /// Every nth of the times of an expression, off holidays.
  TriggerPointer shaped(const Value& value, TriggerPointer trigger) {
    if (nth_ == 1 && !moves()) return trigger;
    const time::Cron* const cron = pattern_of(*trigger);
    if (cron == nullptr) {
      value.complain({moves() ? std::string(unmovable) : "every nth needs times in whole seconds",
                      "a cron expression, or a calendar expression in whole seconds"});
      return nullptr;
    }
    const auto* const calendar = dynamic_cast<const time::CalendarTrigger*>(trigger.get());
    const time::Zone zone = calendar != nullptr ? calendar->zone() : context_->zone;
    std::shared_ptr<const time::LocalPattern> pattern = std::make_shared<const time::Cron>(*cron);
    std::string description = cron->describe();
    if (nth_ > 1) {
      pattern = std::make_shared<const time::NthPattern>(*cron, nth_, zone.to_local(anchor_));
      description = "every " + ordinal(nth_) + " time " + description;
    }
    return moved(std::move(pattern), zone, std::move(description), trigger->normalise());
  }

  TriggerPointer moved(std::shared_ptr<const time::LocalPattern> pattern, const time::Zone& zone,
                       std::string description, std::string text) const {
    if (moves()) {
      const bool before = context_->policies.on_holiday == OnHoliday::before;
      pattern = std::make_shared<const time::MovedPattern>(std::move(pattern), context_->days_off,
                                                           before ? time::MoveTo::before : time::MoveTo::after);
      description += before ? ", on holidays the day before" : ", on holidays the day after";
    }
    return std::make_shared<const time::LocalTrigger>(std::move(pattern), zone, context_->policies.dst,
                                                      std::move(description), std::move(text));
  }

  TriggerPointer read_every(const Value& value) {
    if (!value.text("a duration such as 15m, or months such as 1 month")) return nullptr;
    const auto months = time::parse_calendar_step(value.node().text);
    if (!months) {
      value.complain(months.error());
      return nullptr;
    }
    if (*months) {
      const time::CalendarStep step(**months, job_->has("from") ? context_->zone.to_local(anchor_) : time::LocalTime{});
      return moved(std::make_shared<const time::CalendarStep>(step), context_->zone, step.describe(), step.describe());
    }
    const auto interval = value.duration({.minimum = 10ms, .maximum = longest_duration});
    if (!interval) return nullptr;
    if (moves()) value.complain({std::string(unmovable), "on_holiday: skip or run"});
    return std::make_shared<const time::EveryTrigger>(*interval, anchor_);
  }

  TriggerPointer read_at(const Value& value) {
    if (!value.text("a time such as 2026-12-31 23:59")) return nullptr;
    const auto instant = time::parse_time(value.node().text, context_->zone);
    if (!instant) {
      value.complain(instant.error());
      return nullptr;
    }
    return std::make_shared<const time::AtTrigger>(moves() ? off_holidays(*instant) : *instant, context_->zone);
  }

  time::WallTime off_holidays(time::WallTime instant) const {
    const auto local = context_->zone.to_local(instant);
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const auto& days_off = *context_->days_off;
    const bool before = context_->policies.on_holiday == OnHoliday::before;
    const auto home = before ? days_off.last_outside(day) : days_off.first_outside(day);
    return home && *home != day ? context_->zone.resolve(*home + (local - day)).before : instant;
  }

  TriggerPointer read_after(const Value& value) const {
    const auto delay = value.duration({.minimum = 0s, .maximum = longest_duration});
    if (!delay) return nullptr;
    if (moves()) value.complain({std::string(unmovable), "on_holiday: skip or run"});
    return std::make_shared<const time::AfterTrigger>(*delay, context_->started);
  }

  /// Without what `except` and `active` leave out. `trigger` may be null: then they are checked only.
  TriggerPointer narrowed(const Value& value, TriggerPointer trigger) {
    const time::Zone zone = spec_.zone.value_or(context_->zone);
    if (const auto except = job_->get("except")) {
      auto exclusions = read_exclusions(*except, context_->policies.dialect);
      good_ = good_ && exclusions;
      if (exclusions && trigger) {
        for (const std::string& text : exclusions->texts) spec_.details += "except " + text + "\n";
        trigger = std::make_shared<const time::ExceptTrigger>(std::move(trigger), std::move(*exclusions), zone);
      }
    }
    if (trigger && !trigger->next(context_->started) && !trigger->previous(context_->started)) {
      value.errors().add(value.place(), value.path(),
                         {job_->has("except") ? "except leaves nothing of this" : "this is never due",
                          "times that come", "see what `belfry next` says about each expression"});
      return nullptr;
    }
    if (const auto active = job_->get("active")) {
      const auto validity = read_validity(*active, zone);
      good_ = good_ && validity;
      if (validity && trigger)
        trigger = std::make_shared<const time::ValidTrigger>(std::move(trigger), *validity, zone);
      if (validity && validity->from) spec_.details += "active.from " + time::format_utc(*validity->from) + "\n";
      if (validity && validity->until) spec_.details += "active.until " + time::format_utc(*validity->until) + "\n";
    }
    return trigger;
  }

  void note(std::string_view key, const Value& value) {
    spec_.details += std::string(key) + " " + value.node().text + "\n";
  }

  void note_policies() {
    const SchedulePolicies& policies = context_->policies;
    if (policies.dialect != time::CronDialect::standard) {
      spec_.details += "cron_dialect " + std::string(time::to_string(policies.dialect)) + "\n";
    }
    if (policies.dst != time::dst_cronie) {
      spec_.details += "dst " + std::to_string(static_cast<int>(policies.dst.gap)) + " " +
                       std::to_string(static_cast<int>(policies.dst.overlap)) + "\n";
    }
    for (const std::string& name : policies.holidays) spec_.details += "holidays " + name + "\n";
    if (!policies.holidays.empty()) {
      spec_.details += "on_holiday " + std::to_string(static_cast<int>(policies.on_holiday)) + "\n";
    }
  }

  const MapReader* job_;
  const TriggerContext* context_;
  time::WallTime anchor_{};
  unsigned nth_ = 1;
  bool good_ = true;
  TriggerSpec spec_;
};

}  // namespace

std::optional<TriggerSpec> read_trigger(const MapReader& job, const TriggerContext& context) {
  return TriggerReader(job, context).read();
}

}  // namespace belfry::daemon
