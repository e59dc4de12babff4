#include <filesystem>
#include <stdexcept>

#include "jobs/atomic_file.hpp"
#include "jobs/blocking_glob.hpp"
#include "jobs/checksum_list.hpp"
#include "jobs/file_forms.hpp"
#include "jobs/file_run.hpp"

namespace belfry::jobs {

namespace {

struct ChecksumSpec {
  std::vector<PathPattern> paths;
  ChecksumList list;
  FileOptions options;
};

std::string sum_files(const ChecksumSpec& spec, FileRun& run) {
  auto files = regular_files(run.stop(), spec.paths, spec.options.exclude);
  if (!spec.options.dry_run) return write_checksums(run.stop(), std::move(files), spec.list);
  for (const auto& file : files) run.say("sum " + file);
  return "would sum " + count_files(files.size()) + " into " + spec.list.output;
}

std::string verify(const std::string& list, const std::string& base, FileRun& run) {
  const auto done = verify_checksums(run.stop(), list, base, [&](std::string_view line) { run.say(line); });
  if (done.wrong == 0) return "SHA-256 of " + Tally{done.right, done.bytes}.text() + " is right";
  throw std::runtime_error(std::to_string(done.wrong) + " of " + count_files(done.right + done.wrong) + " in " + list +
                           (done.wrong == 1 ? " is" : " are") + " not as summed; the first: " + done.first_wrong);
}

}  // namespace

ActionForm file_checksum_form() {
  return {"checksum",
          "writes the SHA-256 of files in the format of sha256sum(1)",
          {paths_parameter,
           {.name = "output",
            .value = "a path",
            .meaning = "where the sums are written; replaced as a whole",
            .required = true},
           {.name = "relative_to",
            .value = "a path",
            .meaning = "the folder where the names in the list start; else they are absolute"},
           exclude_parameter,
           dry_run_parameter,
           fsync_parameter},
          [](ParameterReader& reader, const ActionContext& context) {
            ChecksumSpec spec;
            spec.paths = read_patterns(reader, "paths", context);
            spec.list.output = read_path(reader, "output", context);
            if (reader.has("relative_to")) spec.list.relative_to = read_path(reader, "relative_to", context);
            spec.options = read_options(reader);
            spec.list.sync = spec.options.fsync;
            return file_action(
                "checksum", [spec = std::move(spec)](FileRun& run) { return sum_files(spec, run); }, context);
          }};
}

ActionForm file_verify_form() {
  return {"verify",
          "compares files with a list of their SHA-256, as sha256sum --check does",
          {{.name = "list", .value = "a path", .meaning = "what checksum or sha256sum(1) wrote", .required = true},
           {.name = "base", .value = "a path", .meaning = "where relative names start; else at the list's folder"}},
          [](ParameterReader& reader, const ActionContext& context) {
            const std::string list = read_path(reader, "list", context);
            const std::string base = reader.has("base") ? read_path(reader, "base", context) : folder_of(list);
            return file_action("verify", [list, base](FileRun& run) { return verify(list, base, run); }, context);
          }};
}

}  // namespace belfry::jobs
