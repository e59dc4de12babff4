#include "io/glob.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace belfry::io {

namespace {

std::string join(const std::string& folder, const std::string& name) {
  return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

// lstat() of what may have gone meanwhile.
async::Task<std::optional<fs::FileType>> type_if_exists(std::string path) {
  try {
    const auto stat = co_await fs::lstat(std::move(path));
    co_return stat.type;
  } catch (const IoError& error) {
    if (error.code().value() != ENOENT && error.code().value() != ENOTDIR) throw;
  }
  co_return std::nullopt;
}

/// The walk of one pattern: folders still to be looked at, and what was found.
class Walk {
 public:
  Walk(GlobPattern pattern, std::size_t limit) : pattern_(std::move(pattern)), limit_(limit) {
    if (pattern_.parts.back() == "**") pattern_.parts.emplace_back("*");
  }

  async::Task<std::vector<GlobMatch>> run();

 private:
  struct Step {
    std::string folder;
    std::size_t part;
  };

  async::Task<> look(Step step);
  async::Task<> look_through(Step step);
  void found(std::string path, fs::FileType type, std::size_t part);

  GlobPattern pattern_;
  std::size_t limit_;
  std::vector<Step> open_;
  std::vector<GlobMatch> matches_;
};

async::Task<std::vector<GlobMatch>> Walk::run() {
  open_.push_back({pattern_.base, 0});
  while (!open_.empty()) {
    Step step = std::move(open_.back());
    open_.pop_back();
    co_await look(std::move(step));
  }
  std::ranges::sort(matches_, {}, &GlobMatch::path);
  const auto repeated = std::ranges::unique(matches_, {}, &GlobMatch::path);  // ** may lead to one place by two ways
  matches_.erase(repeated.begin(), repeated.end());
  co_return std::move(matches_);
}

async::Task<> Walk::look(Step step) {
  const std::string& part = pattern_.parts[step.part];
  if (part != "**" && has_wildcards(part)) {
    co_await look_through(std::move(step));
  } else if (part != "**") {
    std::string path = join(step.folder, part);
    const auto type = co_await type_if_exists(path);
    if (type) found(std::move(path), *type, step.part);
  } else {
    open_.push_back({step.folder, step.part + 1});
    co_await look_through(std::move(step));
  }
}

async::Task<> Walk::look_through(Step step) {
  const std::string& part = pattern_.parts[step.part];
  const bool deep = part == "**";
  std::vector<fs::DirectoryEntry> entries;
  try {
    entries = co_await fs::list(step.folder);
  } catch (const IoError& error) {
    if (error.code().value() != ENOENT && error.code().value() != ENOTDIR) throw;
  }
  for (auto& entry : entries) {
    if (deep ? entry.name.starts_with('.') : ::fnmatch(part.c_str(), entry.name.c_str(), FNM_PERIOD) != 0) continue;
    std::string path = join(step.folder, entry.name);
    std::optional<fs::FileType> type = entry.type;
    if (entry.type == fs::FileType::unknown) type = co_await type_if_exists(path);
    if (!type) continue;
    if (!deep) {
      found(std::move(path), *type, step.part);
    } else if (*type == fs::FileType::folder) {
      open_.push_back({std::move(path), step.part});
    }
  }
}

void Walk::found(std::string path, fs::FileType type, std::size_t part) {
  if (part + 1 < pattern_.parts.size()) {
    if (type == fs::FileType::folder) open_.push_back({std::move(path), part + 1});
    return;
  }
  if (matches_.size() == limit_) throw IoError(E2BIG, "expand", join(pattern_.base, pattern_.parts.front()));
  std::string relative = path.substr(pattern_.base == "/" ? 1 : pattern_.base.size() + 1);
  matches_.push_back({std::move(path), std::move(relative), type});
}

}  // namespace

bool has_wildcards(std::string_view text) noexcept { return text.find_first_of("*?[") != std::string_view::npos; }

GlobPattern split_glob(std::string_view pattern) {
  while (pattern.size() > 1 && pattern.ends_with('/')) pattern.remove_suffix(1);
  const auto wildcard = pattern.find_first_of("*?[");
  const auto cut = pattern.rfind('/', wildcard);
  GlobPattern result;
  result.base = cut == std::string_view::npos ? "." : cut == 0 ? "/" : std::string(pattern.substr(0, cut));
  const auto rest = cut == std::string_view::npos ? pattern : pattern.substr(cut + 1);
  for (std::size_t begin = 0; begin <= rest.size();) {
    const auto end = std::min(rest.find('/', begin), rest.size());
    if (end > begin) result.parts.emplace_back(rest.substr(begin, end - begin));
    begin = end + 1;
  }
  if (result.parts.empty()) result.parts.emplace_back(".");
  return result;
}

async::Task<std::vector<GlobMatch>> glob(std::string pattern, std::size_t limit) {
  Walk walk(split_glob(pattern), limit);
  std::vector<GlobMatch> matches = co_await walk.run();
  co_return matches;
}

}  // namespace belfry::io
