// The forms of `file` that keep things as they should be: retention, wait_for, sync, template.
#include <catch2/catch.hpp>
#include <chrono>

#include "async/spawn.hpp"
#include "file_fixture.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using ledger::Outcome;
using test::names;
using test::read;
using test::write;
using Folder = test::FileFolder;

namespace stdfs = std::filesystem;

namespace {

void write_aged(const stdfs::path& path, std::size_t size, std::chrono::hours age) {
  write(path, std::string(size, 'x'));
  stdfs::last_write_time(path, stdfs::file_time_type::clock::now() - age);
}

using Names = std::set<std::string>;

}  // namespace

TEST_CASE("retention keeps the newest by age, number and size", "[file]") {
  Folder dir;
  for (int day = 1; day <= 5; ++day) write_aged(dir / ("b/" + std::to_string(day)), 10, 24h * day);
  const auto left = [&](jobs::ParameterMap limits) {
    limits.insert({{"paths", "b/*"}, {"dry_run", "true"}});
    const auto ran = dir.run("retention", limits);
    REQUIRE(ran.outcome == Outcome::success);
    CHECK(names(dir / "b").size() == 5);
    return ran.report.message;
  };
  CHECK(left({{"max_age", "60h"}}) == "would delete 3 files, 30 B; kept 2 files, 20 B");
  CHECK(left({{"max_files", "4"}}) == "would delete 1 file, 10 B; kept 4 files, 40 B");
  CHECK(left({{"max_total", "25"}}) == "would delete 3 files, 30 B; kept 2 files, 20 B");
  CHECK(left({{"max_age", "1h"}, {"min_keep", "2"}}) == "would delete 3 files, 30 B; kept 2 files, 20 B");
  CHECK(left({{"max_age", "1h"}}) == "would delete 4 files, 40 B; kept 1 file, 10 B");
  CHECK(left({{"max_files", "4"}, {"exclude", "5"}}) == "nothing to delete of 4 files, 40 B");
  CHECK(dir.run("retention", {{"paths", "b/*\nb/1"}, {"max_files", "2"}}).report.message ==
        "deleted 3 files, 30 B; kept 2 files, 20 B");
  CHECK(names(dir / "b") == Names{"1", "2"});
  CHECK_THAT(dir.make("retention", {{"paths", "b/*"}}).error().message, Catch::Contains("needs a limit"));
  CHECK(dir.make("retention", {{"paths", "/*"}, {"max_files", "1"}}).error().key == "paths");
  CHECK(dir.make("retention", {{"paths", "b/*"}, {"max_files", "1"}, {"min_keep", "2"}}).error().key == "max_files");
}

TEST_CASE("retention by folder keeps the newest of each", "[file]") {
  Folder dir;
  for (int day = 1; day <= 3; ++day) {
    write_aged(dir / ("b/one/" + std::to_string(day)), 1, 24h * day);
    write_aged(dir / ("b/two/" + std::to_string(day)), 1, 24h * (day + 10));
  }
  stdfs::create_directory_symlink(dir / "b/one", dir / "b/three");
  CHECK(dir.run("retention", {{"paths", "b/*/*"}, {"max_files", "1"}, {"by_folder", "true"}}).report.message ==
        "deleted 4 files, 4 B; kept 2 files, 2 B");
  CHECK(names(dir / "b") == Names{"one/1", "two/1"});
}

TEST_CASE("wait_for returns at once for what is so, and fails after its time", "[file]") {
  Folder dir;
  write(dir / "there", "x");
  const std::string there = (dir / "there").string();
  const std::string absent = (dir / "absent").string();
  CHECK(dir.run("wait_for", {{"paths", "there"}}).report.message == there + " is there");
  CHECK(dir.run("wait_for", {{"paths", "absent"}, {"state", "gone"}}).report.message == absent + " is gone");
  CHECK(dir.run("wait_for", {{"paths", "there"}, {"stable_for", "1ms"}}).outcome == Outcome::success);
  const auto late = dir.run("wait_for", {{"paths", "there\nabsent"}, {"timeout", "1ms"}});
  CHECK(late.outcome == Outcome::failure);
  CHECK(late.report.message == "after 1ms, " + absent + " is not there");
  CHECK(dir.make("wait_for", {{"paths", "a*"}}).error().key == "paths");
  CHECK(dir.make("wait_for", {{"paths", "a"}, {"state", "gone"}, {"stable_for", "1s"}}).error().key == "stable_for");
}

TEST_CASE("wait_for sees what comes and goes while it waits", "[file]") {
  const bool gone = GENERATE(false, true);
  Folder dir;
  if (gone) write(dir / "deep/er/file", "x");
  const auto action = dir.make("wait_for", {{"paths", "deep/er/file"}, {"state", gone ? "gone" : "exists"}});
  const auto body = [&]() -> async::Task<> {
    auto waiting = async::spawn(test::run_once(*action), "the wait");
    // The pool has as many threads as work that is before us: the watch is laid or is about to be.
    co_await dir.pool().run([] {});
    if (gone) {
      stdfs::remove_all(dir / "deep");
    } else {
      write(dir / "deep/er/file", "x");
    }
    const test::Ran ran = co_await waiting;
    CHECK(ran.outcome == Outcome::success);
  };
  async::run(body());
}

