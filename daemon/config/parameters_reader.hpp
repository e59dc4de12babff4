// The actions whose parameters are declared in jobs/: file operations and native functions.
#pragma once

#include <filesystem>
#include <optional>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/value.hpp"
#include "jobs/native.hpp"

namespace belfry::daemon {

/// {copy: {from: ..., to: ...}} and so on: one operation with its parameters. Complains and gives nothing when wrong.
std::optional<Action> read_file_action(const Value& value, const std::filesystem::path& folder);

/// {function: checksum, paths: ..., output: ...}. Relative paths become absolute below `folder`.
std::optional<Action> read_native_action(const Value& value, const std::filesystem::path& folder,
                                         const jobs::NativeRegistry& natives);

}  // namespace belfry::daemon
