#include <fcntl.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <string_view>
#include <utility>

#include "io/io_error.hpp"
#include "jobs/atomic_file.hpp"
#include "jobs/compression.hpp"
#include "jobs/file_forms.hpp"
#include "jobs/file_run.hpp"

namespace belfry::jobs {

namespace {

struct RotateSpec {
  std::vector<PathPattern> paths;
  Compression compress = Compression::zstd;
  int keep = 7;
  std::uint64_t min_size = 0;
  std::chrono::nanoseconds max_age{};  ///< 0: whatever their age
  FileOptions options;
};

constexpr std::array<std::string_view, 3> methods{"none", "gzip", "zstd"};

// A generation may be uncompressed or of a former setting, so all of these are looked for.
constexpr std::array<std::string_view, 3> endings{"", ".zst", ".gz"};

/// "app.log.3.zst" is a generation of another file, not one to rotate: a number at its end, with or without an ending.
bool is_generation(std::string_view name) {
  for (const std::string_view ending : {".zst", ".gz"}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  const auto dot = name.rfind('.');
  return dot != std::string_view::npos && dot + 1 < name.size() &&
         name.find_first_not_of("0123456789", dot + 1) == std::string_view::npos;
}

std::string generation(const std::string& name, int number, std::string_view ending) {
  return name + "." + std::to_string(number) + std::string(ending);
}

void rename(const Folder& folder, const std::string& from, const std::string& to) {
  if (::renameat(folder.fd(), from.c_str(), folder.fd(), to.c_str()) != 0) {
    throw io::IoError(errno, "rename to " + folder.path_of(to), folder.path_of(from));
  }
}

/// Makes room for a new first generation. From the oldest on, so that nothing is overwritten and an interruption leaves
/// a gap at most.
void shift_generations(const Folder& folder, const std::string& name, int keep) {
  for (int number = keep; number >= 1; --number) {
    for (const auto ending : endings) {
      const std::string current = generation(name, number, ending);
      if (!folder.look(current)) continue;
      if (number == keep) {
        folder.remove(current);
      } else {
        rename(folder, current, generation(name, number + 1, ending));
      }
    }
  }
}

Compressed rotate_one(const Folder& folder, const std::string& name, std::uint64_t size, const RotateSpec& spec,
                      FileRun& run) {
  shift_generations(folder, name, spec.keep);
  const std::string first = generation(name, 1, "");
  rename(folder, name, first);
  if (spec.options.fsync) folder.sync();
  if (spec.compress == Compression::none) return {.bytes_in = size, .bytes_out = size};
  const std::string target = generation(name, 1, extension(spec.compress));
  const auto done = compress_file(run.stop(), folder, first, target, spec.compress, levels(spec.compress).fallback);
  folder.remove(first);
  if (spec.options.fsync) folder.sync();
  return done;
}

/// Removes generations that have not changed for `max_age`.
void drop_old(const Folder& folder, const std::string& name, const RotateSpec& spec, FileRun& run) {
  if (spec.max_age.count() == 0) return;
  for (int number = 1; number <= spec.keep; ++number) {
    for (const auto ending : endings) {
      const std::string current = generation(name, number, ending);
      const auto status = folder.look(current);
      if (!status || !S_ISREG(status->st_mode) || modified_at(*status) > run.now() - spec.max_age) continue;
      if (spec.options.dry_run) {
        run.say("delete " + folder.path_of(current));
      } else {
        folder.remove(current);
      }
    }
  }
}

struct Due {
  std::string folder;
  std::string name;
  std::uint64_t size = 0;  ///< 0: not to be rotated, its generations may be old all the same
};

/// The files that a pattern names. A list, because rotating them makes names that may match.
std::vector<Due> due_files(const PathPattern& pattern, const RotateSpec& spec, FileRun& run) {
  std::vector<Due> due;
  walk(pattern, spec.options.exclude, run.stop(), [&](const Found& found) {
    if (!pattern.literal() && (!found.is_file() || is_generation(found.name))) return;
    if (!found.is_file()) throw io::IoError(EINVAL, "rotate what is no regular file:", found.path());
    const bool large = found.size() > 0 && found.size() >= spec.min_size;
    due.push_back({.folder = folder_of(found.relative), .name = found.name, .size = large ? found.size() : 0});
  });
  return due;
}

/// The name of its last generation; a file system takes no longer one than NAME_MAX.
bool has_room(const std::string& name, const RotateSpec& spec) {
  const std::size_t ending = spec.compress == Compression::none ? 0 : extension(spec.compress).size();
  return generation(name, spec.keep, "").size() + ending <= NAME_MAX;
}

std::string rotate_files(const RotateSpec& spec, FileRun& run) {
  std::uint64_t files = 0;
  std::vector<std::string> too_long;
  Compressed sum;
  for (const auto& pattern : spec.paths) {
    for (const auto& [relative, name, size] : due_files(pattern, spec, run)) {
      run.check();
      const Folder folder = Folder::open(pattern.base()).at(relative, false);
      drop_old(folder, name, spec, run);
      if (size == 0) continue;
      if (!has_room(name, spec)) {
        run.say("not rotated, its name is too long: " + folder.path_of(name));
        too_long.push_back(folder.path_of(name));
        continue;
      }
      if (spec.options.dry_run) run.say("rotate " + folder.path_of(name));
      const auto done = spec.options.dry_run ? Compressed{size, size} : rotate_one(folder, name, size, spec, run);
      sum.bytes_in += done.bytes_in;
      sum.bytes_out += done.bytes_out;
      ++files;
    }
  }
  if (!too_long.empty()) {
    throw std::runtime_error(
        "the name of " + too_long.front() + " is too long for one of its generations, so it was not rotated" +
        (too_long.size() == 1 ? "" : ", and so for " + std::to_string(too_long.size() - 1) + " more") +
        "; rotated were " + count_files(files));
  }
  if (files == 0) return "nothing to rotate";
  if (spec.options.dry_run) return "would rotate " + count_files(files) + ", " + format_size(sum.bytes_in);
  std::string sentence = "rotated " + count_files(files) + ", " + format_size(sum.bytes_in);
  if (spec.compress != Compression::none) sentence += " to " + format_size(sum.bytes_out);
  return sentence;
}

RotateSpec read_rotate(ParameterReader& reader, const ActionContext& context) {
  RotateSpec spec;
  spec.paths = read_patterns(reader, "paths", context);
  spec.compress = static_cast<Compression>(reader.choice("compress"));
  spec.keep = static_cast<int>(reader.integer("keep"));
  spec.min_size = reader.size("min_size");
  spec.max_age = reader.duration("max_age");
  spec.options = read_options(reader);
  return spec;
}

}  // namespace

ActionForm file_rotate_form() {
  return {
      "rotate",
      "renames FILE to FILE.1 and so on, and compresses it",
      {paths_parameter,
       {.name = "compress",
        .type = ParameterType::choice,
        .fallback = "zstd",
        .meaning = "the rotated files",
        .choices = methods},
       {.name = "keep",
        .type = ParameterType::integer,
        .fallback = "7",
        .meaning = "how many rotated files stay",
        .least = 1,
        .most = 1000},
       {.name = "min_size", .type = ParameterType::size, .fallback = "0", .meaning = "only files at least as large"},
       {.name = "max_age",
        .type = ParameterType::duration,
        .meaning = "rotated files unchanged for so long are removed"},
       exclude_parameter,
       dry_run_parameter,
       fsync_parameter},
      [](ParameterReader& reader, const ActionContext& context) {
        auto work = [spec = read_rotate(reader, context)](FileRun& run) { return rotate_files(spec, run); };
        return file_action("rotate", std::move(work), context);
      }};
}

}  // namespace belfry::jobs
