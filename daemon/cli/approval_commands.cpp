// approve, reject.

#include <string>

#include "daemon/cli/commands.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

int decide(Session& session, const ApprovalOptions& options, const std::string& verb) {
  const std::string path = run_id_of(options.run_or_job) ? "/v1/runs/" + options.run_or_job + "/" + verb
                                                         : job_path(options.run_or_job, "/" + verb);
  const json answer = session.client.post(path, {{"step", options.step}, {"comment", options.comment}});
  if (session.json) {
    print_json(answer);
    return kOk;
  }
  print("Step " + text_of(answer, "step") + " of " + text_of(answer, "job") + " is " +
        (answer.at("approved").get<bool>() ? "approved" : "rejected") + ". See `belfry logs " +
        std::to_string(answer.at("run").get<std::int64_t>()) + "`.\n");
  return kOk;
}

}  // namespace

int approve(Session& session, const ApprovalOptions& options) { return decide(session, options, "approve"); }

int reject(Session& session, const ApprovalOptions& options) { return decide(session, options, "reject"); }

}  // namespace belfry::daemon::cli
