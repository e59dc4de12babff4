// Happenings to rows; see happening_rows.hpp, and schema.cpp for the tables.
#include "ledger/happening_rows.hpp"

namespace belfry::ledger {
namespace {

constexpr const char* pause_sql =
    "INSERT OR REPLACE INTO pauses (job, reason, by, at, until) VALUES (?1, ?2, ?3, ?4, ?5)";
constexpr const char* unpause_sql = "DELETE FROM pauses WHERE job = ?1";
constexpr const char* log_pause_sql = "INSERT INTO pause_log (job, reason, by, at, until) VALUES (?1, ?2, ?3, ?4, ?5)";
constexpr const char* log_unpause_sql =
    "UPDATE pause_log SET ended_at = ?2, ended_by = ?3, end_reason = ?4 WHERE job = ?1 AND ended_at IS NULL";

constexpr const char* open_sql = "INSERT OR REPLACE INTO breakers (job, until, at, why) VALUES (?1, ?2, ?3, ?4)";
constexpr const char* close_sql = "DELETE FROM breakers WHERE job = ?1";
constexpr const char* log_breaker_sql =
    "INSERT INTO breaker_log (job, open, until, at, why) VALUES (?1, ?2, ?3, ?4, ?5)";

constexpr const char* jump_sql = "INSERT INTO clock_jumps (at, step, what) VALUES (?1, ?2, ?3)";
constexpr const char* zone_change_sql = "INSERT INTO zone_changes (at, before, now) VALUES (?1, ?2, ?3)";
constexpr const char* generation_sql =
    "INSERT INTO generations (generation, at, fingerprint, jobs, added, changed, removed) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
constexpr const char* mark_sql = "INSERT INTO daemon_marks (at, what) VALUES (?1, ?2)";

}  // namespace

HappeningRows::HappeningRows(sqlite::Connection& connection)
    : pause_(connection, pause_sql),
      unpause_(connection, unpause_sql),
      log_pause_(connection, log_pause_sql),
      log_unpause_(connection, log_unpause_sql),
      open_(connection, open_sql),
      close_(connection, close_sql),
      log_breaker_(connection, log_breaker_sql),
      jump_(connection, jump_sql),
      zones_(connection, zone_change_sql),
      generation_(connection, generation_sql),
      mark_(connection, mark_sql) {}

void HappeningRows::add(const PauseChanged& pause) {
  const std::string_view job = pause.job;
  const std::string_view reason = pause.reason;
  const std::string_view by = pause.by;
  log_unpause_.run(job, pause.at, by, reason);  // a pause with another reason, or another end, is another pause
  if (pause.paused) {
    pause_.run(job, reason, by, pause.at, pause.until);
    log_pause_.run(job, reason, by, pause.at, pause.until);
  } else {
    unpause_.run(job);
  }
}

void HappeningRows::add(const BreakerChanged& breaker) {
  const std::string_view job = breaker.job;
  const std::string_view why = breaker.why;
  log_breaker_.run(job, breaker.open, breaker.until, breaker.at, why);
  if (breaker.open) {
    open_.run(job, breaker.until, breaker.at, why);
  } else {
    close_.run(job);
  }
}

void HappeningRows::add(const ClockJumped& jump) {
  jump_.run(jump.at, jump.step, std::string_view{jump.what == ClockJumped::What::set ? "set" : "suspend"});
}

void HappeningRows::add(const ZonesChanged& zones) {
  zones_.run(zones.at, std::string_view{zones.before}, std::string_view{zones.now});
}

void HappeningRows::add(const GenerationApplied& generation) {
  generation_.run(generation.generation, generation.at, std::string_view{generation.fingerprint}, generation.jobs,
                  generation.added, generation.changed, generation.removed);
}

void HappeningRows::add(const DaemonMark& mark) {
  mark_.run(mark.at, std::string_view{mark.what == DaemonMark::What::started ? "started" : "stopped"});
}

}  // namespace belfry::ledger
