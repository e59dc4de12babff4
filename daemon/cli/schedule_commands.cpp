// next, explain.

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/cli/schedule_subject.hpp"
#include "daemon/config/clock_change.hpp"
#include "daemon/config/narrowing_reader.hpp"
#include "time/instant.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

/// A slot on a line: local time with its offset, UTC, how far off it is, and how it lies beside a change of the clock.
std::string line_of(const Session& session, time::WallTime slot, const time::Zone& zone) {
  const std::string line = time::format_time(slot, zone) + "  " + time::format_utc(slot) + "  " +
                           session.style.paint(relative(slot, session.now), Colour::dim);
  const std::string mark = mark_of(slot, zone);
  return line + (mark.empty() ? "" : "  " + session.style.paint(mark, Colour::yellow)) + "\n";
}

json instant_view(time::WallTime slot, const time::Zone& zone) {
  const std::string mark = mark_of(slot, zone);
  return {{"utc", time::format_utc(slot)},
          {"local", time::format_time(slot, zone)},
          {"offset_seconds", zone.at(slot).offset.count()},
          {"mark", mark.empty() ? json(nullptr) : json(mark)}};
}

/// "slots" for those who want instants only, "instants" with all that is known of each.
void add_slots(json& document, const std::vector<time::WallTime>& slots, const time::Zone& zone) {
  document["slots"] = json::array();
  document["instants"] = json::array();
  for (const time::WallTime slot : slots) {
    document["slots"].push_back(time::format_utc(slot));
    document["instants"].push_back(instant_view(slot, zone));
  }
}

/// The next slot of every job, the earliest first.
int next_of_all(Session& session) {
  const json document = session.client.get("/v1/jobs");
  std::vector<std::pair<time::WallTime, std::string>> slots;
  for (const json& job : document.at("jobs")) {
    if (const auto next = instant_of(job, "next")) slots.emplace_back(*next, text_of(job, "name"));
  }
  std::ranges::sort(slots);
  if (session.json) {
    json all = json::array();
    for (const auto& [at, job] : slots) all.push_back({{"job", job}, {"next", time::format_utc(at)}});
    print_json({{"slots", std::move(all)}});
    return kOk;
  }
  Table table({"NEXT", "", "JOB"});
  for (const auto& [at, job] : slots) {
    table.add({shown(session, at), Table::Cell{relative(at, session.now), Colour::dim}, job});
  }
  print(slots.empty() ? "No slot is to come.\n" : table.text(session.style));
  return kOk;
}

/// What both commands begin with: of a job of the daemon, its own words.
json head_of(Session& session, const ScheduleSubject& subject, int count) {
  if (subject.of_daemon) {
    json document = document_of(session, subject, count);
    document.erase("slots");
    return document;
  }
  json description = nullptr;
  if (subject.trigger) description = subject.trigger->describe();
  if (subject.watch) description = engine::describe(*subject.watch);
  json document{{"schedule", subject.text},
                {"timezone", subject.zone.name()},
                {"description", std::move(description)},
                {"by_files", subject.watch != nullptr},
                {"normalised", subject.trigger ? json(subject.trigger->normalise()) : json(nullptr)},
                {"enabled", subject.enabled}};
  if (!subject.job.empty()) document["job"] = subject.job;
  return document;
}

/// The zone to show slots in: the one asked for, else that of the job or expression.
time::Zone shown_zone(const Session& session, const ScheduleSubject& subject, const json& head,
                      const NextOptions& options) {
  if (!options.timezone.empty() && subject.job.empty()) return subject.zone;
  const std::string name = options.timezone.empty() ? text_of(head, "timezone") : options.timezone;
  const auto zone = time::Zone::load(name);
  if (!zone && !options.timezone.empty()) throw CommandError(kUsage, "--tz: " + to_string(zone.error()));
  return zone.value_or(session.zone);
}

std::string headline(const Session& session, const json& head) {
  const std::string description = text_of(head, "description");
  return description.empty() ? "" : session.style.paint(printable(description), Colour::bold) + "\n";
}

