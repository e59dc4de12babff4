#include "jobs/file.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "io/glob.hpp"
#include "jobs/file_steps.hpp"

namespace belfry::jobs {

namespace {

constexpr std::string_view some_paths = "a path, a glob or a list of them";

constexpr ParameterInfo from_parameter{
    .name = "from", .value = some_paths, .meaning = "the files", .required = true, .list = true};
constexpr ParameterInfo to_parameter{
    .name = "to", .value = "a path", .meaning = "the target; with a slash at its end, a folder", .required = true};
constexpr ParameterInfo overwrite_parameter{.name = "overwrite",
                                            .type = ParameterType::flag,
                                            .fallback = "true",
                                            .meaning = "false: an existing target is an error"};
constexpr ParameterInfo paths_parameter{
    .name = "paths", .value = some_paths, .meaning = "the files", .required = true, .list = true};

constexpr std::array<std::string_view, 3> methods{"none", "gzip", "zstd"};

constexpr std::array<std::string_view, 4> operations{"copy", "move", "delete", "rotate"};  // as in FileSpec

/// Absolute and without "." and "..", but a slash at the end is kept: it says "folder".
std::string absolute(const std::string& path, const std::filesystem::path& working_dir) {
  return (working_dir / path).lexically_normal().string();
}

void make_absolute(std::vector<std::string>& paths, const std::filesystem::path& working_dir) {
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
void check_delete(ParameterReader& reader, const std::vector<std::string>& paths,
                  const std::filesystem::path& working_dir) {
  for (const auto& path : paths) {
    const std::string full = absolute(path, working_dir);
    if (full == "/" || (io::has_wildcards(full) && io::split_glob(full).base == "/")) {
      reader.complain("paths",
                      "'" + path + "' would delete from the root folder; name a folder before the first wildcard");
    }
  }
}

FileSpec read_delete(ParameterReader& reader, const std::filesystem::path& working_dir) {
  DeleteSpec spec;
  spec.paths = reader.list("paths");
  check_paths(reader, "paths", spec.paths);
  check_delete(reader, spec.paths, working_dir);
  spec.min_age = reader.duration("min_age");
  return spec;
}

FileSpec read_rotate(ParameterReader& reader) {
  RotateSpec spec;
  spec.paths = reader.list("paths");
  check_paths(reader, "paths", spec.paths);
  spec.compress = static_cast<Compression>(reader.choice("compress"));
  spec.keep = static_cast<int>(reader.integer("keep"));
  spec.min_size = reader.size("min_size");
  return spec;
}

template <class Spec>
FileSpec read_transfer(ParameterReader& reader) {
  Spec spec{.from = reader.list("from"), .to = reader.text("to"), .overwrite = reader.flag("overwrite")};
  check_paths(reader, "from", spec.from);
  if (io::has_wildcards(spec.to)) reader.complain("to", "to names one place, '" + spec.to + "' has wildcards");
  return spec;
}

struct Absolute {
  const std::filesystem::path& working_dir;
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
  FileAction(FileSpec spec, const ActionContext& context) : spec_(std::move(spec)), pool_(context.pool) {
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
  std::string describe() const override { return std::string(operations[spec_.index()]); }

 private:
  async::Task<std::string> start() const {
    if (const auto* copy = std::get_if<CopySpec>(&spec_)) return copy_files(*copy);
    if (const auto* move = std::get_if<MoveSpec>(&spec_)) return move_files(*move);
    if (const auto* remove = std::get_if<DeleteSpec>(&spec_)) return delete_files(*remove);
    return rotate_files(std::get<RotateSpec>(spec_), *pool_);
  }

  FileSpec spec_;
  async::ThreadPool* pool_;
};

}  // namespace

ActionPointer make_file(FileSpec spec, const ActionContext& context) {
  return std::make_shared<FileAction>(std::move(spec), context);
}

ActionKind file_kind() {
  const std::vector<ParameterInfo> transfer{from_parameter, to_parameter, overwrite_parameter};
  const ParameterInfo min_age{.name = "min_age",
                              .type = ParameterType::duration,
                              .fallback = "0s",
                              .meaning = "only files unchanged for so long"};
  const std::vector<ParameterInfo> rotate{
      paths_parameter,
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
      {.name = "min_size", .type = ParameterType::size, .fallback = "0", .meaning = "only files at least as large"}};
  return {.key = "file",
          .value = "a map",
          .meaning = "copies, moves, deletes or rotates files",
          .form_by = FormBy::key,
          .form_word = "operation",
          .text_means = {},
          .forms = {{"copy", "copies files", transfer,
                     [](ParameterReader& reader, const ActionContext& context) {
                       return make_file(read_transfer<CopySpec>(reader), context);
                     }},
                    {"move", "moves files, across file systems too", transfer,
                     [](ParameterReader& reader, const ActionContext& context) {
                       return make_file(read_transfer<MoveSpec>(reader), context);
                     }},
                    {"delete",
                     "removes files, never folders",
                     {paths_parameter, min_age},
                     [](ParameterReader& reader, const ActionContext& context) {
                       return make_file(read_delete(reader, context.working_dir), context);
                     }},
                    {"rotate", "renames FILE to FILE.1 and so on, and compresses it", rotate,
                     [](ParameterReader& reader, const ActionContext& context) {
                       return make_file(read_rotate(reader), context);
                     }}}};
}

}  // namespace belfry::jobs
