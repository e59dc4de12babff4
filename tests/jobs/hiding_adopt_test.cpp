// What stays hidden of the output of a program whose daemon is killed, when the next daemon adopts it.
#include <sched.h>
#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "action_fixture.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "earlier_daemon.hpp"
#include "jobs/exec.hpp"

using namespace belfry;
using jobs::ExecSpec;
using ledger::Outcome;

namespace {

const std::string no_longer_known = "*** (what must be hidden is no longer known)\n";

// A job that is at a gate between two halves of its output when its daemon is killed.
struct HidingStage {
  test::TempDir dir;
  std::string root = (dir / "secrets").string();
  std::string env = (dir / "env").string();
  std::string go = (dir / "go").string();
  std::string told = (dir / "told").string();
  io::Fd held_go;
  io::Fd held_told;

  HidingStage() {
    std::ofstream(env) << "PASS=supersecretvalue123\n";
    for (const std::string& pipe : {go, told}) REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    held_go.reset(::open(go.c_str(), O_RDWR | O_CLOEXEC));
    held_told.reset(::open(told.c_str(), O_RDWR | O_CLOEXEC));
  }

  ExecSpec spec(const std::string& first, const std::string& then) const {
    return {.command = first + "; read x <" + go + "; echo >&2; read x <" + go + "; " + then,
            .env_files = {{.path = env, .secret = true}},
            .secrets_folder = root};
  }

  void open() const { REQUIRE(::write(held_go.get(), "\n", 1) == 1); }

  // Until the daemon has read that much, and is done with it: it reads the other stream after that.
  void wait_until_read(const test::EarlierDaemon& daemon, std::uint64_t bytes) const {
    const auto wait = [](std::span<std::byte> kept, std::uint64_t many) {
      auto* const words = reinterpret_cast<std::uint64_t*>(kept.data());
      while (std::atomic_ref(words[1]).load() < many) ::sched_yield();
    };
    wait(daemon.kept_output(), bytes);
    open();
    wait(daemon.kept_error(), 1);
  }

  // Opens the gate as soon as the program is adopted.
  async::Task<test::Adopted> adopt_and_open(std::shared_ptr<const engine::Action> action,
                                            const test::EarlierDaemon& daemon) const {
    test::Adopted adopted;
    auto adopting = async::spawn(test::adopt_into(adopted, std::move(action), daemon, daemon.mark()), "adopting");
    while (!test::reads_on(adopted, daemon)) co_await async::yield();
    open();
    co_await adopting;
    co_return adopted;
  }

  // The daemon is killed when it has shown so many bytes of the first half; then `meanwhile`, and the next one.
  template <class Meanwhile>
  test::Adopted take_over(const ExecSpec& spec, std::uint64_t shown, bool keeps, Meanwhile meanwhile) const {
    test::EarlierDaemon daemon(jobs::make_exec(spec), keeps);
    wait_until_read(daemon, shown);
    daemon.kill();
    ExecSpec now = spec;
    meanwhile(now);
    auto adopted = async::run(adopt_and_open(jobs::make_exec(now), daemon));
    CHECK(adopted.outcome == Outcome::success);
    CHECK_FALSE(std::filesystem::exists(root));
    return adopted;
  }
};

template <class Meanwhile>
void values_stay_hidden(Meanwhile meanwhile) {
  const HidingStage stage;
  const auto adopted = stage.take_over(stage.spec("echo begin", "echo $PASS $PASS >&2; echo $PASS"), 6, true,
                                       [&](ExecSpec& now) { meanwhile(stage, now); });
  CHECK(adopted.output() == "begin\n***\n");
  CHECK(adopted.report.standard_error.head == "\n*** ***\n");
}

void all_is_hidden_when_the_note_has_gone(bool keeps) {
  const HidingStage stage;
  const auto lost = [&](ExecSpec&) { std::filesystem::remove_all(stage.root); };
  const auto adopted = stage.take_over(stage.spec("echo begin", "echo $PASS; echo end"), 6, keeps, lost);
  CHECK(adopted.output() == "begin\n" + no_longer_known);
}

void all_is_hidden_when_the_note_is_cut(bool keeps) {
  const HidingStage stage;
  const auto cut = [&](ExecSpec&) {
    std::filesystem::resize_file(stage.root + "/7/hidden.texts", 9);  // as when it could not be written to its end
  };
  const auto adopted = stage.take_over(stage.spec("printf begin", "echo $PASS; echo end"), 5, keeps, cut);
  CHECK(adopted.output() == "begin\n" + no_longer_known);
}

void goes_on(const std::string& first, const std::string& then, std::uint64_t shown, const std::string& output) {
  const HidingStage stage;
  CHECK(stage.take_over(stage.spec(first, then), shown, true, [](ExecSpec&) {}).output() == output);
}

}  // namespace

// One daemon for each of the following: it is a fork, which must come before this process has threads.

TEST_CASE("the next daemon hides the values of a secret file that has changed", "[secrets][adopt]") {
  values_stay_hidden([](const HidingStage& stage, ExecSpec&) { std::ofstream(stage.env) << "PASS=another\n"; });
}

TEST_CASE("the next daemon hides the values of a secret file that has gone", "[secrets][adopt]") {
  values_stay_hidden([](const HidingStage& stage, ExecSpec&) { std::filesystem::remove(stage.env); });
}

