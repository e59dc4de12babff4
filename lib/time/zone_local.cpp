// The zone of this machine, found as localtime(3) and Debian do.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "time/zone.hpp"

namespace belfry::time {
namespace {

/// "/usr/share/zoneinfo/posix/Europe/Berlin" and "Europe/Berlin" are both "Europe/Berlin".
std::string name_in_path(std::string path) {
  constexpr std::string_view directory = "/zoneinfo/";
  const std::size_t at = path.find(directory);
  if (at != std::string::npos) path.erase(0, at + directory.size());
  for (const std::string_view variant : {"posix/", "right/"}) {
    if (path.starts_with(variant)) path.erase(0, variant.size());
  }
  return path;
}

LocalZone load_or_utc(const std::string& name, std::string source) {
  const auto zone = Zone::load(name);
  if (zone) return {*zone, std::move(source), {}};
  std::string warning =
      source + " does not name a time zone of the installed tzdata (" + to_string(zone.error()) + "); using UTC";
  return {Zone(), std::move(source), std::move(warning)};
}

}  // namespace

LocalZone Zone::local() {
  if (const char* variable = std::getenv("TZ"); variable != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    const std::string name = name_in_path(*variable == ':' ? variable + 1 : variable);
    return name.empty() ? LocalZone{Zone(), "TZ", {}} : load_or_utc(name, "TZ");
  }
  std::error_code failed;
  const auto target = std::filesystem::read_symlink("/etc/localtime", failed);
  if (!failed) return load_or_utc(name_in_path(target.string()), "/etc/localtime");
  std::ifstream file("/etc/timezone");
  std::string name;
  if (file >> name) return load_or_utc(name, "/etc/timezone");
  return {Zone(), "default",
          "this machine has no time zone set (no TZ, no link /etc/localtime, no /etc/timezone); using UTC"};
}

}  // namespace belfry::time
