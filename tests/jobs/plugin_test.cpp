// Runs of functions of plugins: what they are given, how they end, and that nothing of theirs reaches this process.
#include <sched.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "action_fixture.hpp"
#include "earlier_daemon.hpp"
#include "jobs/exec.hpp"
#include "jobs/native_plugin.hpp"
#include "jobs/plugin_form.hpp"
#include "jobs/plugin_probe.hpp"
#include "jobs/plugin_wire.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using ledger::Outcome;

namespace {

const std::filesystem::path plugins = BELFRY_PLUGIN_DIR;

jobs::ActionPointer make(const std::filesystem::path& path, const std::string& function,
                         const jobs::ParameterMap& parameters = {}, jobs::ExecSpec process = {}) {
  const auto plugin = jobs::probe_plugin(path);
  if (!plugin) FAIL(plugin.error());
  process.working_dir = "/";
  const jobs::ActionKind kind{.key = "native",
                              .value = {},
                              .meaning = {},
                              .form_by = jobs::FormBy::name,
                              .form_word = "function",
                              .text_means = {},
                              .forms = jobs::plugin_forms(*plugin, path, jobs::find_plugin_program().value())};
  const auto action = make_action(kind, {.kind = "native", .form = function, .parameters = parameters},
                                  {.working_dir = "/", .process = &process});
  if (!action) FAIL(action.error().message);
  return *action;
}

test::Ran run_fault(const std::string& function, const jobs::ParameterMap& parameters = {}) {
  return test::run_action(make(plugins / "faults.so", "faults." + function, parameters));
}

}  // namespace

TEST_CASE("a function of a plugin gets its parameters, prints, and says how it was", "[plugin]") {
  test::TempDir dir;
  std::ofstream(dir / "a") << "one two\nthree";
  std::ofstream(dir / "b") << "  four  ";
  const auto a = (dir / "a").string();
  const auto b = (dir / "b").string();
  const auto ran = test::run_action(make(plugins / "words.so", "words.count", {{"paths", a + "\n" + b}}));
  CHECK(ran.outcome == Outcome::success);
  CHECK(ran.report.message == "4 words");
  CHECK(ran.output() == "3 " + a + "\n1 " + b + "\n");
  CHECK_THAT(ran.error(), Contains("progress: 13 of 13\n"));

  const auto few = test::run_action(make(plugins / "words.so", "words.count", {{"paths", a}, {"at_least", "4"}}));
  CHECK(few.outcome == Outcome::failure);
  CHECK(few.report.message == "3 words, at 13 of 13");
  const auto none = test::run_action(make(plugins / "words.so", "words.count", {{"paths", "/no/such"}}));
  CHECK(none.report.message == "cannot read /no/such: No such file or directory");
}

TEST_CASE("its status is the exit code of the run", "[plugin]") {
  const auto seven = run_fault("seven");
  CHECK(seven.outcome == Outcome::failure);
  CHECK(seven.report.exit_code == 7);
  CHECK(seven.report.message == "unlabelled");
  CHECK(run_fault("seven", {{"label", "mine"}}).report.message == "mine");
  const auto odd = run_fault("out_of_range");
  CHECK(odd.outcome == Outcome::failure);
  CHECK(odd.report.message == "it returned 4711, and a status is from 0 to 255");
}

TEST_CASE("a crash of a plugin ends its own process, and the signal is named", "[plugin]") {
  const auto ran = run_fault("crash");
  CHECK(ran.outcome == Outcome::killed);
  CHECK(ran.report.signal == SIGSEGV);
  CHECK_THAT(ran.report.message, Catch::Matchers::StartsWith("faults.crash: killed by SIGSEGV"));
  CHECK(ran.error() == "warning: it will crash\n");
}

TEST_CASE("a plugin that leaves by exit(0) has failed", "[plugin]") {
  const auto ran = run_fault("leave");
  CHECK(ran.outcome == Outcome::failure);
  CHECK(
      ran.report.message ==
      "faults.leave ended its process with status 0 instead of returning: a function of a plugin must not call exit()");
}

TEST_CASE("an exception of a plugin is a failure with its text", "[plugin]") {
  const auto ran = test::run_action(make(plugins / "throws.so", "variant.run"));
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.report.message == "it threw an exception: thrown by a plugin");
}

TEST_CASE("a parameter that is not declared, or is no number, is a mistake of the plugin", "[plugin]") {
  CHECK(run_fault("curious").report.message == "it asked for the parameter 'no_such', which it does not declare");
  const auto ran = run_fault("numberless");
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.report.message == "it asked for the parameter 'label', which is a text, as a number");
}

TEST_CASE("a cancelled function sees its flag, and what it says then is kept", "[plugin]") {
  test::Ready ready;
  const auto action = make(plugins / "faults.so", "faults.obedient", {{"ready", ready.path()}});
  const auto ran = async::run(test::run_until(action, ready));
  CHECK_FALSE(ran.outcome);
  CHECK(ran.report.message == "gave up, at 40 of 100");
  CHECK(ran.report.exit_code == 1);
}

TEST_CASE("a cancelled function that does not look is killed after kill_grace", "[plugin]") {
  test::Ready ready;
  const auto action = make(plugins / "faults.so", "faults.loop", {{"ready", ready.path()}}, {.kill_grace = 10ms});
  const auto ran = async::run(test::run_until(action, ready));
  CHECK_FALSE(ran.outcome);
  CHECK(ran.report.signal == SIGKILL);
}

