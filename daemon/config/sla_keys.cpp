// The keys of `sla`; the others are in keys.cpp.
#include <array>

#include "daemon/config/keys.hpp"

namespace belfry::daemon {
namespace {

constexpr std::array sla_keys{
    Key{"max_time_since_success", "a duration or none", "none", "a run succeeds at least this often"},
    Key{"late_after", "a duration or none", "none", "every slot starts within this time of when it is due"},
    Key{"max_runtime", "a duration or none", "none", "no run is under way for longer; it is not ended, see timeout"},
    Key{"too_often", "COUNT/DURATION, or none", "none", "no more runs than COUNT start within any DURATION: 10/1h"},
    Key{"duration_regression", "a percentage, or none", "none",
        "the last 5 runs take no longer than this much more than the 50 before them: 50%"},
};

}  // namespace

constinit const Section sla_section{"sla", sla_keys};

}  // namespace belfry::daemon
