// What `next` and `explain` are asked about: an expression, a job of a file, or a job of the daemon. Single thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/cli/commands.hpp"
#include "engine/watch.hpp"
#include "time/cron.hpp"
#include "time/trigger.hpp"

namespace belfry::daemon::cli {

struct ScheduleSubject {
  std::string job{};                               ///< empty: an expression
  std::string text{};                              ///< the schedule as it was written
  time::Zone zone{};                               ///< in which it is meant
  bool of_daemon = false;                          ///< only the daemon knows text, zone and trigger
  std::shared_ptr<const time::Trigger> trigger{};  ///< null: the daemon has it, or there is none
  std::shared_ptr<const engine::Watch> watch{};    ///< of a job of a file that waits for files
  std::shared_ptr<const time::Trigger> plain{};    ///< as the expression alone says, if there is just one
  time::CronDialect dialect = time::CronDialect::standard;
  bool enabled = true;
};

/// Whether it can only be a schedule: names of jobs have neither blanks nor these marks.
bool is_expression(const std::string& subject);

/// Throws CommandError for a wrong expression (usage), a bad file, or a job that there is not.
ScheduleSubject find_subject(const Session& session, const NextOptions& options);

/// The next `count` slots after now; with `around`, as many before and after that instant.
std::vector<time::WallTime> slots_of(Session& session, const ScheduleSubject& subject, int count,
                                     std::optional<time::WallTime> around = std::nullopt);

/// What the daemon says about its job: description, schedule, zone, slots. REQUIRES: subject.of_daemon.
nlohmann::json document_of(Session& session, const ScheduleSubject& subject, int count,
                           std::optional<time::WallTime> around = std::nullopt);

}  // namespace belfry::daemon::cli
