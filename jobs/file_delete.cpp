#include <cerrno>

#include "io/io_error.hpp"
#include "jobs/file_forms.hpp"
#include "jobs/file_run.hpp"

namespace belfry::jobs {

namespace {

struct DeleteSpec {
  std::vector<PathPattern> paths;
  std::chrono::nanoseconds min_age{};
  FileOptions options;
};

std::string delete_files(const DeleteSpec& spec, FileRun& run) {
  Tally done;
  for (const auto& pattern : spec.paths) {
    walk(pattern, spec.options.exclude, run.stop(), [&](const Found& found) {
      if (found.is_folder()) {
        if (!pattern.literal()) return;
        throw io::IoError(EISDIR, "remove", found.path() + " (name its files: " + found.path() + "/*)");
      }
      if (spec.min_age.count() > 0 && found.modified() > run.now() - spec.min_age) return;
      if (spec.options.dry_run) {
        run.say("delete " + found.path());
      } else {
        found.folder.remove(found.name);
      }
      done.add(found.size());
    });
  }
  if (done.files == 0) return "nothing to delete";
  return (spec.options.dry_run ? "would delete " : "deleted ") + done.text();
}

}  // namespace

ActionForm file_delete_form() {
  return {"delete",
          "removes files, never folders",
          {paths_parameter,
           {.name = "min_age",
            .type = ParameterType::duration,
            .fallback = "0s",
            .meaning = "only files unchanged for so long"},
           exclude_parameter,
           dry_run_parameter},
          [](ParameterReader& reader, const ActionContext& context) {
            DeleteSpec spec;
            spec.paths = read_doomed(reader, "paths", context);
            spec.min_age = reader.duration("min_age");
            spec.options = read_options(reader, false);
            return file_action(
                "delete", [spec = std::move(spec)](FileRun& run) { return delete_files(spec, run); }, context);
          }};
}

}  // namespace belfry::jobs
