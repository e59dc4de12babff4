#include "jobs/file_run.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <exception>
#include <filesystem>
#include <utility>

#include "async/loop.hpp"
#include "async/sleep.hpp"
#include "async/task_group.hpp"
#include "io/glob.hpp"
#include "io/io_error.hpp"

namespace belfry::jobs {

const ParameterInfo exclude_parameter{.name = "exclude",
                                      .value = "a name, a glob or a list of them",
                                      .meaning = "what is left out, by its name or its path below the first wildcard",
                                      .list = true};
const ParameterInfo dry_run_parameter{.name = "dry_run",
                                      .type = ParameterType::flag,
                                      .fallback = "false",
                                      .meaning = "changes nothing; the output lists what would be"};
const ParameterInfo fsync_parameter{.name = "fsync",
                                    .type = ParameterType::flag,
                                    .fallback = "true",
                                    .meaning = "whether what was done outlives a power cut; false is faster"};
const ParameterInfo paths_parameter{.name = "paths",
                                    .value = "a path, a glob or a list of them",
                                    .meaning = "the files",
                                    .required = true,
                                    .list = true};

namespace {

/// How often the loop looks how far the thread has come.
constexpr std::chrono::nanoseconds progress_pause = std::chrono::seconds{1};

async::Task<> tell_progress(const FileProgress& progress, engine::Report& report) {
  for (;;) {
    co_await async::sleep(progress_pause);
    report.progress(progress.now());
  }
}

class FileAction final : public engine::Action {
 public:
  FileAction(std::string_view form, FileWork work, const ActionContext& context)
      : form_(form), work_(std::move(work)), pool_(context.pool), output_budget_(context.output_budget) {}

  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report& report) const override {
    io::HeadTailBuffer output(output_budget_);
    std::exception_ptr failed;
    FileProgress progress;
    auto work = [this, &output, &progress, now = async::Loop::current().wall_now()](const std::stop_token& stop) {
      FileRun run(stop, now, output, progress);
      return work_(run);
    };
    auto body = [&](async::TaskGroup& group) -> async::Task<> {
      if (report.progress) group.start(tell_progress(progress, report), "progress");
      report.message = co_await pool_->run(std::move(work));
      group.cancel();
    };
    try {
      co_await async::with_task_group(body);
    } catch (...) {  // cancelled, too: the output is on record in any case
      failed = std::current_exception();
    }
    report.standard_output = {
        .head = output.head(), .tail = output.tail(), .total_bytes = output.total(), .dropped_bytes = output.dropped()};
    if (!failed) co_return ledger::Outcome::success;
    try {
      std::rethrow_exception(failed);
    } catch (const std::exception& error) {
      report.message = error.what();
    }
    co_return ledger::Outcome::failure;
  }

  std::string_view kind() const noexcept override { return "file"; }
  std::string describe() const override { return form_; }

 private:
  std::string form_;
  FileWork work_;
  async::ThreadPool* pool_;
  std::uint64_t output_budget_;
};

/// Absolute and without "." and "..", but a slash at the end is kept.
std::string absolute(const std::string& path, const ActionContext& context) {
  return (context.working_dir / path).lexically_normal().string();
}

}  // namespace

void FileRun::check() const {
  if (stop_.stop_requested()) throw io::IoError(ECANCELED, "go on with", "files");
}

void FileRun::say(std::string_view line) {
  const std::string whole = std::string(line) + "\n";
  output_.append(whole);
}

ActionPointer file_action(std::string_view form, FileWork work, const ActionContext& context) {
  return std::make_shared<FileAction>(form, std::move(work), context);
}

FileOptions read_options(ParameterReader& reader, bool with_fsync) {
  FileOptions options;
  const auto exclude = reader.list("exclude");
  for (const auto& pattern : exclude) {
    if (pattern.find_first_not_of('/') == std::string::npos || !PathPattern::fits(pattern)) {
      reader.complain("exclude", "exclude wants a name such as *.tmp or a path such as cache/*, not '" + pattern + "'");
      return options;
    }
  }
  options.exclude = Excludes(exclude);
  options.dry_run = reader.flag("dry_run");
  if (with_fsync) options.fsync = reader.flag("fsync");
  return options;
}

std::vector<PathPattern> read_patterns(ParameterReader& reader, std::string_view key, const ActionContext& context) {
  std::vector<PathPattern> patterns;
  const auto paths = reader.list(key);
  if (paths.empty()) reader.complain(key, std::string(key) + " names no file");
  for (const auto& path : paths) {
    const auto wildcard = path.find_first_of("*?[");
    if (wildcard != std::string::npos && path.find("/..", wildcard) != std::string::npos) {
      reader.complain(key, "'" + path + "' goes back by .. after a wildcard, out of what was matched");
    } else if (!PathPattern::fits(path)) {
      reader.complain(key, "'" + path + "' is too deep: at most 60 folders after the first wildcard");
    } else {
      patterns.emplace_back(absolute(path, context));
    }
  }
  return patterns;
}

std::vector<PathPattern> read_doomed(ParameterReader& reader, std::string_view key, const ActionContext& context) {
  // A slip such as "/ *" or an empty variable in "$DIR/*" must not empty the machine.
  for (const auto& path : reader.list(key)) {
    const std::string full = absolute(path, context);
    if (full == "/" || (io::has_wildcards(full) && io::split_glob(full).base == "/")) {
      reader.complain(key, "'" + path + "' would delete from the root folder; name a folder before the first wildcard");
    }
  }
  return read_patterns(reader, key, context);
}

std::string read_path(ParameterReader& reader, std::string_view key, const ActionContext& context) {
  const std::string path = reader.text(key);
  if (io::has_wildcards(path)) {
    reader.complain(key, std::string(key) + " names one place, '" + path + "' has wildcards");
  }
  return absolute(path, context);
}

mode_t read_mode(ParameterReader& reader, std::string_view key, mode_t fallback) {
  if (!reader.has(key)) return fallback;
  const std::string text = reader.text(key);
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc() || end != text.data() + text.size() || mode > 07777U) {
    reader.complain(key, std::string(key) + " wants octal digits such as 0640, not '" + text + "'");
  }
  return mode;
}

std::string Tally::text() const { return count_files(files) + ", " + format_size(bytes); }

std::string count_files(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " file" : " files"); }

std::string joined(const std::string& folder, const std::string& relative) {
  return folder.ends_with('/') ? folder + relative : folder + "/" + relative;
}

}  // namespace belfry::jobs
