#include "options.hpp"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

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
    "  --rlimit=NAME=SOFT:HARD    a resource limit, as in setrlimit(2): nofile, core, fsize, as, cpu, nproc, ...;\n"
    "                             each value is a number or `unlimited`\n"
    "  --nice=N                   scheduling priority, -20 (first) to 19 (last)\n"
    "  --umask=OCTAL              permissions that new files do not get\n"
    "  --no-new-privileges        setuid programs gain nothing\n"
    "  (always)                   descriptors above 2 are closed\n"
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

const char* value_of(const char* argument, const char* option) {
  const auto length = std::strlen(option);
  return std::strncmp(argument, option, length) == 0 && argument[length] == '=' ? argument + length + 1 : nullptr;
}

void parse_one(const char* argument, Options& options) {
  if (const char* fd = value_of(argument, "--report-fd")) {
    const auto descriptor = static_cast<int>(number(fd, 10, 3, INT_MAX, "--report-fd"));
    if (!report_to_descriptor(descriptor)) usage("--report-fd names no open descriptor");
  } else if (const char* limit = value_of(argument, "--rlimit")) {
    options.limits.push_back(parse_limit(limit));
  } else if (const char* nice = value_of(argument, "--nice")) {
    options.nice = static_cast<int>(number(nice, 10, -20, 19, "--nice"));
  } else if (const char* umask = value_of(argument, "--umask")) {
    options.umask = static_cast<mode_t>(number(umask, 8, 0, 0777, "--umask"));
  } else if (std::strcmp(argument, "--no-new-privileges") == 0) {
    options.no_new_privileges = true;
  } else if (std::strcmp(argument, "--help") == 0) {
    std::fputs(help, stdout);
    std::exit(0);
  } else {
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
