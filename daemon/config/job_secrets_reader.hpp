// The key `secrets` of a job: what its program finds in files of its own.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "daemon/config/value.hpp"
#include "jobs/secrets.hpp"

namespace belfry::daemon {

/// A map of sources by the name of the variable, which are added to `secrets` or replace those of the same name, or
/// `none`. `folder`: where relative paths start. `environment`: the variables that the job sets; none of them may be
/// one of these. Complains about what is wrong, and leaves it as it was.
void read_job_secrets(const Value& value, const std::filesystem::path& folder,
                      const std::map<std::string, std::string>& environment, std::vector<jobs::SecretSource>& secrets);

}  // namespace belfry::daemon
