// diff.

#include <unistd.h>

#include <cstdio>
#include <limits>
#include <string>

#include "daemon/cli/commands.hpp"
#include "daemon/compare/diff_view.hpp"
#include "daemon/config/load_config.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

/// Both are read, so that all mistakes are told at once.
struct Both {
  LoadResult before;
  LoadResult after;
};

int invalid(Session& session, const Both& both) {
  std::string text;
  if (!both.before) text += format_errors(both.before.error(), ::isatty(2) != 0);
  if (!both.after) text += format_errors(both.after.error(), ::isatty(2) != 0);
  if (session.json) return report(kBadConfig, text, true);
  std::fputs(text.c_str(), stderr);
  return kBadConfig;
}

Colour colour_of(const std::string& line) {
  const auto sign = line.find_first_not_of(' ');
  if (sign == std::string::npos) return Colour::none;
  if (line[sign] == '+') return Colour::green;
  if (line[sign] == '-') return Colour::red;
  return line[sign] == '~' ? Colour::yellow : Colour::bold;
}

}  // namespace

int diff(Session& session, const DiffOptions& options) {
  const LoadOptions load{.started = session.now};
  const Both both{.before = load_config(options.before, load), .after = load_config(options.after, load)};
  if (!both.before || !both.after) return invalid(session, both);
  const ConfigDiff differences = compare(*both.before, *both.after, session.now);
  if (session.json) {
    json document = view(differences);
    document["old"] = options.before;
    document["new"] = options.after;
    print_json(document);
  } else {
    std::string text;
    for (const std::string& line : lines_of(differences, std::numeric_limits<std::size_t>::max())) {
      text += session.style.paint(printable(line), colour_of(line)) + "\n";
    }
    print(text);
  }
  return differences.empty() ? kOk : kFailure;
}

}  // namespace belfry::daemon::cli
