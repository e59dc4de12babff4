#include <algorithm>
#include <cerrno>

#include "io/io_error.hpp"
#include "jobs/atomic_file.hpp"
#include "jobs/file_forms.hpp"
#include "jobs/file_run.hpp"

namespace belfry::jobs {

namespace {

constexpr std::size_t most_files = 1'000'000;

struct RetentionSpec {
  std::vector<PathPattern> paths;
  std::uint64_t min_keep = 1;
  std::chrono::nanoseconds max_age{};  ///< 0: whatever their age
  std::uint64_t max_files = 0;         ///< 0: however many
  std::uint64_t max_total = 0;         ///< 0: however large
  bool by_folder = false;
  FileOptions options;
};

struct Kept {
  std::size_t pattern = 0;
  std::string relative;
  std::uint64_t size = 0;
  io::fs::FileTime modified;
};

std::vector<Kept> list_files(const RetentionSpec& spec, FileRun& run) {
  std::vector<Kept> files;
  for (std::size_t number = 0; number < spec.paths.size(); ++number) {
    walk(spec.paths[number], spec.options.exclude, run.stop(), [&](const Found& found) {
      if (!found.is_file()) return;
      if (files.size() == most_files) throw io::IoError(E2BIG, "keep an order of", spec.paths[number].text());
      files.push_back(
          {.pattern = number, .relative = found.relative, .size = found.size(), .modified = found.modified()});
    });
  }
  return files;
}

std::string path_of(const RetentionSpec& spec, const Kept& file) {
  return joined(spec.paths[file.pattern].base(), file.relative);
}

/// Newest first, each path once; with `by_folder`, folder by folder.
void put_in_order(const RetentionSpec& spec, std::vector<Kept>& files) {
  const auto group = [&](const Kept& file) { return spec.by_folder ? folder_of(path_of(spec, file)) : std::string(); };
  std::ranges::sort(files, [&](const Kept& a, const Kept& b) {
    if (spec.by_folder && group(a) != group(b)) return group(a) < group(b);
    if (a.modified != b.modified) return a.modified > b.modified;
    return path_of(spec, a) > path_of(spec, b);  // app-2.log goes after app-1.log
  });
  const auto twice =
      std::ranges::unique(files, [&](const Kept& a, const Kept& b) { return path_of(spec, a) == path_of(spec, b); });
  files.erase(twice.begin(), twice.end());
}

/// Goes through them from the newest on: the first that is too much, and all that are older, are to go.
class Judge {
 public:
  Judge(const RetentionSpec& spec, io::fs::FileTime now) : spec_(spec), now_(now) {}

  bool goes(const Kept& file) {
    const std::string folder = spec_.by_folder ? folder_of(path_of(spec_, file)) : std::string();
    if (folder != folder_) {
      folder_ = folder;
      files_ = 0;
      total_ = 0;
      over_ = false;
    }
    ++files_;
    total_ += file.size;
    if (files_ <= spec_.min_keep) return false;
    const bool old = spec_.max_age.count() > 0 && file.modified <= now_ - spec_.max_age;
    const bool many = spec_.max_files > 0 && files_ > spec_.max_files;
    const bool large = spec_.max_total > 0 && total_ > spec_.max_total;
    over_ = over_ || old || many || large;
    return over_;
  }

 private:
  const RetentionSpec& spec_;
  io::fs::FileTime now_;
  std::string folder_;
  std::uint64_t files_ = 0;
  std::uint64_t total_ = 0;
  bool over_ = false;
};

/// Whether it was removed: not if it is another file by now, or none.
bool remove(const RetentionSpec& spec, const Kept& file) {
  const Folder folder = Folder::open(spec.paths[file.pattern].base()).at(folder_of(file.relative), false);
  const std::string name = name_of(file.relative);
  const auto status = folder.look(name);
  if (!status || !S_ISREG(status->st_mode) || modified_at(*status) != file.modified) return false;
  folder.remove(name);
  return true;
}

std::string retain(const RetentionSpec& spec, FileRun& run) {
  auto files = list_files(spec, run);
  put_in_order(spec, files);
  Judge judge(spec, run.now());
  Tally gone;
  Tally stays;
  for (const auto& file : files) {
    run.check();
    const bool goes = judge.goes(file);
    if (goes && spec.options.dry_run) run.say("delete " + path_of(spec, file));
    if (goes && (spec.options.dry_run || remove(spec, file))) {
      gone.add(file.size);
    } else {
      stays.add(file.size);
    }
  }
  if (gone.files == 0) return "nothing to delete of " + stays.text();
  return (spec.options.dry_run ? "would delete " : "deleted ") + gone.text() + "; kept " + stays.text();
}

RetentionSpec read_retention(ParameterReader& reader, const ActionContext& context) {
  RetentionSpec spec;
  spec.paths = read_doomed(reader, "paths", context);
  spec.min_keep = static_cast<std::uint64_t>(reader.integer("min_keep"));
  spec.max_age = reader.duration("max_age");
  spec.max_files = static_cast<std::uint64_t>(reader.integer("max_files"));
  spec.max_total = reader.size("max_total");
  spec.by_folder = reader.flag("by_folder");
  spec.options = read_options(reader, false);
  if (!reader.has("max_age") && !reader.has("max_files") && !reader.has("max_total")) {
    reader.complain("paths", "retention needs a limit: max_age, max_files or max_total");
  }
  if (spec.max_files > 0 && spec.max_files < spec.min_keep) {
    reader.complain("max_files", "max_files is below min_keep, which is " + std::to_string(spec.min_keep));
  }
  return spec;
}

}  // namespace

ActionForm file_retention_form() {
  return {
      "retention",
      "removes the oldest files beyond an age, a number or a size; the newest stay",
      {paths_parameter,
       {.name = "max_age", .type = ParameterType::duration, .meaning = "files unchanged for so long go", .least = 1},
       {.name = "max_files",
        .type = ParameterType::integer,
        .value = "1 to 1000000",
        .meaning = "so many stay at most",
        .least = 1,
        .most = 1'000'000},
       {.name = "max_total", .type = ParameterType::size, .meaning = "so much stays at most", .least = 1},
       {.name = "min_keep",
        .type = ParameterType::integer,
        .fallback = "1",
        .meaning = "so many of the newest stay in any case",
        .least = 0,
        .most = 1'000'000},
       {.name = "by_folder",
        .type = ParameterType::flag,
        .fallback = "false",
        .meaning = "whether the limits are those of each folder, not of all together"},
       exclude_parameter,
       dry_run_parameter},
      [](ParameterReader& reader, const ActionContext& context) {
        auto work = [spec = read_retention(reader, context)](FileRun& run) { return retain(spec, run); };
        return file_action("retention", std::move(work), context);
      }};
}

}  // namespace belfry::jobs
