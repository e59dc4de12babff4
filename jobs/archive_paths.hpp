// Where the names and links of an archive lead to when it is unpacked. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace belfry::jobs {

/// The path below the root, without "." and a slash at its end; none if it leads out of it, or nowhere.
std::optional<std::string> inner_path(std::string_view name);

/// Whether a link in the folder of `path` stays below the root: `..` only at its beginning, and no more of them than
/// there are folders above. What comes behind goes through folders and links that stay below it as well.
bool link_stays_inside(const std::string& path, const std::string& leads_to);

}  // namespace belfry::jobs
