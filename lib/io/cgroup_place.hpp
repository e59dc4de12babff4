// Where this process is in the tree of control groups, and whether that place is its own to manage. Private to
// cgroup.cpp.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace belfry::io {

/// The folder of the group whose subtree has been handed over to this process. The error is a sentence with advice.
std::expected<std::string, std::string> delegated_cgroup();

/// The words of a file such as cgroup.controllers, with a blank between them.
std::string words_of_file(const std::string& path);

/// The sentence for a controller that the group `root` does not have.
std::string no_controller(std::string_view controller, const std::string& root);

}  // namespace belfry::io
