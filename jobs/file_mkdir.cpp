#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "io/glob.hpp"
#include "io/io_error.hpp"
#include "jobs/atomic_file.hpp"
#include "jobs/file_forms.hpp"
#include "jobs/file_transfer.hpp"

namespace belfry::jobs {

namespace {

struct MkdirSpec {
  std::vector<std::string> paths;
  mode_t mode = 0755;
  bool dry_run = false;
  bool fsync = true;
};

/// Whether it was made.
bool make_one(const std::string& path, const MkdirSpec& spec) {
  if (Folder::open_if_there(path)) return false;
  const Folder above = open_or_make(folder_of(path), spec.fsync);
  const std::string name = name_of(path);
  if (above.look(name)) throw io::IoError(EEXIST, "make the folder", path);  // a file, or a link to nothing
  above.make(name, 0700);
  const auto made = above.below(name);
  if (!made) throw io::IoError(ENOTDIR, "open the folder", path);
  if (::fchmod(made->fd(), spec.mode) != 0) throw io::IoError(errno, "chmod", path);  // whatever the umask
  if (spec.fsync) above.sync();
  return true;
}

std::string make_folders(const MkdirSpec& spec, FileRun& run) {
  std::size_t made = 0;
  for (const auto& path : spec.paths) {
    run.check();
    if (spec.dry_run) {
      if (Folder::open_if_there(path)) continue;
      run.say("make " + path);
      ++made;
    } else if (make_one(path, spec)) {
      ++made;
    }
  }
  const std::string folders = std::to_string(made) + (made == 1 ? " folder" : " folders");
  if (made == 0) return "nothing to make: all folders are there";
  return (spec.dry_run ? "would make " : "made ") + folders;
}

MkdirSpec read_mkdir(ParameterReader& reader, const ActionContext& context) {
  MkdirSpec spec;
  for (const auto& path : reader.list("paths")) {
    if (io::has_wildcards(path)) reader.complain("paths", "a folder to make has a name, '" + path + "' has wildcards");
    std::string full = (context.working_dir / path).lexically_normal().string();
    while (full.size() > 1 && full.ends_with('/')) full.pop_back();
    spec.paths.push_back(std::move(full));
  }
  spec.mode = read_mode(reader, "mode", 0755);
  spec.dry_run = reader.flag("dry_run");
  spec.fsync = reader.flag("fsync");
  return spec;
}

}  // namespace

ActionForm file_mkdir_form() {
  return {
      "mkdir",
      "makes folders, and those above them; the ones that exist stay as they are",
      {{.name = "paths", .value = "a path or a list of them", .meaning = "the folders", .required = true, .list = true},
       {.name = "mode",
        .value = "octal digits",
        .fallback = "0755",
        .meaning = "permissions of a folder that is made; those above it get what the umask leaves"},
       dry_run_parameter,
       fsync_parameter},
      [](ParameterReader& reader, const ActionContext& context) {
        auto work = [spec = read_mkdir(reader, context)](FileRun& run) { return make_folders(spec, run); };
        return file_action("mkdir", std::move(work), context);
      }};
}

}  // namespace belfry::jobs
