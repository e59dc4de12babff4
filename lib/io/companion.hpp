// find_companion(): the place of a program that is installed together with this one.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace belfry::io {

/// Beside this program, in ../libexec/belfry from there, or in PATH. The error is a sentence that says where it was
/// looked for; `purpose` goes into it behind the name: "which limits need". Reads the file system: call it once, not
/// for each job. Any thread.
std::expected<std::string, std::string> find_companion(std::string_view name, std::string_view purpose);

}  // namespace belfry::io