TEST_CASE("the next daemon hides the values of a secret file that is not named any more", "[secrets][adopt]") {
  values_stay_hidden([](const HidingStage& stage, ExecSpec& now) {
    now = {.command = "true", .secrets_folder = stage.root};  // as a stand-in for a job that has gone
  });
}

TEST_CASE("the next daemon hides a secret though its source has changed and the program has removed its file",
          "[secrets][adopt]") {
  const HidingStage stage;
  const std::string source = (stage.dir / "token").string();
  std::ofstream(source) << "hunter2\n";
  ExecSpec spec = stage.spec("cat $TOKEN; rm -f $TOKEN; echo", "echo hunter2");
  spec.env_files.clear();
  spec.secrets = {{.variable = "TOKEN", .place = source}};
  const auto adopted = stage.take_over(spec, 5, true, [&](ExecSpec&) {
    jobs::remove_forgotten_secrets(stage.root, {7});
    std::ofstream(source) << "another";
  });
  CHECK(adopted.output() == "***\n\n***\n");
}

TEST_CASE("what the next daemon cannot know to be hidden is hidden with all else", "[secrets][adopt]") {
  all_is_hidden_when_the_note_has_gone(true);
}

TEST_CASE("the same without a keeper", "[secrets][adopt]") { all_is_hidden_when_the_note_has_gone(false); }

TEST_CASE("what is to be hidden and cannot be read is hidden with all else", "[secrets][adopt]") {
  all_is_hidden_when_the_note_is_cut(true);
}

TEST_CASE("what cannot be read is hidden without a keeper, too", "[secrets][adopt]") {
  all_is_hidden_when_the_note_is_cut(false);
}

TEST_CASE("the keeper knows that there was something to hide when nothing else does", "[secrets][adopt]") {
  const HidingStage stage;
  const auto adopted = stage.take_over(stage.spec("echo begin", "echo $PASS"), 6, true, [&](ExecSpec& now) {
    std::filesystem::remove_all(stage.root);
    now = {.command = "true", .secrets_folder = stage.root};
  });
  CHECK(adopted.output() == "begin\n" + no_longer_known);
}

TEST_CASE("what a killed daemon held back is not lost", "[secrets][adopt]") {
  goes_on("printf 'progress: supe'", "printf '!\\nend\\n'", 10, "progress: supe!\nend\n");
}

TEST_CASE("the rest of a secret is not shown by the next daemon", "[secrets][adopt]") {
  goes_on("printf 'begin supersecretva'", "printf 'lue123 end\\n'", 6, "begin *** end\n");
}

TEST_CASE("what a killed daemon held back is shown at the end", "[secrets][adopt]") {
  goes_on("printf 'begin supe'", "true", 6, "begin supe");
}

TEST_CASE("where nobody kept what was held back, the line that goes on is hidden", "[secrets][adopt]") {
  const HidingStage stage;
  const auto spec = stage.spec("printf 'begin supersecretva'", "printf 'lue123 end\\n'; echo $PASS, the end");
  CHECK(stage.take_over(spec, 6, false, [](ExecSpec&) {}).output() == "begin ***\n***, the end\n");
}

TEST_CASE("what is noted for the next daemon is ours alone, and a part of a run notes nothing", "[secrets]") {
  const HidingStage stage;
  const std::string note = stage.root + "/7/hidden.texts";
  const ExecSpec spec{.command = "stat -c '%a %u' " + note + " $(dirname " + note + ")",
                      .env_files = {{.path = stage.env, .secret = true}},
                      .secrets_folder = stage.root};
  const std::string us = std::to_string(::geteuid());
  CHECK(test::run_action(jobs::make_exec(spec)).output() == "400 " + us + "\n700 " + us + "\n");
  CHECK_FALSE(std::filesystem::exists(stage.root));
  engine::Report report;
  const engine::Attempt part{
      .job = "the job", .run = 7, .scheduled_at = std::nullopt, .started_at = {}, .part = "step.0.1"};
  ExecSpec of_part = spec;
  of_part.command = "echo $PASS; ls " + stage.root;
  async::run(jobs::make_exec(of_part)->run(part, report));
  CHECK(report.standard_output.head == "***\n");
}

namespace {

// Whether a thread of that name was seen while the program was run.
async::Task<bool> seen_thread(std::string_view name, std::shared_ptr<const engine::Action> action) {
  bool ended = false;
  const auto run = [&]() -> async::Task<> {
    co_await test::run_once(action);
    ended = true;
  };
  auto running = async::spawn(run(), "run");
  bool seen = false;
  while (!ended) {
    std::error_code gone;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", gone)) {
      std::string comm;
      std::getline(std::ifstream(thread.path() / "comm"), comm);
      seen = seen || comm.starts_with(name);
    }
    co_await async::yield();
  }
  co_await running;
  co_return seen;
}

}  // namespace

TEST_CASE("much to hide is prepared beside the loop", "[secrets]") {
  const HidingStage stage;
  const std::string source = (stage.dir / "large").string();
  std::ofstream(source) << std::string(jobs::largest_secret, 'x');
  const auto action = jobs::make_exec(
      {.command = "true", .secrets = {{.variable = "LARGE", .place = source}}, .secrets_folder = stage.root});
  bool seen = false;
  for (int tries = 0; !seen && tries < 100; ++tries) seen = async::run(seen_thread("secrets-", action));
  CHECK(seen);
}
