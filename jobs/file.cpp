#include "jobs/file.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "io/glob.hpp"
#include "jobs/file_steps.hpp"
#include "time/duration.hpp"
#include "time/suggest.hpp"

namespace belfry::jobs {

namespace {

constexpr std::string_view some_paths = "a path, a glob or a list of them";

constexpr ParameterInfo from_parameter{
    .name = "from", .value = some_paths, .fallback = "", .meaning = "the files", .required = true, .list = true};
constexpr ParameterInfo to_parameter{.name = "to",
                                     .value = "a path",
                                     .fallback = "",
                                     .meaning = "the target; with a slash at its end, a folder",
                                     .required = true};
constexpr ParameterInfo overwrite_parameter{.name = "overwrite",
                                            .value = "true or false",
                                            .fallback = "true",
                                            .meaning = "false: an existing target is an error"};
constexpr ParameterInfo paths_parameter{
    .name = "paths", .value = some_paths, .fallback = "", .meaning = "the files", .required = true, .list = true};

constexpr std::array transfer_parameters{from_parameter, to_parameter, overwrite_parameter};
constexpr std::array delete_parameters{
    paths_parameter,
    ParameterInfo{
        .name = "min_age", .value = "a duration", .fallback = "0s", .meaning = "only files unchanged for so long"}};
constexpr std::array rotate_parameters{
    paths_parameter,
    ParameterInfo{
        .name = "compress", .value = "none, gzip or zstd", .fallback = "zstd", .meaning = "the rotated files"},
    ParameterInfo{.name = "keep", .value = "1 to 1000", .fallback = "7", .meaning = "how many rotated files stay"},
    ParameterInfo{.name = "min_size", .value = "a size", .fallback = "0", .meaning = "only files at least as large"}};

constexpr std::array operations{
    FileOperation{"copy", "copies files", transfer_parameters},
    FileOperation{"move", "moves files, across file systems too", transfer_parameters},
    FileOperation{"delete", "removes files, never folders", delete_parameters},
    FileOperation{"rotate", "renames FILE to FILE.1 and so on, and compresses it", rotate_parameters}};

/// Absolute and without "." and "..", but a slash at the end is kept: it says "folder".
std::string absolute(const std::string& path, const std::string& working_dir) {
  return (std::filesystem::path(working_dir) / path).lexically_normal().string();
}

void make_absolute(std::vector<std::string>& paths, const std::string& working_dir) {
  for (auto& path : paths) path = absolute(path, working_dir);
}

/// Lists of paths that cannot be meant.
void check_paths(ParameterReader& reader, std::string_view key, const std::vector<std::string>& paths) {
  if (paths.empty()) reader.complain(key, std::string(key) + " names no file");
  for (const auto& path : paths) {
    const auto wildcard = path.find_first_of("*?[");
    if (wildcard != std::string::npos && path.find("/..", wildcard) != std::string::npos) {
      reader.complain(key, "'" + path + "' goes back by .. after a wildcard, out of what was matched");
    }
  }
}

/// A slip such as "/ *" or an empty variable in "$DIR/*" must not empty the machine.
void check_delete(ParameterReader& reader, const std::vector<std::string>& paths, const std::string& working_dir) {
  for (const auto& path : paths) {
    const std::string full = absolute(path, working_dir);
    if (full == "/" || (io::has_wildcards(full) && io::split_glob(full).base == "/")) {
      reader.complain("paths",
                      "'" + path + "' would delete from the root folder; name a folder before the first wildcard");
    }
  }
}

FileSpec read_delete(ParameterReader& reader, const std::string& working_dir) {
  DeleteSpec spec;
  spec.paths = reader.list("paths");
  check_paths(reader, "paths", spec.paths);
  check_delete(reader, spec.paths, working_dir);
  const auto age = time::parse_duration(reader.text("min_age", "0s"));
  if (!age) {
    reader.complain("min_age", "min_age wants a duration such as 30d, not '" + reader.text("min_age") + "'");
  } else {
    spec.min_age = *age;
  }
  return spec;
}

FileSpec read_rotate(ParameterReader& reader) {
  constexpr std::array<std::string_view, 3> methods{"none", "gzip", "zstd"};
  RotateSpec spec;
  spec.paths = reader.list("paths");
  check_paths(reader, "paths", spec.paths);
  spec.compress = static_cast<Compression>(reader.choice("compress", methods, 2));
  spec.keep = static_cast<int>(reader.integer("keep", spec.keep, 1, 1000));
  spec.min_size = reader.size("min_size", 0);
  return spec;
}

template <class Spec>
FileSpec read_transfer(ParameterReader& reader) {
  Spec spec{.from = reader.list("from"), .to = reader.text("to"), .overwrite = reader.flag("overwrite", true)};
  check_paths(reader, "from", spec.from);
  if (io::has_wildcards(spec.to)) reader.complain("to", "to names one place, '" + spec.to + "' has wildcards");
  return spec;
}

struct Absolute {
  const std::string& working_dir;
  void operator()(CopySpec& spec) const { transfer(spec); }
  void operator()(MoveSpec& spec) const { transfer(spec); }
  void operator()(DeleteSpec& spec) const { make_absolute(spec.paths, working_dir); }
  void operator()(RotateSpec& spec) const { make_absolute(spec.paths, working_dir); }
  template <class Spec>
  void transfer(Spec& spec) const {
    make_absolute(spec.from, working_dir);
    spec.to = absolute(spec.to, working_dir);
  }
};

class FileAction final : public engine::Action {
 public:
  FileAction(FileSpec spec, const FileContext& context) : spec_(std::move(spec)), pool_(context.pool) {
    std::visit(Absolute{context.working_dir}, spec_);
  }

  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report& report) const override {
    try {
      report.message = co_await start();
      co_return ledger::Outcome::success;
    } catch (const std::exception& error) {
      report.message = error.what();
    }
    co_return ledger::Outcome::failure;
  }