TEST_CASE("sync makes a folder like another one, and does nothing twice", "[file]") {
  Folder dir;
  write(dir / "in/a", "1");
  write(dir / "in/deep/b", "22");
  write(dir / "in/skip.tmp", "333");
  stdfs::create_symlink("../outside", dir / "in/link");
  stdfs::create_directories(dir / "in/empty");
  ::chmod((dir / "in/deep").c_str(), 0750);
  write(dir / "out/extra/x", "x");
  write(dir / "out/kept.tmp", "x");
  write(dir / "outside/y", "y");
  const jobs::ParameterMap order{{"from", "in"}, {"to", "out"}, {"exclude", "*.tmp"}};
  auto deleting = order;
  deleting["delete"] = "true";
  auto dry = deleting;
  dry["dry_run"] = "true";
  const auto before = names(dir.path());
  CHECK(dir.run("sync", dry).report.message == "would copy 3 files, 3 B; 0 were the same; would delete 1");
  CHECK(names(dir.path()) == before);
  CHECK(dir.run("sync", order).report.message == "copied 3 files, 3 B; 0 were the same");
  CHECK(names(dir / "out") == Names{"a", "deep/b", "extra/x", "kept.tmp"});
  CHECK(stdfs::read_symlink(dir / "out/link") == "../outside");
  CHECK(stdfs::is_directory(dir / "out/empty"));
  CHECK((stdfs::status(dir / "out/deep").permissions() & stdfs::perms::all) == stdfs::perms(0750));
  CHECK(dir.run("sync", deleting).report.message == "copied 0 files, 0 B; 3 were the same; deleted 1");
  CHECK(names(dir / "out") == Names{"a", "deep/b", "kept.tmp"});
  CHECK(read(dir / "outside/y") == "y");
}

TEST_CASE("sync removes nothing that is left out, and replaces a file by a link only if it may delete", "[file]") {
  Folder dir;
  write(dir / "in/a", "1");
  write(dir / "out/old/data.keep", "x");
  write(dir / "out/old/other", "x");
  write(dir / "out/gone/other", "x");
  jobs::ParameterMap order{{"from", "in"}, {"to", "out"}, {"exclude", "*.keep"}, {"delete", "true"}};
  CHECK(dir.run("sync", order).report.message == "copied 1 file, 1 B; 0 were the same; deleted 2");
  CHECK(names(dir / "out") == Names{"a", "old/data.keep"});
  stdfs::create_symlink("a", dir / "in/link");
  write(dir / "out/link", "precious");
  order.erase("delete");
  CHECK_THAT(dir.run("sync", order).report.message,
             Catch::EndsWith("of another kind than its source; delete: true would replace it"));
  CHECK(read(dir / "out/link") == "precious");
  order["delete"] = "true";
  CHECK(dir.run("sync", order).outcome == Outcome::success);
  CHECK(stdfs::read_symlink(dir / "out/link") == "a");
  order["to"] = "in/deep/new";
  CHECK(dir.run("sync", order).outcome == Outcome::failure);
  CHECK_FALSE(stdfs::exists(dir / "in/deep"));
}

TEST_CASE("a move or copy whose target is a source of another one is refused", "[file]") {
  Folder dir;
  write(dir / "m/a", "A-top");
  write(dir / "m/z/a", "A-in-z");
  for (const char* const operation : {"move", "copy"}) {
    CHECK_THAT(dir.run(operation, {{"from", "m/**/*"}, {"to", "m/z/"}}).report.message,
               Catch::Contains("which is a source, too: nothing was done"));
    CHECK(read(dir / "m/a") == "A-top");
    CHECK(read(dir / "m/z/a") == "A-in-z");
  }
  stdfs::create_hard_link(dir / "m/a", dir / "m/b");
  CHECK(dir.run("move", {{"from", "m/a"}, {"to", "m/b"}}).outcome == Outcome::success);
  CHECK(names(dir / "m") == Names{"b", "z/a"});
  CHECK(dir.run("move", {{"from", "m/b"}, {"to", "m/b"}}).outcome == Outcome::success);
  CHECK(names(dir / "m") == Names{"b", "z/a"});
}

