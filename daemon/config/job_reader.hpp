// One job of the file, as JobSpec.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/map_reader.hpp"
#include "jobs/native.hpp"

namespace belfry::daemon {

/// What is the same for all jobs of one load.
struct JobContext {
  std::filesystem::path folder;  ///< of the file: what relative paths start from
  time::Zone zone;               ///< the top-level timezone
  Calendars calendars;
  Policies defaults;
  time::WallTime started;  ///< what `after` counts from
  const jobs::NativeRegistry* natives = nullptr;
};

/// The longest name of a job, in bytes: it must do as part of a file name, with something behind it.
inline constexpr std::size_t longest_job_name = 128;

/// Whether a name may be that of a job: letters, digits, ".", "_" and "-", beginning with a letter, a digit or "_".
bool is_job_name(std::string_view name) noexcept;

/// The job `name`, declared at `place` by the map `value`. Complains about all that is wrong; gives nothing then.
std::optional<JobSpec> read_job(std::string name, Place place, const Value& value, const JobContext& context);

/// The value of `defaults`: policies only.
Policies read_defaults(const Value& value, const std::filesystem::path& folder, const Calendars& calendars);

}  // namespace belfry::daemon