TEST_CASE("whatever a plugin prints and says, what is kept of it is bounded", "[plugin]") {
  const auto action = make(plugins / "faults.so", "faults.flood", {{"megabytes", "8"}}, {.output_budget = 4096});
  const auto ran = test::run_action(action);
  CHECK(ran.outcome == Outcome::success);
  CHECK(ran.report.standard_output.total_bytes == std::uint64_t{8} << 20U);
  CHECK(ran.output().size() == 4096);
  CHECK(ran.report.standard_error.total_bytes < 100'000);  // a hundred thousand times progress
  CHECK(ran.report.message == std::string(4000, 'm'));
}

TEST_CASE("a changed plugin is taken by the next run, and one that cannot be run any more is a start_error",
          "[plugin]") {
  test::TempDir dir;
  const auto path = dir / "words.so";
  std::filesystem::copy_file(plugins / "words.so", path);
  std::ofstream(dir / "a") << "one";
  const auto action = make(path, "words.count", {{"paths", (dir / "a").string()}});
  CHECK(test::run_action(action).outcome == Outcome::success);
  const auto replace = [&](const std::string& by) {
    std::filesystem::copy_file(plugins / by, dir / "new");
    std::filesystem::rename(dir / "new", path);
  };
  const std::string cannot = "cannot run words.count: the plugin " + path.string() + ": ";

  replace("faults.so");
  const auto gone = test::run_action(action);
  CHECK(gone.outcome == Outcome::start_error);
  CHECK_FALSE(gone.report.exit_code);
  CHECK(gone.report.message ==
        cannot + "it has no function 'count' any more: it was changed; reload the configuration");
  replace("other_major.so");
  CHECK_THAT(test::run_action(action).report.message, Contains(cannot + "it was built for version 2 of the ABI"));
  std::filesystem::permissions(path, std::filesystem::perms(0666));
  CHECK(test::run_action(action).report.message ==
        cannot + "others than its owner may write it, and so change what it does: chmod go-w " + path.string());
  std::filesystem::remove(path);
  CHECK(test::run_action(action).report.message == cannot + "it cannot be read: No such file or directory");
  replace("words.so");
  CHECK(test::run_action(action).outcome == Outcome::success);
}

TEST_CASE("what a function said of its end is heard by the next daemon, though nobody knows its exit status",
          "[plugin]") {
  const auto action = make(plugins / "faults.so", "faults.obedient");
  test::EarlierDaemon daemon(action, true);
  const pid_t pid = daemon.mark().pid;
  auto* const printed = reinterpret_cast<std::uint64_t*>(daemon.kept_error().data()) + 1;
  while (std::atomic_ref(*printed).load() == 0) ::sched_yield();  // the daemon reads, so it has given all to the keeper
  daemon.kill();
  REQUIRE(::kill(-pid, SIGTERM) == 0);
  while (io::start_ticks_of(pid) == daemon.mark().start_ticks) ::sched_yield();
  engine::Report report;
  report.kept_output = daemon.kept_output();
  report.kept_error = daemon.kept_error();
  report.kept = daemon.kept();
  std::erase_if(report.kept, [](const io::KeptFd& kept) { return kept.label == 1; });  // by which the kernel tells it
  const auto attempt = test::EarlierDaemon::attempt();
  CHECK(async::run(action->adopt(attempt, daemon.mark(), report)) == Outcome::failure);
  CHECK(report.exit_code == 1);
  CHECK(report.message == "gave up, at 40 of 100");
  CHECK(report.standard_error.head == "progress: 40 of 100\n");
}

TEST_CASE("a plugin gets numbers as digits, and paths of its own defaults below the working directory", "[plugin]") {
  using jobs::ParameterType;
  const jobs::PluginForm form(
      {.name = "f",
       .summary = {},
       .parameters = {
           {.name = "span", .type = ParameterType::duration, .fallback = "1s", .meaning = {}, .choices = {}},
           {.name = "room", .type = ParameterType::size, .fallback = {}, .meaning = {}, .choices = {}},
           {.name = "on", .type = ParameterType::flag, .fallback = "true", .meaning = {}, .choices = {}},
           {.name = "how", .type = ParameterType::choice, .fallback = {}, .meaning = {}, .choices = {"fast", "well"}},
           {.name = "in", .type = ParameterType::path, .list = true, .fallback = "data", .meaning = {}, .choices = {}},
           {.name = "not_given", .fallback = {}, .meaning = {}, .choices = {}}}});
  const jobs::ParameterMap given{{"span", "2m"}, {"room", "10K"}, {"how", "well"}};
  jobs::ParameterReader reader(given, form.parameters());
  const std::string wire = jobs::parameters_for_plugin(reader, form, "/folder");
  CHECK_FALSE(reader.error());
  std::string expected;
  for (const auto& [name, value] :
       {std::pair("span", "120000"), {"room", "10240"}, {"on", "true"}, {"how", "well"}, {"in", "/folder/data"}}) {
    jobs::put_field(expected, std::string_view(name));
    jobs::put_field(expected, 1);
    jobs::put_field(expected, std::string_view(value));
  }
  CHECK(wire == expected);
}
