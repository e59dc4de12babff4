#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <tuple>
#include <utility>

#include "async/sleep.hpp"
#include "async/timeout.hpp"
#include "io/file_watch.hpp"
#include "io/glob.hpp"
#include "io/io_error.hpp"
#include "jobs/file_forms.hpp"
#include "jobs/file_run.hpp"
#include "time/duration.hpp"

namespace belfry::jobs {

namespace {

/// inotify does not see what other machines do to a network file system: looked at so often in any case.
constexpr std::chrono::nanoseconds look_again = std::chrono::seconds(15);

struct WaitSpec {
  std::vector<std::string> paths;
  bool gone = false;  ///< wait until there is nothing, not until there is something
  std::chrono::nanoseconds stable_for{};
  std::chrono::nanoseconds timeout{};  ///< 0: none but the job's own
};

/// What must not change for stable_for.
struct Looks {
  std::string missing{};  ///< the first path that is not as wanted; empty: all are
  std::vector<std::tuple<std::uint64_t, std::int64_t, std::int64_t, std::uint64_t>> states{};
  bool operator==(const Looks&) const = default;
};

Looks look(const WaitSpec& spec) {
  Looks looks;
  for (const auto& path : spec.paths) {
    struct ::stat status{};
    const bool there = ::stat(path.c_str(), &status) == 0;
    if (!there && errno != ENOENT && errno != ENOTDIR) throw io::IoError(errno, "stat", path);
    if (there == spec.gone && looks.missing.empty()) looks.missing = path;
    looks.states.emplace_back(status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino);
  }
  return looks;
}

class WaitAction final : public engine::Action {
 public:
  WaitAction(WaitSpec spec, async::ThreadPool* pool) : spec_(std::move(spec)), pool_(pool) {}

  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report& report) const override {
    Looks last;
    try {
      last = co_await pool_->run([this] { return look(spec_); });  // so that even a short wait can say why
      if (spec_.timeout.count() == 0) {
        co_await wait(last);
      } else if (const bool done = co_await async::move_on_after(spec_.timeout, wait(last)); !done) {
        report.message = "after " + time::format_duration(spec_.timeout) + ", " + why(last);
        co_return ledger::Outcome::failure;
      }
      report.message = spec_.paths.front() + (spec_.gone ? " is gone" : " is there") +
                       (spec_.paths.size() == 1 ? "" : ", and so on: " + count_files(spec_.paths.size()));
      co_return ledger::Outcome::success;
    } catch (const std::exception& error) {
      report.message = error.what();
    }
    co_return ledger::Outcome::failure;
  }

  std::string_view kind() const noexcept override { return "file"; }
  std::string describe() const override { return "wait_for"; }

 private:
  /// `last` is what was seen last, when the wait is cut short.
  async::Task<> wait(Looks& last) const {
    const std::vector<std::filesystem::path> paths(spec_.paths.begin(), spec_.paths.end());
    io::FileWatch watch(*pool_);
    co_await watch.follow(paths);
    while (true) {
      last = co_await pool_->run([this] { return look(spec_); });
      if (!last.missing.empty()) {
        co_await async::move_on_after(look_again, watch.changed());
        continue;
      }
      if (spec_.stable_for.count() == 0) co_return;
      co_await async::sleep(spec_.stable_for);
      Looks now = co_await pool_->run([this] { return look(spec_); });
      if (now == last) co_return;
      last = std::move(now);
    }
  }

  std::string why(const Looks& last) const {
    if (!last.missing.empty()) return last.missing + (spec_.gone ? " is still there" : " is not there");
    return spec_.paths.front() + " has not been quiet for " + time::format_duration(spec_.stable_for);
  }

  WaitSpec spec_;
  async::ThreadPool* pool_;
};

constexpr std::array<std::string_view, 2> states{"exists", "gone"};

ActionPointer make_wait(ParameterReader& reader, const ActionContext& context) {
  WaitSpec spec;
  for (const auto& path : reader.list("paths")) {
    if (io::has_wildcards(path))
      reader.complain("paths", "what is waited for has a name, '" + path + "' has wildcards");
    spec.paths.push_back((context.working_dir / path).lexically_normal().string());
  }
  spec.gone = reader.choice("state") == 1;
  spec.stable_for = reader.duration("stable_for");
  spec.timeout = reader.duration("timeout");
  if (spec.gone && spec.stable_for.count() > 0) {
    reader.complain("stable_for", "stable_for is about files that are there, and state is gone");
  }
  return std::make_shared<WaitAction>(std::move(spec), context.pool);
}

}  // namespace

ActionForm file_wait_form() {
  return {"wait_for",
          "waits until files are there, or gone",
          {{.name = "paths",
            .value = "a path or a list of them",
            .meaning = "all of them, without wildcards",
            .required = true,
            .list = true},
           {.name = "state",
            .type = ParameterType::choice,
            .fallback = "exists",
            .meaning = "what is waited for",
            .choices = states},
           {.name = "stable_for",
            .type = ParameterType::duration,
            .fallback = "0s",
            .meaning = "and unchanged in size and time for so long"},
           {.name = "timeout",
            .type = ParameterType::duration,
            .meaning = "then the run fails; else the timeout of the job ends it",
            .least = 1}},
          make_wait};
}

}  // namespace belfry::jobs
