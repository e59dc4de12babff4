#include "options.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "io/capability_names.hpp"
#include "io/rlimits.hpp"
#include "report.hpp"

namespace {

constexpr const char* help =
    "usage: belfry-exec [OPTION]... -- COMMAND [ARGUMENT]...\n"
    "\n"
    "Prepares this process as the options say and becomes COMMAND. belfryd starts jobs through it that have one of\n"
    "these settings; there is no need to call it by hand. The steps are taken in this order:\n"
    "\n"
    "  (always)                   default signal dispositions, no signal blocked\n"
    "  --cgroup=PATH              the control group (cgroup v2) that it enters\n"
    "  --oom-score-adj=N          -1000 (never) to 1000 (first): who is killed when memory runs out\n"
    "  --ionice=CLASS:LEVEL       1 realtime, 2 best effort, 3 idle; 0 (first) to 7\n"
    "  --cpus=N,N-N,...           the processors it may use\n"
    "  --nice=N                   scheduling priority, -20 (first) to 19 (last)\n"
    "  --read-only=PATH           a file or folder that it cannot change, in mounts of its own\n"
    "  --private-tmp              an empty /tmp and /var/tmp of its own\n"
    "  --no-network               no network but a loopback of its own\n"
    "  --rlimit=NAME=SOFT:HARD    a resource limit, as in setrlimit(2): nofile, core, fsize, as, cpu, nproc, ...;\n"
    "                             each value is a number or `unlimited`\n"
    "  --umask=OCTAL              permissions that new files do not get\n"
    "  --drop-capabilities=LIST   `all`, or names with commas between: neither it nor its children have them\n"
    "  --user=NAME:UID:GID:GIDS   groups, group and user; GIDS are numbers with commas between, and may be none; a "
    "user\n"
    "                             other than root has no capabilities\n"
    "  --no-new-privileges        setuid programs gain nothing\n"
    "  --working-dir=PATH         where COMMAND runs; entered with the rights that it has\n"
    "  (always)                   descriptors above 2 are closed, but for that of --keep-fd=N\n"
    "  COMMAND                    searched in PATH unless it has a slash\n"
    "\n"
    "  --report-fd=N              write an error to this descriptor and nothing on success (default: standard error)\n"
    "  --keeper SOCKET            (alone) hold descriptors for belfryd; descriptor 0 listens at SOCKET\n"
    "  --help                     print this\n"
    "\n"
    "exit status: that of COMMAND; 125 wrong usage, 126 a step failed or COMMAND cannot be run, 127 it is not found\n";

long number(const char* text, int base, long least, long most, const char* option) {
  char* end = nullptr;
  errno = 0;
  const long value = std::strtol(text, &end, base);
  if (*text == '\0' || *end != '\0' || errno != 0 || value < least || value > most) {
    usage(std::string(option) + " does not take '" + text + "'");
  }
  return value;
}

rlim_t limit_value(const std::string& text) {
  if (text == "unlimited") return RLIM_INFINITY;
  char* end = nullptr;
  errno = 0;
  const unsigned long long value = std::strtoull(text.c_str(), &end, 10);
  if (text.empty() || text.front() == '-' || *end != '\0' || errno != 0) usage("--rlimit does not take '" + text + "'");
  return value;
}

Limit parse_limit(const std::string& text) {
  const auto equals = text.find('=');
  const auto colon = text.find(':', equals == std::string::npos ? 0 : equals);
  if (equals == std::string::npos || colon == std::string::npos)
    usage("--rlimit wants NAME=SOFT:HARD, not '" + text + "'");
  const auto resource = belfry::io::rlimit_by_name(std::string_view(text).substr(0, equals));
  if (!resource) usage("--rlimit does not know '" + text.substr(0, equals) + "'");
  return {
      *resource, {limit_value(text.substr(equals + 1, colon - equals - 1)), limit_value(text.substr(colon + 1))}, text};
}

// A user's or a group's number; the highest one stands for "leave it as it is" in system calls.
std::uint32_t account_number(const std::string& text) {
  return static_cast<std::uint32_t>(number(text.c_str(), 10, 0, 0xFFFF'FFFEL, "--user"));
}

Identity parse_user(const std::string& text) {
  const auto uid = text.find(':');
  const auto gid = uid == std::string::npos ? uid : text.find(':', uid + 1);
  const auto groups = gid == std::string::npos ? gid : text.find(':', gid + 1);
  if (groups == std::string::npos) usage("--user wants NAME:UID:GID:GIDS, not '" + text + "'");
  Identity who{.name = text.substr(0, uid),
               .uid = account_number(text.substr(uid + 1, gid - uid - 1)),
               .gid = account_number(text.substr(gid + 1, groups - gid - 1)),
               .groups = {}};
  for (std::size_t begin = groups + 1; begin < text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    who.groups.push_back(account_number(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return who;
}

IoPriority parse_io_priority(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) usage("--ionice wants CLASS:LEVEL, not '" + text + "'");
  return {.priority_class = static_cast<int>(number(text.substr(0, colon).c_str(), 10, 1, 3, "--ionice")),
          .level = static_cast<int>(number(text.substr(colon + 1).c_str(), 10, 0, 7, "--ionice"))};
}

template <class Take>
void each_item(const std::string& text, Take take) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    take(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

std::vector<int> parse_cpus(const std::string& text) {
  constexpr long highest = 8191;
  std::vector<int> cpus;
  each_item(text, [&](const std::string& item) {
    const auto dash = item.find('-');
    const long first = number(item.substr(0, dash).c_str(), 10, 0, highest, "--cpus");
    const long last =
        dash == std::string::npos ? first : number(item.substr(dash + 1).c_str(), 10, first, highest, "--cpus");
    for (long cpu = first; cpu <= last; ++cpu) cpus.push_back(static_cast<int>(cpu));
  });
  return cpus;
}

std::uint64_t parse_capabilities(const std::string& text) {
  if (text == "all") return ~std::uint64_t{0};
  std::uint64_t bits = 0;
  each_item(text, [&](const std::string& item) {
    const auto capability = belfry::io::capability_by_name(item);
    if (!capability) usage("--drop-capabilities does not know '" + item + "'");
    bits |= std::uint64_t{1} << static_cast<unsigned>(*capability);
  });
  return bits;
}

const char* value_of(const char* argument, const char* option) {
  const auto length = std::strlen(option);
  return std::strncmp(argument, option, length) == 0 && argument[length] == '=' ? argument + length + 1 : nullptr;
}

// Where it stands and what it sees. False: it is none of these.
bool parse_surroundings(const char* argument, Options& options) {
  if (const char* group = value_of(argument, "--cgroup")) {
    options.placement.cgroup = group;
  } else if (const char* nice = value_of(argument, "--nice")) {
    options.placement.nice = static_cast<int>(number(nice, 10, -20, 19, "--nice"));
  } else if (const char* score = value_of(argument, "--oom-score-adj")) {
    options.placement.oom_score_adj = static_cast<int>(number(score, 10, -1000, 1000, "--oom-score-adj"));
  } else if (const char* io = value_of(argument, "--ionice")) {
    options.placement.io_priority = parse_io_priority(io);
  } else if (const char* cpus = value_of(argument, "--cpus")) {
    options.placement.cpus = parse_cpus(cpus);
  } else if (const char* path = value_of(argument, "--read-only")) {
    options.sandbox.read_only.emplace_back(path);
  } else if (std::strcmp(argument, "--private-tmp") == 0) {
    options.sandbox.private_tmp = true;
  } else if (std::strcmp(argument, "--no-network") == 0) {
    options.sandbox.network = false;
  } else {
    return false;
  }
  return true;
}

void parse_one(const char* argument, Options& options) {
  if (const char* fd = value_of(argument, "--report-fd")) {
    const auto descriptor = static_cast<int>(number(fd, 10, 3, INT_MAX, "--report-fd"));
    if (!report_to_descriptor(descriptor)) usage("--report-fd names no open descriptor");
  } else if (const char* limit = value_of(argument, "--rlimit")) {
    options.limits.push_back(parse_limit(limit));
  } else if (const char* umask = value_of(argument, "--umask")) {
    options.umask = static_cast<mode_t>(number(umask, 8, 0, 0777, "--umask"));
  } else if (const char* user = value_of(argument, "--user")) {
    options.user = parse_user(user);
  } else if (const char* folder = value_of(argument, "--working-dir")) {
    options.working_dir = folder;
  } else if (const char* kept = value_of(argument, "--keep-fd")) {
    options.kept_descriptor = static_cast<int>(number(kept, 10, 3, INT_MAX, "--keep-fd"));
  } else if (const char* capabilities = value_of(argument, "--drop-capabilities")) {
    options.dropped_capabilities = parse_capabilities(capabilities);
  } else if (std::strcmp(argument, "--no-new-privileges") == 0) {
    options.no_new_privileges = true;
  } else if (std::strcmp(argument, "--help") == 0) {
    std::fputs(help, stdout);
    std::exit(0);
  } else if (!parse_surroundings(argument, options)) {
    usage(std::string("unknown option '") + argument + "'");
  }
}

}  // namespace

Options parse_options(char** arguments) {
  Options options;
  for (; *arguments != nullptr && std::strcmp(*arguments, "--") != 0; ++arguments) parse_one(*arguments, options);
  if (*arguments == nullptr || arguments[1] == nullptr) usage("no command after --");
  options.command = arguments + 1;
  report_for_command(*options.command);
  return options;
}
