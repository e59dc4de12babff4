// Entries to rows; see row_writer.hpp, and schema.cpp for the tables.
#include "ledger/row_writer.hpp"

#include <variant>

namespace belfry::ledger {
namespace {

// Not for a slot that is closed, be it within a span.
constexpr const char* claim_sql =
    "INSERT INTO claims (job_id, scheduled_at, at) SELECT ?1, ?2, ?3 WHERE ifnull((SELECT last_scheduled_at FROM slots "
    "WHERE job_id = ?1 AND scheduled_at <= ?2 ORDER BY scheduled_at DESC LIMIT 1) < ?2, true) ON CONFLICT DO NOTHING";
constexpr const char* unclaim_sql = "DELETE FROM claims WHERE job_id = ?1 AND scheduled_at BETWEEN ?2 AND ?3";

constexpr const char* slot_sql =
    "INSERT INTO slots (job_id, scheduled_at, last_scheduled_at, slots, result, reason, run_id, closed_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";

constexpr const char* run_start_sql =
    "INSERT INTO runs (id, job_id, trigger, scheduled_at, started_at, generation, caused_by, queue_wait, "
    "precondition_wait, ledger_wait) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING";

constexpr const char* skip_numbers_sql =
    "INSERT INTO run_numbers (id, used) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET used = max(used, excluded.used)";

constexpr const char* run_end_sql =
    "UPDATE runs SET ended_at = ?2, outcome = ?3, exit_code = ?4, signal = ?5, attempts = ?6, message = ?7 "
    "WHERE id = ?1 AND outcome IS NULL";

// For a run that ends in the transaction in which it began, or whose start was dropped from a full queue.
constexpr const char* run_whole_sql =
    "INSERT INTO runs (id, job_id, trigger, scheduled_at, started_at, generation, caused_by, queue_wait, "
    "precondition_wait, ledger_wait, ended_at, outcome, exit_code, signal, attempts, message) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) ON CONFLICT DO NOTHING";

constexpr const char* attempt_sql =
    "INSERT INTO attempts (run_id, attempt, started_at, ended_at, outcome, exit_code, signal, message, user_cpu, "
    "system_cpu, max_rss_bytes, orphans, lingering_pipe, launch, read_bytes, written_bytes, memory_peak_bytes) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) ON CONFLICT DO NOTHING";

constexpr const char* output_sql =
    "INSERT INTO outputs (job_id, run_id, attempt, stream, head, tail, total_bytes, dropped_bytes) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

constexpr const char* step_sql =
    "INSERT INTO steps (run_id, attempt, step, item, label, try, started_at, ended_at, outcome, exit_code, signal, "
    "message, outputs) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING";

constexpr const char* declare_sql = "INSERT OR REPLACE INTO declarations (job, fingerprint, at) VALUES (?1, ?2, ?3)";
constexpr const char* undeclare_sql = "DELETE FROM declarations WHERE job = ?1";

constexpr const char* one_shot_sql =
    "INSERT INTO one_shots (name, due, argv, working_dir, environment, by, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
    "ON CONFLICT DO NOTHING";
constexpr const char* one_shot_done_sql = "DELETE FROM one_shots WHERE name = ?1";
constexpr const char* one_shot_job_sql = "UPDATE jobs SET one_shot = 1 WHERE name = ?1";

std::string json_text(std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte >= ' ') {
      out += c;
    } else {
      (out += "\\u00") += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out + '"';
}

std::string json_object(const std::map<std::string, std::string>& texts) {
  std::string out = "{";
  for (const auto& [name, value] : texts) {
    if (out.size() > 1) out += ',';
    out += json_text(name) + ":" + json_text(value);
  }
  return out + "}";
}

std::string numbered(std::string_view what, RunId run) { return std::string(what) + std::to_string(run); }

}  // namespace

RowWriter::RowWriter(sqlite::Connection& connection)
    : connection_(connection),
      jobs_(connection),
      happenings_(connection),
      begin_(connection, "BEGIN IMMEDIATE"),
      commit_(connection, "COMMIT"),
      skip_numbers_(connection, skip_numbers_sql),
      claim_(connection, claim_sql),
      unclaim_(connection, unclaim_sql),
      slot_(connection, slot_sql),
      run_start_(connection, run_start_sql),
      run_end_(connection, run_end_sql),
      run_whole_(connection, run_whole_sql),
      attempt_(connection, attempt_sql),
      output_(connection, output_sql),
      step_(connection, step_sql),
      declare_(connection, declare_sql),
      undeclare_(connection, undeclare_sql),
      one_shot_(connection, one_shot_sql),
      one_shot_done_(connection, one_shot_done_sql),
      one_shot_job_(connection, one_shot_job_sql),
      newest_run_(connection.integer("SELECT ifnull(max(id), 0) FROM runs")) {}

void RowWriter::begin() {
  refused_now_ = 0;
  begun_.clear();
  begin_.run();
}

void RowWriter::write(const Entry& entry) {
  const auto add_row = [this](const auto& value) {
    if constexpr (requires { happenings_.add(value); }) {
      happenings_.add(value);
    } else {
      add(value);
    }
  };
  unless_refused([&] { std::visit(add_row, entry); });
}

template <class Write>
void RowWriter::unless_refused(const Write& write) try {
  write();
} catch (const sqlite::Error& error) {
  // The statement is undone, the transaction goes on: one bad value must not hold up all that come after it.
  if (!error.is_about_values() || !connection_.in_transaction()) throw;
  refuse(error.what());
}

void RowWriter::commit() {
  for (const auto& [number, run] : begun_) {
    unless_refused([this, &run] { begin_run(jobs_.job(run->job), *run); });
  }
  jobs_.write();
  commit_.run();
  jobs_.committed();
  refused_ += refused_now_;
}

void RowWriter::abandon() noexcept {
  connection_.rollback();
  jobs_.rolled_back();
}

void RowWriter::refuse(std::string why) {
  ++refused_now_;
  last_refusal_ = std::move(why);
}

void RowWriter::add(const RunIdsSkipped& numbers) { skip_numbers_.run(numbers.used); }

void RowWriter::add(const SlotClaimed& slot) {
  JobTally::Job& job = jobs_.job(slot.job);
  if (slot.withdrawn) {
    unclaim_.run(job.id, slot.scheduled_at, slot.scheduled_at);
    return;
  }
  job.claims = true;
  claim_.run(job.id, slot.scheduled_at, slot.at);
  if (changed()) return;
  const auto due = std::to_string(slot.scheduled_at.time_since_epoch().count());
  refuse("job " + slot.job + ": the slot at " + due + " ns was claimed or closed before");
}

void RowWriter::add(const SlotClosed& slot) {
  JobTally::Job& job = jobs_.job(slot.job);
  slot_.run(job.id, slot.scheduled_at, slot.last_scheduled_at, slot.count, to_string(slot.result),
            to_string(slot.reason), slot.run, slot.closed_at);
  if (!changed()) {
    const auto due = std::to_string(slot.scheduled_at.time_since_epoch().count());
    return refuse("job " + slot.job + ": the slot at " + due + " ns was closed before");
  }
  if (job.claims) unclaim_.run(job.id, slot.scheduled_at, slot.last_scheduled_at);
  jobs_.slot_closed(job, slot);
}

/// Numbers rise: a run that is newer than all on record has no row yet, which can wait. Most end soon, and one row is
/// written then instead of one that is changed and goes through an index of what is unfinished.
void RowWriter::add(const RunStarted& run) {
  if (begun_.contains(run.run)) return refuse(numbered("a second start of run ", run.run));
  JobTally::Job& job = jobs_.job(run.job);
  if (run.run > newest_run_) {
    newest_run_ = run.run;
    begun_.emplace(run.run, &run);
  } else if (!begin_run(job, run)) {
    return;
  }
  jobs_.run_started(job, run);
}

bool RowWriter::begin_run(const JobTally::Job& job, const RunStarted& run) {
  run_start_.run(run.run, job.id, to_string(run.trigger), run.scheduled_at, run.started_at, run.generation,
                 run.caused_by, run.waits.queue, run.waits.precondition, run.waits.ledger);
  if (!changed()) refuse(numbered("a second start of run ", run.run));
  return changed();
}

void RowWriter::add(const AttemptEnded& attempt) {
  JobTally::Job& job = jobs_.job(attempt.job);
  attempt_.run(attempt.run, attempt.attempt, attempt.started_at, attempt.ended_at, to_string(attempt.outcome),
               attempt.exit_code, attempt.signal, std::string_view{attempt.message}, attempt.usage.user_cpu,
               attempt.usage.system_cpu, attempt.usage.max_rss_bytes, attempt.orphans, attempt.lingering_pipe,
               attempt.launch, attempt.usage.read_bytes, attempt.usage.written_bytes, attempt.usage.memory_peak_bytes);
  if (!changed()) return refuse(numbered("an attempt ended twice, of run ", attempt.run));
  jobs_.attempt_ended(job, attempt);
  add_output(job, attempt, "stdout", attempt.standard_output);
  add_output(job, attempt, "stderr", attempt.standard_error);
}

void RowWriter::add_output(const JobTally::Job& job, const AttemptEnded& attempt, std::string_view stream,
                           const CapturedStream& output) {
  if (output.total_bytes == 0 && output.head.empty()) return;  // most runs print nothing
  output_.run(job.id, attempt.run, attempt.attempt, stream, sqlite::Blob{output.head}, sqlite::Blob{output.tail},
              output.total_bytes, output.dropped_bytes);
  jobs_.output_added(output.head.size() + output.tail.size());
}

void RowWriter::add(const StepEnded& step) {
  const auto outcome = step.outcome ? std::optional(to_string(*step.outcome)) : std::nullopt;
  const std::string outputs = json_object(step.outputs);
  step_.run(step.run, step.attempt, std::string_view{step.step}, step.item, std::string_view{step.label}, step.number,
            step.started_at, step.ended_at, outcome, step.exit_code, step.signal, std::string_view{step.message},
            std::string_view{outputs});
  if (!changed()) refuse(numbered("step " + step.step + " ended twice, of run ", step.run));
}

void RowWriter::add(const RunEnded& run) {
  JobTally::Job& job = jobs_.job(run.job);
  if (const auto begun = begun_.find(run.run); begun != begun_.end()) {
    write_whole(job, run, begun->second);
    begun_.erase(begun);
  } else {
    run_end_.run(run.run, run.ended_at, to_string(run.outcome), run.exit_code, run.signal, run.attempts,
                 std::string_view{run.message});
    if (!changed()) write_whole(job, run, nullptr);
  }
  if (!changed()) return refuse(numbered("a second end of run ", run.run));
  jobs_.run_ended(job, run);
}

void RowWriter::write_whole(const JobTally::Job& job, const RunEnded& end, const RunStarted* start) {
  const auto wait = [start](Duration StartWaits::* which) {
    return start != nullptr ? std::optional(start->waits.*which) : std::nullopt;
  };
  run_whole_.run(end.run, job.id, to_string(start != nullptr ? start->trigger : end.trigger),
                 start != nullptr ? start->scheduled_at : end.scheduled_at,
                 start != nullptr ? start->started_at : end.started_at, start != nullptr ? start->generation : 0,
                 start != nullptr ? start->caused_by : std::nullopt, wait(&StartWaits::queue),
                 wait(&StartWaits::precondition), wait(&StartWaits::ledger), end.ended_at, to_string(end.outcome),
                 end.exit_code, end.signal, end.attempts, std::string_view{end.message});
}

void RowWriter::add(const JobDeclared& job) {
  if (job.fingerprint.empty()) {
    undeclare_.run(std::string_view{job.job});
  } else {
    declare_.run(std::string_view{job.job}, std::string_view{job.fingerprint}, job.at);
  }
}

void RowWriter::add(const OneShotAdded& shot) {
  std::vector<std::string> variables;
  variables.reserve(shot.environment.size());
  for (const auto& [key, value] : shot.environment) variables.push_back(key + "=" + value);
  const std::string argv = join_words(shot.argv);
  const std::string environment = join_words(variables);
  one_shot_.run(std::string_view{shot.name}, shot.due, sqlite::Blob{argv}, std::string_view{shot.working_dir},
                sqlite::Blob{environment}, std::string_view{shot.by}, shot.at);
  if (!changed()) refuse("a second one-shot named " + shot.name);
}

void RowWriter::add(const OneShotRemoved& shot) {
  one_shot_done_.run(std::string_view{shot.name});
  one_shot_job_.run(std::string_view{shot.name});
}

std::string join_words(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined.append(word).push_back('\0');
  return joined;
}

std::vector<std::string> split_words(std::string_view joined) {
  std::vector<std::string> words;
  while (!joined.empty()) {
    const std::size_t end = joined.find('\0');
    words.emplace_back(joined.substr(0, end));
    joined.remove_prefix(end == std::string_view::npos ? joined.size() : end + 1);
  }
  return words;
}

}  // namespace belfry::ledger
