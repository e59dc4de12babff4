#include "daemon/config/precondition_reader.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "daemon/config/settings_reader.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view condition_expected =
    "a map such as {command: \"test -f /srv/ready\", load_below: 4}, or none";
constexpr std::uint64_t largest_size = std::uint64_t{1} << 50U;
constexpr std::array<std::string_view, 5> conditions{"command", "load_below", "load_per_cpu_below", "free_disk",
                                                     "free_memory"};

void read_disk(const Value& value, const std::filesystem::path& folder,
               std::optional<PreconditionDeclaration::Disk>& disk) {
  static constexpr std::string_view disk_expected = "a map such as {path: /var, at_least: 1G}";
  if (!value.is_map(disk_expected)) return;
  const MapReader map(value, free_disk_section);
  for (const auto* key : {"path", "at_least"}) {
    if (!map.has(key)) value.complain({"the key " + in_quotes(key) + " is missing", std::string(disk_expected)});
  }
  PreconditionDeclaration::Disk wanted;
  if (const auto path = map.get("path")) wanted.path = read_path(*path, folder).value_or("/");
  if (const auto size = map.get("at_least")) wanted.at_least = size->size(1, largest_size).value_or(1);
  disk = std::move(wanted);
}

void read_load(const MapReader& map, std::string_view key, std::optional<double>& load) {
  if (const auto value = map.get(key)) load = value->number(0.01, 10'000);
}

}  // namespace

void read_precondition(const Value& value, const std::filesystem::path& folder,
                       std::optional<PreconditionDeclaration>& precondition) {
  if (value.is_none()) {
    precondition.reset();
    return;
  }
  if (value.node().kind == yaml::Node::Kind::scalar) {
    value.complain({"not a map", std::string(condition_expected), "a command stands below the key \"command\""});
    return;
  }
  if (!value.is_map(condition_expected)) return;
  const MapReader map(value, precondition_section);
  PreconditionDeclaration wanted;
  if (const auto command = map.get("command")) wanted.command = read_command_line(*command);
  if (const auto timeout = map.get("timeout")) {
    wanted.timeout = timeout->duration({.minimum = 1ms, .maximum = 1h}).value_or(wanted.timeout);
  }
  read_load(map, "load_below", wanted.load_below);
  read_load(map, "load_per_cpu_below", wanted.load_per_cpu_below);
  if (const auto disk = map.get("free_disk")) read_disk(*disk, folder, wanted.free_disk);
  if (const auto memory = map.get("free_memory")) wanted.free_memory = memory->size(1, largest_size);
  if (map.all_known() && std::ranges::none_of(conditions, [&map](std::string_view key) { return map.has(key); })) {
    value.complain(
        {"nothing has to hold here", "one of command, load_below, load_per_cpu_below, free_disk, free_memory"});
    return;
  }
  precondition = std::move(wanted);
}

}  // namespace belfry::daemon
