// Scripts: texts that an interpreter reads, and where they cannot be seen or changed.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "action_fixture.hpp"
#include "io/launch.hpp"
#include "jobs/exec.hpp"

using namespace belfry;
using jobs::ExecSpec;
using jobs::Script;
using ledger::Outcome;
using test::run_action;

namespace {

using Argv = std::vector<std::string>;

test::Ran run_script(std::string text, Argv interpreter = {}) {
  return run_action(
      jobs::make_exec({.command = Script{.text = std::move(text), .interpreter = std::move(interpreter)}}));
}

}  // namespace

TEST_CASE("a script is read by the shell, by what its first line names, or by its interpreter", "[exec][script]") {
  CHECK(run_script("echo $((6 * 7))\n").output() == "42\n");
  CHECK(run_script("#!/bin/bash\necho ${BASH_VERSION:+bash}\n").output() == "bash\n");
  CHECK(run_script("#! /usr/bin/env -S perl -w \nprint 6 * 7, qq(\\n);\n").output() == "42\n");
  CHECK(run_script("#!/nowhere\necho $0 \"$1\"", {"/bin/sh", "-e"}).output() == "/proc/self/fd/4 \n");
  const auto shell =
      run_action(jobs::make_exec({.command = Script{.text = "echo ${BASH_VERSION:+bash}"}, .shell = "/bin/bash"}));
  CHECK(shell.output() == "bash\n");
}

TEST_CASE("python reads a script, and names its lines", "[exec][script]") {
  const auto python = run_script("import sys\nprint(6 * 7)\nraise ValueError('bad')\n", {"python3"});
  if (python.outcome == Outcome::start_error) {
    WARN("SKIPPED: there is no python3");
    return;
  }
  CHECK(python.output() == "42\n");
  CHECK(python.report.exit_code == 1);
  CHECK_THAT(python.error(), Catch::Contains("File \"/proc/self/fd/4\", line 3"));
}

TEST_CASE("an interpreter that is not there is a start error", "[exec][script]") {
  const auto ran = run_script("x", {"/no/such"});
  CHECK(ran.outcome == Outcome::start_error);
  CHECK(ran.report.message == "cannot start /no/such: No such file or directory (the command)");
}

TEST_CASE("a script has its standard input for itself", "[exec][script]") {
  ExecSpec spec{.command = Script{.text = "read line; echo got $line"}, .standard_input = jobs::StdinText{"hello\n"}};
  const auto action = jobs::make_exec(spec);
  CHECK(run_action(action).output() == "got hello\n");
  CHECK(run_action(action).output() == "got hello\n");  // from its beginning again
}

TEST_CASE("a script is in no argument, and nobody can change it", "[exec][script]") {
  const auto seen = run_script("cat /proc/self/cmdline /proc/$$/cmdline | tr '\\0' ' '; : hunter2\n");
  CHECK_FALSE(seen.output().contains("hunter2"));
  const auto changed = run_script("echo x 1<>/proc/self/fd/4 && echo changed\nprintf x >>/proc/self/fd/4; echo end\n");
  CHECK(changed.output() == "end\n");
  CHECK_FALSE(changed.error().empty());
}

TEST_CASE("a program is given the script and no other descriptor", "[exec][script]") {
  const std::string list = "ls /proc/$$/fd; true";
  const std::string found = "0\n1\n10\n2\n4\n";  // the shell reads it by a number of its own, from 10 on
  CHECK(run_script(list).output() == found);
  ExecSpec shimmed{.command = Script{.text = list}};
  shimmed.steps.umask = 022;
  CHECK(run_action(jobs::make_exec(shimmed)).output() == found);
  CHECK(run_action(jobs::make_exec({.command = list})).output() == "0\n1\n2\n");
}

TEST_CASE("a script of another user is read by that user", "[exec][script][user]") {
  if (::geteuid() != 0) {
    WARN("SKIPPED: only root can become another user");
    return;
  }
  ExecSpec spec{.command = Script{.text = "id -un; printf x >>/proc/self/fd/4"}, .working_dir = "/"};
  spec.user = {.user = "nobody"};
  const auto ran = run_action(jobs::make_exec(spec));
  CHECK(ran.output() == "nobody\n");
  CHECK_FALSE(ran.error().empty());
}

TEST_CASE("variables come from the daemon, the user, the files and the job, the last one wins", "[exec][env_file]") {
  test::TempDir dir;
  std::ofstream(dir / "x.env") << "A=file\nB=file\nHOME=/file\n";
  ::setenv("A", "daemon", 1);
  ::setenv("C", "daemon", 1);
  ExecSpec spec{.command = "echo $A $B $C $HOME $USER", .working_dir = "/", .environment = {{"B", "job"}}};
  spec.env_files = {{.path = (dir / "x.env").string()}};
  if (::geteuid() == 0) spec.user = {.user = "nobody"};
  const auto ran = run_action(jobs::make_exec(spec));
  ::unsetenv("A");
  ::unsetenv("C");
  CHECK_THAT(ran.output(), Catch::StartsWith("file job daemon /file"));
  if (::geteuid() == 0) CHECK(ran.output() == "file job daemon /file nobody\n");
}

TEST_CASE("a file of variables is read at each run, and a mistake in it is a start error", "[exec][env_file]") {
  test::TempDir dir;
  const auto write = [&](const char* text) { std::ofstream(dir / "x.env") << text; };
  ExecSpec spec{.command = "echo $A"};
  spec.env_files = {{.path = (dir / "x.env").string()}};
  const auto action = jobs::make_exec(spec);
  write("A=1\n");
  CHECK(run_action(action).output() == "1\n");
  write("A=2\n");
  CHECK(run_action(action).output() == "2\n");
  write("A=2\nhunter2\n");
  const auto ran = run_action(action);
  CHECK(ran.outcome == Outcome::start_error);
  CHECK(ran.report.message == "cannot start: env_file: " + (dir / "x.env").string() + ":2: this is no NAME=VALUE");
}
