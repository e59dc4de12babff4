#include "jobs/journal_lines.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <memory>
#include <set>
#include <string>

#include "action_fixture.hpp"
#include "jobs/exec.hpp"
#include "support/journald.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using test::Journald;
using test::JournalFields;

TEST_CASE("each line that a program prints is a record with its job, run and stream", "[journal_lines]") {
  const test::TempDir folder;
  const Journald journald(folder / "socket");
  const auto feed = std::make_shared<io::JournalFeed>((folder / "socket").string());
  const auto ran = test::run_action(jobs::make_exec(
      {.command = "echo one; printf '<3>two'; echo three >&2; printf '<8>x\\n<1' >&2", .journal = feed}));
  CHECK(ran.output() == "one\n<3>two");
  JournalFields common{
      {"SYSLOG_IDENTIFIER", "the job"}, {"BELFRY_JOB", "the job"}, {"BELFRY_RUN", "7"}, {"BELFRY_ATTEMPT", "2"}};
  const auto expected = [&](const char* message, const char* priority, const char* stream) {
    JournalFields fields = common;
    fields.insert({{"MESSAGE", message}, {"PRIORITY", priority}, {"BELFRY_STREAM", stream}});
    return fields;
  };
  std::multiset<JournalFields> got;
  for (int i = 0; i < 5; ++i) got.insert(journald.wait());
  CHECK(got == std::multiset<JournalFields>{expected("one", "6", "stdout"), expected("two", "3", "stdout"),
                                            expected("three", "4", "stderr"), expected("<8>x", "4", "stderr"),
                                            expected("<1", "4", "stderr")});
  CHECK_FALSE(journald.receive());
}

TEST_CASE("a long line is several records, and no secret reaches the journal", "[journal_lines]") {
  const test::TempDir folder;
  const Journald journald(folder / "socket");
  std::ofstream(folder / "token") << "hunter2";
  const auto feed = std::make_shared<io::JournalFeed>((folder / "socket").string());
  test::run_action(jobs::make_exec({.command = "cat $TOKEN; echo; head -c 10000 /dev/zero | tr '\\0' x",
                                    .secrets = {{.variable = "TOKEN", .place = (folder / "token").string()}},
                                    .secrets_folder = (folder / "secrets").string(),
                                    .journal = feed}));
  CHECK(journald.wait().at("MESSAGE") == "***");
  CHECK(journald.wait().at("MESSAGE") == std::string(8192, 'x'));
  CHECK(journald.wait().at("MESSAGE") == std::string(10000 - 8192, 'x'));
}
