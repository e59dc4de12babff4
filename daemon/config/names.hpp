// What jobs and groups may be called. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace belfry::daemon {

/// The longest name of a job, in bytes: it must do as part of a file name, with something behind it.
inline constexpr std::size_t longest_job_name = 128;

/// Whether a name may be that of a job or a group: letters, digits, ".", "_" and "-", beginning with a letter, a digit
/// or "_".
bool is_job_name(std::string_view name) noexcept;

/// The same for messages.
inline constexpr std::string_view name_expected =
    R"(letters, digits, ".", "_" and "-", beginning with a letter, a digit or "_")";

}  // namespace belfry::daemon
