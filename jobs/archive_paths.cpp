#include "jobs/archive_paths.hpp"

#include <algorithm>
#include <filesystem>

namespace belfry::jobs {

std::optional<std::string> inner_path(std::string_view name) {
  if (name.starts_with('/') || name.contains('\0')) return std::nullopt;
  std::string path;
  for (const auto& part : std::filesystem::path(name)) {
    if (part == ".." || part == "/") return std::nullopt;
    if (part.empty() || part == ".") continue;
    path += (path.empty() ? "" : "/") + part.string();
  }
  return path;
}

bool link_stays_inside(const std::string& path, const std::string& leads_to) {
  if (leads_to.empty() || leads_to.starts_with('/')) return false;
  auto depth = std::ranges::count(path, '/');
  bool descended = false;
  for (const auto& part : std::filesystem::path(leads_to)) {
    if (part == "..") {
      if (descended || --depth < 0) return false;
    } else if (!part.empty() && part != ".") {
      descended = true;
    }
  }
  return true;
}

}  // namespace belfry::jobs
