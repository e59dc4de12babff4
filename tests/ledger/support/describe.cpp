// Answers of a ledger in words; see ledger_model.hpp.
#include <algorithm>
#include <type_traits>

#include "ledger/support/ledger_model.hpp"

namespace belfry::ledger::test {
namespace {

// "job=a run=7 by=none": one line.
class Line {
 public:
  explicit Line(std::string_view what) : text_(what) {}

  template <class Value>
  Line& with(std::string_view name, const Value& value) {
    text_.append(" ").append(name).append("=").append(word(value));
    return *this;
  }
  std::string text() const { return text_ + "\n"; }

 private:
  static std::string word(const std::string& value) { return "'" + value + "'"; }
  static std::string word(WallTime value) { return std::to_string(value.time_since_epoch().count()); }
  static std::string word(Duration value) { return std::to_string(value.count()); }
  static std::string word(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& each : words) text += word(each);
    return text;
  }
  template <class Value>
  static std::string word(const std::optional<Value>& value) {
    return value ? word(*value) : "none";
  }
  template <class Value>
    requires std::is_arithmetic_v<Value>
  static std::string word(Value value) {
    return std::to_string(value);
  }
  template <class Value>
    requires requires(Value value) { to_string(value); }
  static std::string word(Value value) {
    return std::string(to_string(value));
  }

  std::string text_;
};

std::string line(const SlotClosed& slot) {
  return Line("slot")
      .with("job", slot.job)
      .with("from", slot.scheduled_at)
      .with("to", slot.last_scheduled_at)
      .with("count", slot.count)
      .with("result", slot.result)
      .with("reason", slot.reason)
      .with("run", slot.run)
      .with("closed", slot.closed_at)
      .text();
}

std::string line(const JobTotals& job) {
  Line all("job");
  all.with("name", job.job)
      .with("retries", job.retries)
      .with("slot", job.last_slot)
      .with("start", job.last_start)
      .with("success", job.last_success)
      .with("failure", job.last_failure)
      .with("end", job.last_end)
      .with("outcome", job.last_outcome)
      .with("duration", job.last_duration)
      .with("failures", job.consecutive_failures);
  std::vector<std::string> counts;
  for (const JobTotals::Runs& runs : job.runs) {
    counts.push_back(
        Line("  runs").with("outcome", runs.outcome).with("trigger", runs.trigger).with("count", runs.count).text());
  }
  for (const JobTotals::Slots& slots : job.slots) {
    counts.push_back(
        Line("  slots").with("result", slots.result).with("reason", slots.reason).with("count", slots.count).text());
  }
  std::ranges::sort(counts);
  std::string text = all.text();
  for (const std::string& count : counts) text += count;
  return text;
}

std::string line(const RunStarted& run) {
  return Line("unfinished")
      .with("run", run.run)
      .with("job", run.job)
      .with("trigger", run.trigger)
      .with("slot", run.scheduled_at)
      .with("started", run.started_at)
      .with("generation", run.generation)
      .with("caused_by", run.caused_by)
      .text();
}

struct Happening {
  std::string operator()(const PauseChanged& pause) const {
    return Line(pause.paused ? "paused" : "resumed")
        .with("job", pause.job)
        .with("reason", pause.reason)
        .with("by", pause.by)
        .with("at", pause.at)
        .with("until", pause.until)
        .text();
  }
  std::string operator()(const BreakerChanged& breaker) const {
    return Line(breaker.open ? "open" : "closed")
        .with("job", breaker.job)
        .with("until", breaker.until)
        .with("at", breaker.at)
        .with("why", breaker.why)
        .text();
  }
  std::string operator()(const ClockJumped& jump) const {
    return Line(jump.what == ClockJumped::What::set ? "set" : "suspend")
        .with("at", jump.at)
        .with("step", jump.step)
        .text();
  }
  std::string operator()(const ZonesChanged& zones) const {
    return Line("zones").with("at", zones.at).with("before", zones.before).with("now", zones.now).text();
  }
  std::string operator()(const GenerationApplied& applied) const {
    return Line("generation")
        .with("number", applied.generation)
        .with("at", applied.at)
        .with("fingerprint", applied.fingerprint)
        .with("jobs", applied.jobs)
        .with("added", applied.added)
        .with("changed", applied.changed)
        .with("removed", applied.removed)
        .text();
  }
  std::string operator()(const DaemonMark& mark) const {
    return Line(mark.what == DaemonMark::What::started ? "daemon started" : "daemon stopped")
        .with("at", mark.at)
        .text();
  }
  std::string operator()(const auto& /*other*/) const { return "no happening\n"; }
};

template <class Values>
std::string sorted_lines(const Values& values, auto to_line) {
  std::vector<std::string> lines;
  for (const auto& value : values) lines.push_back(to_line(value));
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& each : lines) text += each;
  return text;
}

}  // namespace

