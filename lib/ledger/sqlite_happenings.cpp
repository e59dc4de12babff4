// What explains the fate of slots in a span of time; see SqliteReader.
//
// Each kind has a statement with the same values: ?1 the span's first instant, ?2 its last one, ?3 the job or NULL, ?4
// how many. It gives what lies inside the span, the newest first, and what was in force when it began.
#include <algorithm>
#include <map>

#include "ledger/sqlite_reader.hpp"

namespace belfry::ledger {
namespace {

constexpr std::size_t max_happenings = 10'000;

constexpr const char* marks_sql =
    "SELECT * FROM (SELECT at, what FROM daemon_marks WHERE at BETWEEN ?1 AND ?2 ORDER BY at DESC, id DESC LIMIT ?4) "
    "UNION ALL SELECT * FROM (SELECT at, what FROM daemon_marks WHERE at < ?1 ORDER BY at DESC, id DESC LIMIT 1)";

constexpr const char* zones_sql =
    "SELECT * FROM (SELECT at, before, now FROM zone_changes WHERE at BETWEEN ?1 AND ?2 ORDER BY at DESC, id DESC "
    "LIMIT ?4) UNION ALL SELECT * FROM "
    "(SELECT at, before, now FROM zone_changes WHERE at < ?1 ORDER BY at DESC, id DESC LIMIT 1)";

constexpr const char* generations_sql =
    "SELECT * FROM (SELECT generation, at, fingerprint, jobs, added, changed, removed FROM generations "
    "WHERE at BETWEEN ?1 AND ?2 ORDER BY at DESC, id DESC LIMIT ?4) UNION ALL SELECT * FROM "
    "(SELECT generation, at, fingerprint, jobs, added, changed, removed FROM generations WHERE at < ?1 "
    "ORDER BY at DESC, id DESC LIMIT 1)";

// A step of the clock reaches from what it showed to what it shows now, in either direction.
constexpr const char* jumps_sql =
    "SELECT at, step, what FROM clock_jumps WHERE min(at, at - step) <= ?2 AND max(at, at - step) >= ?1 "
    "ORDER BY at DESC, id DESC LIMIT ?4";

constexpr const char* pauses_sql =
    "SELECT job, reason, by, at, until, ended_at, ended_by, end_reason FROM pause_log "
    "WHERE at <= ?2 AND (ended_at IS NULL OR ended_at >= ?1) AND (?3 IS NULL OR job = ?3) "
    "ORDER BY at DESC, id DESC LIMIT ?4";

constexpr const char* breakers_sql =
    "SELECT * FROM (SELECT job, open, until, at, why FROM breaker_log WHERE at BETWEEN ?1 AND ?2 "
    "AND (?3 IS NULL OR job = ?3) ORDER BY at DESC, id DESC LIMIT ?4) UNION ALL "
    "SELECT job, open, until, at, why FROM breaker_log AS b WHERE at < ?1 AND (?3 IS NULL OR job = ?3) AND open = 1 "
    "AND NOT EXISTS (SELECT 1 FROM breaker_log AS n WHERE n.job = b.job AND n.id > b.id AND n.at < ?1)";

class Happenings {
 public:
  Happenings(sqlite::Connection& connection, const HappeningQuery& query) : connection_(connection), query_(query) {}

  std::vector<Entry> collect() {
    each(breakers_sql, [this](const sqlite::Statement& row) { add_breaker(row); });
    each(pauses_sql, [this](const sqlite::Statement& row) { add_pause(row); });
    each(jumps_sql, [this](const sqlite::Statement& row) { add_jump(row); });
    each(generations_sql, [this](const sqlite::Statement& row) { add_generation(row); });
    each(zones_sql, [this](const sqlite::Statement& row) { add_zones(row); });
    each(marks_sql, [this](const sqlite::Statement& row) { add_mark(row); });
    std::vector<Entry> entries;
    entries.reserve(found_.size());
    for (auto& [at, entry] : found_) entries.push_back(std::move(entry));
    return entries;
  }

 private:
  template <class Add>
  void each(const char* sql, Add add) {
    sqlite::Statement row(connection_, sql);
    row.bind(1, query_.since);
    row.bind(2, query_.until);
    row.bind(3, query_.job.empty() ? std::nullopt : std::optional<std::string_view>{query_.job});
    row.bind(4, static_cast<std::int64_t>(std::clamp<std::size_t>(query_.limit, 1, max_happenings)));
    while (row.step()) add(row);
  }

  template <class Fact>
  void keep(Fact fact) {
    const WallTime at = fact.at;
    // Rows come newest first, and what comes later goes before what has the same instant.
    found_.emplace_hint(found_.lower_bound(at), at, std::move(fact));
  }

  void add_mark(const sqlite::Statement& row) {
    const auto what = row.text(1) == "started" ? DaemonMark::What::started : DaemonMark::What::stopped;
    keep(DaemonMark{.what = what, .at = row.wall_time(0)});
  }

  void add_zones(const sqlite::Statement& row) {
    keep(ZonesChanged{.at = row.wall_time(0), .before = row.string(1), .now = row.string(2)});
  }

  void add_generation(const sqlite::Statement& row) {
    keep(GenerationApplied{.generation = row.count(0),
                           .at = row.wall_time(1),
                           .fingerprint = row.string(2),
                           .jobs = row.count(3),
                           .added = row.count(4),
                           .changed = row.count(5),
                           .removed = row.count(6)});
  }

  void add_jump(const sqlite::Statement& row) {
    const auto what = row.text(2) == "suspend" ? ClockJumped::What::suspend : ClockJumped::What::set;
    keep(ClockJumped{.at = row.wall_time(0), .step = row.duration(1), .what = what});
  }

  void add_pause(const sqlite::Statement& row) {
    if (const auto ended = row.optional_time(5); ended && *ended >= query_.since && *ended <= query_.until) {
      keep(PauseChanged{
          .job = row.string(0), .paused = false, .reason = row.string(7), .by = row.string(6), .at = *ended});
    }
    keep(PauseChanged{.job = row.string(0),
                      .paused = true,
                      .reason = row.string(1),
                      .by = row.string(2),
                      .at = row.wall_time(3),
                      .until = row.optional_time(4)});
  }

  void add_breaker(const sqlite::Statement& row) {
    keep(BreakerChanged{.job = row.string(0),
                        .open = row.integer(1) != 0,
                        .until = row.optional_time(2),
                        .at = row.wall_time(3),
                        .why = row.string(4)});
  }

  sqlite::Connection& connection_;
  const HappeningQuery& query_;
  std::multimap<WallTime, Entry> found_;
};

}  // namespace

std::vector<Entry> SqliteReader::happenings(const HappeningQuery& query) {
  return Happenings(connection_, query).collect();
}

}  // namespace belfry::ledger