TEST_CASE("an archive has each name once, and a list of sums is a file of short lines", "[file]") {
  Folder dir;
  write(dir / "a/x", "1");
  write(dir / "b/x", "2");
  CHECK_THAT(dir.run("archive", {{"from", "a/*\nb/*"}, {"to", "out.tar"}}).report.message,
             Catch::Contains("would both be x in the archive: nothing was written"));
  CHECK(dir.run("archive", {{"from", "a/*\na/x"}, {"to", "out.tar"}}).report.message.starts_with("archived 1 file"));
  CHECK_THAT(dir.run("verify", {{"list", "/dev/zero"}}).report.message, Catch::Contains("no regular file"));
  write(dir / "long", std::string(100'000, 'a'));
  CHECK_THAT(dir.run("verify", {{"list", "long"}}).report.message,
             Catch::EndsWith("a line is too long for one of sha256sum"));
}

TEST_CASE("sync compares by size and time, or by content", "[file]") {
  Folder dir;
  write(dir / "in/a", "new");
  write(dir / "out/a", "old");
  const auto time = stdfs::file_time_type::clock::now() - 10h;
  stdfs::last_write_time(dir / "in/a", time);
  stdfs::last_write_time(dir / "out/a", time);
  CHECK_THAT(dir.run("sync", {{"from", "in"}, {"to", "out"}}).report.message, Catch::StartsWith("copied 0 files"));
  CHECK_THAT(dir.run("sync", {{"from", "in"}, {"to", "out"}, {"compare", "checksum"}}).report.message,
             Catch::StartsWith("copied 1 file"));
  CHECK(read(dir / "out/a") == "new");
}

TEST_CASE("sync refuses what would wipe the target: an empty or missing source, one folder in the other", "[file]") {
  Folder dir;
  stdfs::create_directory(dir / "in");
  write(dir / "out/a", "x");
  const jobs::ParameterMap order{{"from", "in"}, {"to", "out"}, {"delete", "true"}};
  const auto empty = dir.run("sync", order);
  CHECK(empty.outcome == Outcome::failure);
  CHECK_THAT(empty.report.message, Catch::Contains("is empty") && Catch::Contains("allow_empty"));
  CHECK_THAT(
      dir.run("sync", {{"from", "gone"}, {"to", "out"}, {"delete", "true"}, {"allow_empty", "true"}}).report.message,
      Catch::Contains("No such file"));
  CHECK_THAT(dir.run("sync", {{"from", "out"}, {"to", "out/in"}}).report.message, Catch::Contains("one in the other"));
  CHECK(names(dir / "out") == Names{"a"});
  auto allowed = order;
  allowed["allow_empty"] = "true";
  CHECK(dir.run("sync", allowed).outcome == Outcome::success);
  CHECK(names(dir / "out").empty());
}

TEST_CASE("sync follows no link in the target, and replaces another kind only where it may delete", "[file]") {
  Folder dir;
  write(dir / "in/sub/a", "new");
  write(dir / "outside/a", "precious");
  stdfs::create_directories(dir / "out");
  stdfs::create_directory_symlink(dir / "outside", dir / "out/sub");
  const auto refused = dir.run("sync", {{"from", "in"}, {"to", "out"}});
  CHECK(refused.outcome == Outcome::failure);
  CHECK_THAT(refused.report.message, Catch::Contains("of another kind"));
  CHECK(dir.run("sync", {{"from", "in"}, {"to", "out"}, {"delete", "true"}}).outcome == Outcome::success);
  CHECK(read(dir / "outside/a") == "precious");
  CHECK(read(dir / "out/sub/a") == "new");
  CHECK_FALSE(stdfs::is_symlink(dir / "out/sub"));
}

TEST_CASE("a template is filled from values, and from the environment only when asked", "[file]") {
  Folder dir;
  write(dir / "in", "host=${HOST} cost=$5 raw=$${HOST} $\n");
  ::chmod((dir / "in").c_str(), 0640);
  const jobs::ParameterMap order{{"from", "in"}, {"to", "out"}, {"values.HOST", "example.org"}};
  CHECK(dir.run("template", order).outcome == Outcome::success);
  CHECK(read(dir / "out") == "host=example.org cost=$5 raw=${HOST} $\n");
  CHECK((stdfs::status(dir / "out").permissions() & stdfs::perms::all) == stdfs::perms(0640));
  write(dir / "in", "one\n  ${HOTS}\n");
  const auto unknown = dir.run("template", order);
  CHECK(unknown.outcome == Outcome::failure);
  CHECK(unknown.report.message == (dir / "in").string() + ":2:3: there is no value of HOTS; did you mean \"HOST\"?");
  CHECK_THAT(read(dir / "out"), Catch::StartsWith("host="));
  for (const char* broken : {"${", "${}", "${a b}", "${1}"}) {
    write(dir / "in", broken);
    CHECK_THAT(dir.run("template", order).report.message, Catch::Contains("in:1:1: ${ wants a name"));
  }
  write(dir / "in", "${PATH}");
  CHECK(dir.run("template", order).outcome == Outcome::failure);
  CHECK(dir.run("template", {{"from", "in"}, {"to", "out"}, {"environment", "true"}, {"mode", "0600"}}).outcome ==
        Outcome::success);
  CHECK(read(dir / "out") == ::getenv("PATH"));
  CHECK(names(dir.path()) == Names{"in", "out"});
}

TEST_CASE("a name that is too long for a generation stops no other file's rotation", "[file]") {
  Folder dir;
  const std::string longest = std::string(251, 'n') + ".log";
  write(dir / longest, "1");
  write(dir / "z.log", "1");
  const auto ran = dir.run("rotate", {{"paths", "*.log"}, {"compress", "none"}});
  CHECK(ran.outcome == Outcome::failure);
  CHECK_THAT(ran.report.message, Catch::Contains(longest) && Catch::Contains("too long") && Catch::Contains("1 file"));
  CHECK(names(dir.path()) == Names{longest, "z.log.1"});
}