std::string describe(const Resume& resume) {
  std::string text = sorted_lines(resume.jobs, [](const JobTotals& job) { return line(job); });
  text += sorted_lines(resume.paused, Happening{});
  text += sorted_lines(resume.breakers, Happening{});
  text += sorted_lines(resume.declared, [](const JobDeclared& job) {
    return Line("declared").with("job", job.job).with("fingerprint", job.fingerprint).with("at", job.at).text();
  });
  for (const OneShotAdded& shot : resume.one_shots) {
    Line one("one-shot");
    one.with("name", shot.name)
        .with("due", shot.due)
        .with("argv", shot.argv)
        .with("dir", shot.working_dir)
        .with("by", shot.by)
        .with("at", shot.at);
    for (const auto& [key, value] : shot.environment) one.with(key, value);
    text += one.text();
  }
  for (const RunStarted& run : resume.unfinished) text += line(run);
  text += sorted_lines(resume.claims, [](const SlotClaimed& slot) {
    return Line("claim").with("job", slot.job).with("slot", slot.scheduled_at).text();
  });
  if (resume.last_mark) text += Happening{}(*resume.last_mark);
  if (resume.last_zones) text += Happening{}(*resume.last_zones);
  if (resume.last_generation) text += Happening{}(*resume.last_generation);
  return text + Line("last").with("run", resume.last_run).text();
}

std::string describe(const std::vector<RunRow>& runs) {
  std::string text;
  for (const RunRow& run : runs) {
    text += Line("run")
                .with("run", run.run)
                .with("job", run.job)
                .with("trigger", run.trigger)
                .with("slot", run.scheduled_at)
                .with("started", run.started_at)
                .with("ended", run.ended_at)
                .with("outcome", run.outcome)
                .with("exit", run.exit_code)
                .with("signal", run.signal)
                .with("attempts", run.attempts)
                .with("message", run.message)
                .with("caused_by", run.caused_by)
                .text();
  }
  return text;
}

std::string describe(const std::vector<SlotClosed>& slots) {
  return sorted_lines(slots, [](const SlotClosed& slot) { return line(slot); });
}

std::string describe(const std::vector<AttemptEnded>& attempts) {
  std::string text;
  for (const AttemptEnded& attempt : attempts) {
    text += Line("attempt")
                .with("run", attempt.run)
                .with("number", attempt.attempt)
                .with("job", attempt.job)
                .with("started", attempt.started_at)
                .with("ended", attempt.ended_at)
                .with("outcome", attempt.outcome)
                .with("exit", attempt.exit_code)
                .with("message", attempt.message)
                .with("stdout", attempt.standard_output.head)
                .with("stderr", attempt.standard_error.head)
                .text();
  }
  return text;
}

std::string describe(const SlotsAround& slots) {
  const auto shown = [](const std::optional<SlotClosed>& slot) { return slot ? line(*slot) : std::string("none\n"); };
  return "before " + shown(slots.before) + "covering " + shown(slots.covering) + "after " + shown(slots.after);
}

std::string describe(const std::vector<Entry>& happenings) {
  std::string text;
  for (const Entry& entry : happenings) text += std::visit(Happening{}, entry);
  return text;
}

std::string describe(const std::vector<RunSpan>& spans) {
  std::string text;
  for (const RunSpan& span : spans) {
    text += Line("span")
                .with("run", span.run)
                .with("started", span.started_at)
                .with("ended", span.ended_at)
                .with("outcome", span.outcome)
                .text();
  }
  return text;
}

}  // namespace belfry::ledger::test
