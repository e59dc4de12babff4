// How long the runs of a job take, and how they end: recorded ones, or an assumption. Plain values; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/outcome.hpp"
#include "time/wall_time.hpp"

namespace belfry::daemon {

/// One run, retries included.
struct RunSample {
  time::Duration span{};
  ledger::Outcome outcome = ledger::Outcome::success;
};

struct JobSamples {
  std::vector<RunSample> recorded;          ///< each is as likely; empty: none is on record
  std::optional<time::Duration> assumed{};  ///< instead of them
};

/// By the name of the job.
using Samples = std::map<std::string, JobSamples, std::less<>>;

/// One of the recorded runs, or the assumed one, or one that takes no time. The same seed, job and number choose the
/// same, in whatever order they are asked.
RunSample choose(const JobSamples& samples, std::uint64_t seed, std::string_view job, std::int64_t run) noexcept;

}  // namespace belfry::daemon