  std::string_view kind() const noexcept override { return "file"; }
  std::string describe() const override { return std::string(operations[spec_.index()].name); }

 private:
  async::Task<std::string> start() const {
    if (const auto* copy = std::get_if<CopySpec>(&spec_)) return copy_files(*copy);
    if (const auto* move = std::get_if<MoveSpec>(&spec_)) return move_files(*move);
    if (const auto* remove = std::get_if<DeleteSpec>(&spec_)) return delete_files(*remove);
    return rotate_files(std::get<RotateSpec>(spec_), pool_);
  }

  FileSpec spec_;
  async::ThreadPool& pool_;
};

}  // namespace

std::span<const FileOperation> file_operations() { return operations; }

std::shared_ptr<const engine::Action> make_file(FileSpec spec, const FileContext& context) {
  return std::make_shared<FileAction>(std::move(spec), context);
}

std::expected<std::shared_ptr<const engine::Action>, ParameterError> make_file(const std::string& operation,
                                                                               const ParameterMap& parameters,
                                                                               const FileContext& context) {
  const auto* found = std::ranges::find(operations, std::string_view(operation), &FileOperation::name);
  if (found == operations.end()) {
    constexpr std::array<std::string_view, 4> names{"copy", "move", "delete", "rotate"};
    const auto hint = time::did_you_mean(operation, names);
    return std::unexpected(ParameterError{"operation", "there is no file operation '" + operation + "'" +
                                                           (hint.empty() ? "" : ": " + hint) +
                                                           "; there is copy, move, delete, rotate"});
  }
  ParameterReader reader(parameters, found->parameters);
  FileSpec spec;
  if (operation == "copy") spec = read_transfer<CopySpec>(reader);
  if (operation == "move") spec = read_transfer<MoveSpec>(reader);
  if (operation == "delete") spec = read_delete(reader, context.working_dir);
  if (operation == "rotate") spec = read_rotate(reader);
  if (reader.error()) return std::unexpected(*reader.error());
  return make_file(std::move(spec), context);
}

}  // namespace belfry::jobs
