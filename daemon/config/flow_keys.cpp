// The keys of `flow` and of its steps, but for those that a step shares with a job.
#include <array>

#include "daemon/config/keys.hpp"

namespace belfry::daemon {
namespace {

constexpr std::array flow_keys{
    Key{"steps", "a list of steps", "", "what is to be done"},
    Key{"finally", "a list of steps", "", "run after all others, whatever became of them: also after a timeout"},
    Key{"finally_timeout", "a duration", "1m", "how long all of finally may take together"},
    Key{"max_parallel", "1 to 1000", "100",
        "how many actions of all steps may be under way; approvals are not counted"},
    Key{"retry_from", "failed or start", "failed",
        "failed: another attempt of the job leaves out the steps that succeeded in the one before"},
};

constexpr std::array step_keys{
    Key{"id", "a name", "step_1, step_2, ...", "what others call it"},
    Key{"needs", "a step, a list, or none", "the step before it",
        "the steps that must have ended before; none: it begins at once"},
    Key{"if", "a condition", "success()", "when it does not hold, the step is skipped"},
    Key{"matrix", "a map of lists", "", "it runs once for each combination of their values"},
    Key{"for_each", "a list, or a reference", "",
        "it runs once for each item: of the list, or of an output's lines or JSON array"},
    Key{"max_parallel", "1 to 1000", "that of the flow", "how many of its items may be under way"},
    Key{"approval", "text or a map", "", "it waits until a person says `belfry approve`, or its timeout has passed"},
    Key{"continue_on_error", "true or false", "false", "true: its failure is not one of the flow"},
    Key{"outputs", "a map by name", "", "texts for later steps, found in what it prints: stdout, last_line, or a map"},
};

constexpr std::array step_output_keys{
    Key{"variable", "a name", "", "VALUE of the last line NAME=VALUE that it prints"},
    Key{"json", "a JSON pointer", "", "the value there; what it prints must be JSON"},
    Key{"pattern", "a regular expression", "",
        "what its group holds in the first match, without a group the match (RE2)"},
};

constexpr std::array approval_keys{
    Key{"message", "text", "", "what is to be approved; references may be in it"},
    Key{"on_timeout", "fail, skip or approve", "fail",
        "what becomes of a step that nobody decides in time; skip: what needs it is skipped, too"},
};

}  // namespace

constinit const Section flow_section{"flow", flow_keys};
constinit const Section step_section{"step", step_keys};
constinit const Section step_output_section{"step_output", step_output_keys};
constinit const Section approval_section{"approval", approval_keys};

std::span<const std::string_view> keys_of_job_and_step() {
  static constexpr std::array<std::string_view, 27> keys{
      "command",     "script",       "interpreter",   "shell",
      "working_dir", "environment",  "env_file",      "clear_environment",
      "stdin",       "user",         "umask",         "nice",
      "ionice",      "cpu_affinity", "oom_score_adj", "sandbox",
      "limits",      "cgroup",       "timeout",       "kill_mode",
      "kill_signal", "kill_grace",   "retries",       "success_exit_codes",
      "fails_when",  "output",       "secrets"};
  return keys;
}

}  // namespace belfry::daemon
