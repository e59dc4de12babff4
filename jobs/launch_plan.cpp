#include "jobs/launch_plan.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "async/thread_pool.hpp"
#include "async/timeout.hpp"
#include "io/exec_shim.hpp"
#include "io/launch.hpp"
#include "jobs/account.hpp"
#include "jobs/env_file.hpp"
#include "jobs/shared_pool.hpp"

namespace belfry::jobs {

namespace {

// A directory server that takes longer than this does not answer.
constexpr auto lookup_patience = std::chrono::seconds(30);

constexpr std::string_view blanks = " \t\r";

/// What the kernel makes of a first line such as "#!/usr/bin/env -S perl -w": a program, and the rest as one argument.
std::vector<std::string> named_interpreter(std::string_view text) {
  if (!text.starts_with("#!")) return {};
  std::string_view line = text.substr(2, text.find('\n') - 2);
  if (const auto begin = line.find_first_not_of(blanks); begin != std::string_view::npos) line.remove_prefix(begin);
  while (!line.empty() && blanks.contains(line.back())) line.remove_suffix(1);
  if (line.empty()) return {};
  const auto end = line.find_first_of(blanks);
  std::vector<std::string> interpreter{std::string(line.substr(0, end))};
  if (end != std::string_view::npos) {
    interpreter.emplace_back(line.substr(line.find_first_not_of(blanks, end)));
  }
  return interpreter;
}

std::vector<std::string> argv_of(const Script& script, const std::string& shell) {
  auto argv = script.interpreter;
  if (argv.empty()) argv = named_interpreter(script.text);
  if (argv.empty()) argv = {shell};
  argv.emplace_back(io::script_path);
  return argv;
}

std::vector<std::string> argv_of(const ExecSpec& spec) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&spec.command)) return *list;
  if (const auto* script = std::get_if<Script>(&spec.command)) return argv_of(*script, spec.shell);
  return {spec.shell, "-c", std::get<std::string>(spec.command)};
}

using Lookup = std::expected<Account, std::string>;

/// One for all actions that name a user.
std::shared_ptr<async::ThreadPool> lookup_pool() {
  static SharedPool pool("accounts", 2);
  return pool.get();
}

async::Task<Lookup> look_up(AccountRequest request, async::ThreadPool& pool) {
  const std::string problem = "the user \"" + request.user + "\" could not be looked up: ";
  try {
    auto asking = pool.run(async::OnCancel::abandon, find_account, std::move(request));
    std::optional<Lookup> found = co_await async::move_on_after(lookup_patience, std::move(asking));
    if (found) co_return *std::move(found);
    co_return std::unexpected(problem + "the system's user database does not answer");
  } catch (const async::ThreadPoolFull&) {
    co_return std::unexpected(problem + "too many others are waiting for the system's user database");
  } catch (const std::system_error& error) {
    co_return std::unexpected(problem + "there is no thread for it: " + error.what());
  }
}

}  // namespace

LaunchPlan::LaunchPlan(const ExecSpec& spec) : spec_(spec) {
  if (spec.needs_shim()) {
    auto shim = io::find_shim();
    (shim ? shim_ : problem_) = shim ? *std::move(shim) : std::move(shim.error());
  }
  fixed_ = problem_.empty() && !spec.user && spec.env_files.empty() && !spec.needs_cgroup();
  if (spec.user) lookups_ = lookup_pool();
  inherited_ = inherited_environment(spec.clear_environment, spec.traced);
  if (!fixed_) return;
  launch_ = launch_with(spec.steps, {}, {});
  inherited_.clear();
}

/// A program that has another user or other mounts must enter its working directory as that user, and among these.
io::LaunchSpec LaunchPlan::launch_with(io::ShimSteps steps, const Variables& of_user, const Variables& of_files) const {
  io::LaunchSpec launch{.argv = argv_of(spec_),
                        .environment = environment_entries(inherited_, {&of_user, &of_files, &spec_.environment}),
                        .working_dir = spec_.working_dir};
  if (steps.user || steps.sandbox.mounts()) steps.working_dir = std::exchange(launch.working_dir, {});
  if (steps.needed()) launch.argv = io::shim_command(shim_, steps, launch.argv);
  return launch;
}

async::Task<std::expected<LaunchPlan::Completed, std::string>> LaunchPlan::complete(std::string cgroup) const {
  if (!problem_.empty()) co_return std::unexpected(problem_);
  if (fixed_) co_return Completed{.launch = launch_};
  auto of_files = co_await read_env_files(spec_.env_files);
  if (!of_files) co_return std::unexpected("cannot start: " + of_files.error());
  io::ShimSteps steps = spec_.steps;
  steps.cgroup = std::move(cgroup);
  Variables of_user;
  if (spec_.user) {
    const Lookup account = co_await look_up(*spec_.user, *lookups_);
    if (!account) co_return std::unexpected("cannot start: " + account.error());
    for (auto& [name, value] : account_environment(*account)) of_user.emplace(name, std::move(value));
    steps.user = {.name = account->name, .uid = account->uid, .gid = account->gid, .groups = account->groups};
  }
  std::optional<io::ShimUser> user = steps.user;
  co_return Completed{.launch = launch_with(std::move(steps), of_user, of_files->all),
                      .user = std::move(user),
                      .secret = std::move(of_files->secret)};
}

}  // namespace belfry::jobs
