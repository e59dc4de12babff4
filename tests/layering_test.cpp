// Which folder may include which, who may touch which third-party library, and how long a file may be: read from the
// sources themselves, so that the architecture page stays true.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Include {
  std::string file;    // relative to the top: "lib/io/process.hpp"
  std::string target;  // as written: "async/task.hpp", "uv.h"
  bool quoted = false;
};

struct Source {
  std::string file;
  std::size_t lines = 0;
  std::vector<Include> includes;
};

/// Each area with the areas that it may include, itself first. A file outside of lib/ and jobs/ is in `daemon`.
const std::map<std::string, std::set<std::string>> may_include = {
    {"async", {"async"}},
    {"io", {"io", "async"}},
    {"time", {"time"}},  // pure functions: no loop, no clock
    {"ledger", {"ledger", "async", "io", "time"}},
    {"engine", {"engine", "async", "io", "time", "ledger"}},
    {"observe", {"observe", "async", "io", "time", "ledger", "engine"}},
    {"jobs", {"jobs", "async", "io", "time", "ledger", "engine"}},
    {"daemon", {"daemon", "async", "io", "time", "ledger", "engine", "observe", "jobs"}},
};

/// A third-party header (by the start of its name) and the only folders that may include it.
const std::vector<std::pair<std::string, std::vector<std::string>>> fenced = {
    {"uv.h", {"lib/async/", "lib/io/"}},
    {"sqlite3.h", {"lib/ledger/", "jobs/sql/"}},
    {"libpq-fe.h", {"jobs/sql/"}},
    {"mysql.h", {"jobs/sql/"}},
    {"errmsg.h", {"jobs/sql/"}},
    {"absl/", {"lib/time/"}},
    {"yaml-cpp/", {"daemon/config/"}},
    {"prometheus/", {"lib/observe/", "daemon/"}},
    {"spdlog/", {"lib/observe/", "daemon/"}},
    {"microhttpd.h", {"daemon/control/", "lib/observe/exposer"}},
    {"curl/", {"lib/io/", "daemon/cli/"}},
    {"CLI/", {"daemon/"}},
    {"nlohmann/", {"daemon/", "jobs/"}},
};

/// Files that are longer than the limit for a reason; the reason stands beside the name. May it stay empty.
const std::map<std::string, std::string> long_for_a_reason = {};

constexpr std::size_t max_source_lines = 400;
constexpr std::size_t max_header_lines = 250;

Source read_source(const fs::path& path, const std::string& file) {
  static const std::regex include_line(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  Source source{file, 0, {}};
  std::ifstream in(path);
  for (std::string line; std::getline(in, line); ++source.lines) {
    std::smatch match;
    if (std::regex_search(line, match, include_line)) {
      source.includes.push_back({file, match[2].str(), match[1].str() == "\""});
    }
  }
  return source;
}

std::vector<Source> sources_below(const std::vector<std::string>& folders) {
  const fs::path top = BELFRY_SOURCE_DIR;
  std::vector<Source> found;
  for (const auto& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(top / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".hpp") continue;
      found.push_back(read_source(entry.path(), fs::relative(entry.path(), top).string()));
    }
  }
  return found;
}

/// "lib/io/process.hpp" -> "io", "jobs/exec.hpp" -> "jobs", "daemon/main.cpp" -> "daemon"; empty for anything else.
std::string area_of(const std::string& file) {
  const auto first = file.substr(0, file.find('/'));
  if (first != "lib") return may_include.contains(first) ? first : "";
  const auto rest = file.substr(4);
  return rest.substr(0, rest.find('/'));
}

/// The area that an include leads to: "async/task.hpp" and "jobs/exec.hpp" name it first; a bare name stays at home.
std::string area_of_include(const Include& include) {
  const auto slash = include.target.find('/');
  if (slash == std::string::npos) return area_of(include.file);
  const auto first = include.target.substr(0, slash);
  return may_include.contains(first) ? first : "";
}

}  // namespace

TEST_CASE("includes go one way: async <- io <- {time, ledger} <- engine <- {observe, jobs} <- daemon") {
  std::size_t seen = 0;
  for (const auto& source : sources_below({"lib", "jobs", "daemon"})) {
    const auto area = area_of(source.file);
    INFO(source.file << " lies in no known area");
    REQUIRE(may_include.contains(area));
    for (const auto& include : source.includes) {
      const auto target = include.quoted ? area_of_include(include) : "";
      if (target.empty()) continue;
      ++seen;
      INFO(source.file << " includes \"" << include.target << "\": " << area << " may not use " << target);
      CHECK(may_include.at(area).contains(target));
    }
  }
  CHECK(seen > 0);
}

TEST_CASE("a third-party library is included only in the folders that wrap it") {
  for (const auto& source : sources_below({"lib", "jobs", "daemon"})) {
    for (const auto& include : source.includes) {
      for (const auto& [header, folders] : fenced) {
        if (!include.target.starts_with(header)) continue;
        INFO(source.file << " includes <" << include.target << ">, which is fenced in");
        CHECK(std::ranges::any_of(folders, [&](const auto& folder) { return source.file.starts_with(folder); }));
      }
    }
  }
}

TEST_CASE("a source includes its own header first, and a header has a guard") {  // so each is known to compile alone
  const fs::path top = BELFRY_SOURCE_DIR;
  std::size_t with_source = 0;
  for (const auto& source : sources_below({"lib", "jobs", "daemon"})) {
    INFO(source.file);
    const fs::path path = top / source.file;
    if (path.extension() == ".hpp") {
      std::ifstream in(path);
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      CHECK((text.contains("\n#pragma once\n") || text.starts_with("#pragma once\n")));
    } else if (const auto header = fs::path(path).replace_extension(".hpp"); fs::exists(header)) {
      ++with_source;
      REQUIRE_FALSE(source.includes.empty());
      CHECK(source.includes.front().quoted);
      CHECK(fs::path(source.includes.front().target).filename() == header.filename());
    }
  }
  CHECK(with_source > 100);
}

TEST_CASE("the library neither prints nor aborts") {
  static const std::regex output(R"(\bstd::(cout|cerr|clog|abort|terminate|exit)\b|\b(f|v|vf)?printf\s*\()");
  const fs::path top = BELFRY_SOURCE_DIR;
  for (const auto& source : sources_below({"lib"})) {
    if (source.file.starts_with("lib/io/exec_shim/")) continue;  // a program of its own
    std::ifstream in(top / source.file);
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      const auto code = line.substr(0, line.find("//"));
      INFO(source.file << ":" << number << ": " << line);
      CHECK_FALSE(std::regex_search(code, output));
    }
  }
}

TEST_CASE("one concept per file: sources stay below 400 lines, headers below 250") {
  for (const auto& source : sources_below({"lib", "jobs", "daemon", "tests"})) {
    const auto limit = source.file.ends_with(".hpp") ? max_header_lines : max_source_lines;
    if (long_for_a_reason.contains(source.file)) continue;
    INFO(source.file << " has " << source.lines << " lines; more than " << limit << " are two concepts");
    CHECK(source.lines <= limit);
  }
}

TEST_CASE("every header says in its first line what it is") {
  const fs::path top = BELFRY_SOURCE_DIR;
  for (const auto& source : sources_below({"lib", "jobs", "daemon"})) {
    if (!source.file.ends_with(".hpp")) continue;
    std::ifstream in(top / source.file);
    std::string line;
    std::getline(in, line);
    INFO(source.file << " starts with: " << line);
    CHECK(line.starts_with("// "));
  }
}
