#include "jobs/tree_walk.hpp"

#include <dirent.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "io/io_error.hpp"

namespace belfry::jobs {

namespace {

class Walk {
 public:
  Walk(const PathPattern& pattern, const Excludes& excludes, const std::stop_token& stop,
       const std::function<void(const Found&)>& visit)
      : pattern_(pattern), excludes_(excludes), stop_(stop), visit_(visit) {}

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the tree, and no deeper than most_levels
  void through(const Folder& folder, const std::string& relative, PathPattern::State state, int level) {
    if (level > most_levels) throw io::IoError(ELOOP, "go deeper than 256 folders into", folder.path());
    std::vector<std::pair<std::string, PathPattern::State>> deeper;
    const auto take = [&](const char* name, unsigned char type) {
      const auto step = consider(folder, relative, state, name, type);
      if (step != 0) deeper.emplace_back(name, step);
    };
    if (const std::string* const name = pattern_.only_name(state)) {
      take(name->c_str(), DT_UNKNOWN);
    } else {
      folder.each(take);
    }
    for (const auto& [name, below] : deeper) {
      const auto inner = folder.below(name);
      if (inner) through(*inner, relative + name + "/", below, level + 1);
    }
  }

  bool matched() const noexcept { return matched_; }

 private:
  /// Visits it if it matches; the state with which to go into it, 0: not at all.
  PathPattern::State consider(const Folder& folder, const std::string& relative, PathPattern::State state,
                              const char* name, unsigned char type) {
    if (stop_.stop_requested()) throw io::IoError(ECANCELED, "read", folder.path());
    const auto step = pattern_.step(state, name);
    const bool may_enter = step.below != 0 && (type == DT_DIR || type == DT_UNKNOWN);
    if (!step.matches && !may_enter) return 0;
    const auto status = folder.look(name);
    if (!status) return 0;  // gone meanwhile
    matched_ = matched_ || step.matches;
    const bool is_folder = S_ISDIR(status->st_mode);
    std::string path = relative + name;
    if (!excludes_.empty() && excludes_.leave_out(path, name, is_folder)) return 0;
    if (step.matches) visit_({.folder = folder, .name = name, .relative = std::move(path), .status = *status});
    return is_folder ? step.below : 0;
  }

  const PathPattern& pattern_;
  const Excludes& excludes_;
  const std::stop_token& stop_;
  const std::function<void(const Found&)>& visit_;
  bool matched_ = false;
};

}  // namespace

bool walk(const PathPattern& pattern, const Excludes& excludes, const std::stop_token& stop,
          const std::function<void(const Found&)>& visit) {
  const auto base = Folder::open_if_there(pattern.base());
  if (!base) return false;
  Walk walk(pattern, excludes, stop, visit);
  walk.through(*base, "", pattern.start(), 0);
  return walk.matched();
}

}  // namespace belfry::jobs
