#include <algorithm>
#include <array>
#include <utility>

#include "daemon/config/failure_signs_reader.hpp"
#include "daemon/config/job_secrets_reader.hpp"
#include "daemon/config/policies.hpp"
#include "daemon/config/settings_reader.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::pair<std::string_view, int>, 14> signal_words{{{"TERM", SIGTERM},
                                                                         {"INT", SIGINT},
                                                                         {"HUP", SIGHUP},
                                                                         {"QUIT", SIGQUIT},
                                                                         {"KILL", SIGKILL},
                                                                         {"USR1", SIGUSR1},
                                                                         {"USR2", SIGUSR2},
                                                                         {"ABRT", SIGABRT},
                                                                         {"ALRM", SIGALRM},
                                                                         {"PIPE", SIGPIPE},
                                                                         {"CONT", SIGCONT},
                                                                         {"WINCH", SIGWINCH},
                                                                         {"PWR", SIGPWR},
                                                                         {"XCPU", SIGXCPU}}};

void read_signal(const Value& value, int& signal) {
  const auto& text = value.node().text;
  const std::string_view name = std::string_view(text).starts_with("SIG") ? std::string_view(text).substr(3) : text;
  const auto* const found = std::ranges::find(signal_words, name, &std::pair<std::string_view, int>::first);
  if (value.node().kind == yaml::Node::Kind::scalar && found != signal_words.end()) {
    signal = found->second;
  } else {
    value.choice<int>(signal_words);  // complains, and lists the words
  }
}

void read_umask(const Value& value, std::optional<unsigned>& mask) {
  static constexpr std::string_view expected = "three or four octal digits, such as 0027";
  const auto text = value.text(expected);
  if (!text) return;
  const bool octal = text->find_first_not_of("01234567") == std::string::npos;
  const bool sized = text->size() == 3 || (text->size() == 4 && (*text)[0] == '0');
  if (!octal || !sized) {
    value.complain({"not a umask", std::string(expected)});
    return;
  }
  unsigned bits = 0;
  for (const char digit : *text) bits = bits * 8 + static_cast<unsigned>(digit - '0');
  mask = bits;
}

std::optional<std::uint64_t> read_limit_number(std::string_view name, const Value& value) {
  if (name == "nofile" || name == "nproc") {
    const auto count = value.integer(name == "nofile" ? 3 : 1, 1 << 30);
    return count ? std::optional(static_cast<std::uint64_t>(*count)) : std::nullopt;
  }
  if (name == "cpu") {
    const auto span = value.duration({.minimum = 1s, .maximum = longest_duration});
    return span ? std::optional(static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(*span).count()))
                : std::nullopt;
  }
  return value.size(0, std::uint64_t{1} << 50U);
}

void read_limits(const Value& value, std::map<std::string, std::optional<std::uint64_t>>& limits) {
  if (!value.is_map("a map such as {nofile: 4096, core: 0}")) return;
  const MapReader map(value, limits_section);
  for (const auto& key : limits_section.keys) {
    const auto limit = map.get(key.name);
    if (!limit) continue;
    if (limit->node().kind == yaml::Node::Kind::scalar && limit->node().text == "unlimited") {
      limits[std::string(key.name)] = std::nullopt;
    } else if (const auto number = read_limit_number(key.name, *limit)) {
      limits[std::string(key.name)] = number;
    }
  }
}

void read_exit_codes(const Value& value, std::vector<int>& codes) {
  const auto items = value.list("a list of exit codes from 0 to 255");
  if (!items) return;
  codes.clear();
  for (const auto& item : *items) {
    if (const auto code = item.integer(0, 255)) codes.push_back(static_cast<int>(*code));
  }
}

void read_output(const Value& value, ProcessPolicies& policies) {
  if (!value.is_map("a map such as {max_bytes: 64K}")) return;
  const MapReader map(value, output_section);
  std::uint64_t& most = policies.output_max_bytes;
  if (const auto size = map.get("max_bytes")) most = size->size(1024, std::uint64_t{16} << 20U).value_or(most);
  bool& journal = policies.output_journal;
  if (const auto given = map.get("journal")) journal = given->truth().value_or(journal);
}

}  // namespace

void read_process_policies(const MapReader& map, const std::filesystem::path& folder, ProcessPolicies& policies) {
  if (const auto value = map.get("shell")) {
    const auto shell = value->text("the path of a shell");
    if (shell && !shell->starts_with('/')) {
      value->complain({"not an absolute path", "a path from /, such as /bin/bash"});
    } else if (shell) {
      policies.shell = *shell;
    }
  }
  if (const auto value = map.get("working_dir")) {
    policies.working_dir = read_path(*value, folder).value_or(policies.working_dir);
  }
  if (const auto value = map.get("environment")) read_environment(*value, policies.environment);
  if (const auto value = map.get("env_file")) read_env_files(*value, folder, policies.env_files);
  if (const auto value = map.get("secrets")) {
    read_job_secrets(*value, folder, policies.environment, policies.secrets);
  }
  if (const auto value = map.get("clear_environment")) {
    policies.clear_environment = value->truth().value_or(policies.clear_environment);
  }
  if (const auto value = map.get("user")) read_user(*value, policies.user);
  if (const auto value = map.get("sandbox")) read_sandbox(*value, folder, policies.sandbox);
  read_placement(map, policies.placement);
  if (const auto value = map.get("umask")) read_umask(*value, policies.umask);
  if (const auto value = map.get("limits")) read_limits(*value, policies.limits);
  if (const auto value = map.get("cgroup")) read_cgroup(*value, policies.cgroup);
  if (const auto value = map.get("kill_mode")) {
    static constexpr std::array<std::pair<std::string_view, jobs::KillMode>, 5> modes{{
        {"tree", jobs::KillMode::tree},
        {"cgroup", jobs::KillMode::cgroup},
        {"mixed", jobs::KillMode::mixed},
        {"group", jobs::KillMode::group},
        {"process", jobs::KillMode::process},
    }};
    policies.kill_mode = value->choice<jobs::KillMode>(modes).value_or(policies.kill_mode);
  }
  if (const auto value = map.get("kill_signal")) read_signal(*value, policies.kill_signal);
  if (const auto value = map.get("kill_grace")) {
    policies.kill_grace = value->duration({.minimum = 0s, .maximum = 24h}).value_or(policies.kill_grace);
  }
  if (const auto value = map.get("success_exit_codes")) read_exit_codes(*value, policies.success_exit_codes);
  if (const auto value = map.get("fails_when")) read_failure_signs(*value, policies.failure_signs);
  if (const auto value = map.get("output")) read_output(*value, policies);
}

}  // namespace belfry::daemon
