#include "daemon/one_shot.hpp"

#include <utility>

#include "jobs/exec.hpp"
#include "time/at.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {

std::shared_ptr<const engine::Job> make_one_shot(const ledger::OneShotAdded& request, bool traced,
                                                 const std::filesystem::path& secrets_folder) {
  jobs::ExecSpec spec;
  spec.command = request.argv;
  spec.working_dir = request.working_dir;
  spec.environment = request.environment;
  spec.traced = traced;
  spec.secrets_folder = secrets_folder;

  engine::Job job;
  job.name = request.name;
  job.description = "asked for by " + request.by;
  job.trigger = std::make_shared<const time::AtTrigger>(request.due);
  job.action = jobs::make_exec(std::move(spec));
  job.schedule_text = "at " + time::format_utc(request.due);
  job.timezone = "UTC";
  job.fingerprint = request.name;
  return std::make_shared<const engine::Job>(std::move(job));
}

engine::OneShotFactory one_shot_maker(std::function<bool()> traced, std::filesystem::path secrets_folder) {
  return [traced = std::move(traced), folder = std::move(secrets_folder)](const ledger::OneShotAdded& request) {
    return make_one_shot(request, traced(), folder);
  };
}

}  // namespace belfry::daemon