int next_around_changes(Session& session, const ScheduleSubject& subject, const NextOptions& options) {
  json document = head_of(session, subject, options.count);
  const time::Zone zone = shown_zone(session, subject, document, options);
  std::string text = headline(session, document);
  document["changes"] = json::array();
  auto change = zone.next_transition(session.now);
  if (!change) text += "The clock of " + zone.name() + " is not changed any more.\n";
  for (int i = 0; i < 2 && change; ++i, change = zone.next_transition(change->at)) {
    const bool forward = change->offset_after > change->offset_before;
    const time::WallTime before = change->at - std::chrono::seconds{1};
    text += "\n" + time::format_time(before, zone) + ": a second later the clock is set " +
            (forward ? "forward" : "back") + " to " + time::format_time(change->at, zone).substr(11) + "\n";
    json view{{"at", time::format_utc(change->at)},
              {"offset_before_seconds", change->offset_before.count()},
              {"offset_after_seconds", change->offset_after.count()}};
    const auto slots = slots_of(session, subject, options.count, change->at);
    for (const time::WallTime slot : slots) text += "  " + line_of(session, slot, zone);
    if (slots.empty()) text += "  no slot\n";
    add_slots(view, slots, zone);
    document["changes"].push_back(std::move(view));
  }
  if (session.json) {
    print_json(document);
  } else {
    print(text);
  }
  return kOk;
}

/// What to beware of.
std::vector<std::string> notes_of(const Session& session, const ScheduleSubject& subject) {
  std::vector<std::string> notes;
  if (!subject.plain) return notes;
  if (const auto other = time::other_reading(subject.text, subject.dialect)) notes.push_back(to_string(*other));
  const time::Cron* const pattern = pattern_of(*subject.plain);
  if (pattern == nullptr) return notes;
  const auto& fields = pattern->fields();
  const bool is_cron = dynamic_cast<const time::CronTrigger*>(subject.plain.get()) != nullptr;
  if (is_cron && !fields.any_day && !fields.any_weekday && !fields.day_and_weekday) {
    notes.emplace_back("both day fields are restricted: either may match; a + before the weekday asks for both");
  }
  const auto changes = clock_changes(*pattern, *subject.trigger, subject.zone, session.now);
  if (is_cron && pattern->is_wild() && !changes.empty()) {
    notes.emplace_back("the minute or the hour is *, so it follows real time when the clock is changed");
  }
  for (const ClockChange& change : changes) notes.push_back(change.text);
  return notes;
}

std::string row_if_any(const char* name, const std::string& value) {
  if (value.empty()) return {};
  std::string line = name;
  line.resize(12, ' ');
  return line + printable(value) + "\n";
}

}  // namespace

int next(Session& session, const NextOptions& options) {
  if (options.subject.empty()) return next_of_all(session);
  const ScheduleSubject subject = find_subject(session, options);
  if (options.around_changes) return next_around_changes(session, subject, options);
  json document = head_of(session, subject, options.count);
  const time::Zone zone = shown_zone(session, subject, document, options);
  const auto slots = slots_of(session, subject, options.count);
  if (session.json) {
    add_slots(document, slots, zone);
    print_json(document);
    return kOk;
  }
  std::string text = headline(session, document);
  if (slots.empty()) {
    text += !document.value("enabled", true)    ? "It is disabled.\n"
            : document.value("by_files", false) ? "No time makes it due: it starts when its files come.\n"
            : subject.job.empty()               ? "It never fires.\n"
                                                : "No slot is to come: it runs by hand, or never again.\n";
  }
  for (const time::WallTime slot : slots) text += line_of(session, slot, zone);
  print(text);
  return kOk;
}

int explain(Session& session, const NextOptions& options) {
  const ScheduleSubject subject = find_subject(session, options);
  json document = head_of(session, subject, options.count);
  const time::Zone zone = shown_zone(session, subject, document, options);
  const auto slots = slots_of(session, subject, options.count);
  const std::vector<std::string> notes = notes_of(session, subject);
  const bool is_cron = subject.plain && dynamic_cast<const time::CronTrigger*>(subject.plain.get()) != nullptr;
  const json dialect = is_cron ? json(time::to_string(subject.dialect)) : json(nullptr);
  document["dialect"] = dialect;
  const bool by_files = document.value("by_files", false);
  document["never_fires"] = slots.empty() && !by_files && (!subject.trigger || subject.trigger->never_fires());
  document["notes"] = notes;
  if (session.json) {
    add_slots(document, slots, zone);
    print_json(document);
    return kOk;
  }
  std::string text =
      row_if_any("schedule", text_of(document, "schedule")) + row_if_any("means", text_of(document, "description")) +
      row_if_any("normalised", text_of(document, "normalised")) + row_if_any("dialect", text_of(document, "dialect")) +
      row_if_any("time zone", text_of(document, "timezone"));
  for (const std::string& note : notes) text += row_if_any("beware", note);
  if (slots.empty()) {
    text += row_if_any("next", by_files                              ? "when its files come"
                               : document["never_fires"].get<bool>() ? "never"
                                                                     : "not again");
  }
  for (const time::WallTime slot : slots) {
    text += (slot == slots.front() ? "next        " : "            ") + line_of(session, slot, zone);
  }
  print(text);
  return kOk;
}

}  // namespace belfry::daemon::cli
