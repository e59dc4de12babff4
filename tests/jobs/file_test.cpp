#include "jobs/file.hpp"

#include <catch2/catch.hpp>
#include <chrono>

#include "file_fixture.hpp"
#include "jobs/exec.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using ledger::Outcome;
using test::names;
using test::read;
using test::write;
using Folder = test::FileFolder;
using test::SmallDisk;

namespace stdfs = std::filesystem;

TEST_CASE("copy keeps content, mode and times, and replaces the target as a whole", "[file]") {
  Folder dir;
  write(dir / "from.txt", "new");
  write(dir / "to.txt", "old and longer");
  ::chmod((dir / "from.txt").c_str(), 0600);
  stdfs::last_write_time(dir / "from.txt", stdfs::file_time_type::clock::now() - 100h);
  const auto ran = dir.run("copy", {{"from", "from.txt"}, {"to", "to.txt"}});
  CHECK(ran.outcome == Outcome::success);
  CHECK(ran.report.message == "copied 1 file, 3 B");
  CHECK(read(dir / "to.txt") == "new");
  struct ::stat from{};
  struct ::stat to{};
  ::stat((dir / "from.txt").c_str(), &from);
  ::stat((dir / "to.txt").c_str(), &to);
  CHECK((to.st_mode & 07777U) == 0600);
  CHECK(to.st_mtim.tv_sec == from.st_mtim.tv_sec);
  CHECK(to.st_uid == from.st_uid);
  CHECK(names(dir.path()) == std::set<std::string>{"from.txt", "to.txt"});
}

TEST_CASE("a copy of a deep glob makes the same tree elsewhere, without links", "[file]") {
  Folder dir;
  write(dir / "src/a.txt", "1");
  write(dir / "src/deep/er/b.txt", "22");
  write(dir / "src/deep/c.log", "333");
  write(dir / "secret.txt", "outside");
  stdfs::create_symlink(dir / "secret.txt", dir / "src/link.txt");
  stdfs::create_directory_symlink(dir.path(), dir / "src/up");
  const auto ran = dir.run("copy", {{"from", "src/**/*.txt"}, {"to", "copy"}});
  CHECK(ran.report.message == "copied 2 files, 3 B");
  CHECK(names(dir / "copy") == std::set<std::string>{"a.txt", "deep/er/b.txt"});
}

TEST_CASE("without overwrite an existing target stays as it is", "[file]") {
  const std::string operation = GENERATE("copy", "move");
  Folder dir;
  write(dir / "from.txt", "new");
  write(dir / "to.txt", "old");
  const auto ran = dir.run(operation, {{"from", "from.txt"}, {"to", "to.txt"}, {"overwrite", "false"}});
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.report.message == "the target " + (dir / "to.txt").string() + " exists, and overwrite is false");
  CHECK(read(dir / "to.txt") == "old");
  CHECK(names(dir.path()) == std::set<std::string>{"from.txt", "to.txt"});
}

TEST_CASE("a copy that fails says where, and leaves nothing half-written", "[file]") {
  Folder dir;
  const auto missing = dir.run("copy", {{"from", "missing.txt"}, {"to", "to.txt"}});
  CHECK(missing.outcome == Outcome::failure);
  CHECK(missing.report.message == "cannot find " + (dir / "missing.txt").string() + ": No such file or directory");
  CHECK(dir.run("copy", {{"from", "*.none"}, {"to", "to"}}).report.message == "nothing to copy: no file matches");

  stdfs::create_directory(dir / "folder");
  const auto folder = dir.run("copy", {{"from", "folder"}, {"to", "other"}});
  CHECK_THAT(folder.report.message, Catch::Matchers::Contains("no regular file"));

  SmallDisk disk(dir / "disk");
  if (!disk.mounted()) {
    WARN("no permission to mount a tmpfs: a full disk was not tried");
    return;
  }
  write(dir / "large.bin", std::string(3'000'000, 'x'));
  write(dir / "disk/target.bin", "old");
  const auto full = dir.run("copy", {{"from", "large.bin"}, {"to", "disk/target.bin"}});
  CHECK(full.outcome == Outcome::failure);
  CHECK_THAT(full.report.message, Catch::Matchers::EndsWith("No space left on device"));
  CHECK(read(dir / "disk/target.bin") == "old");
  CHECK(names(dir / "disk") == std::set<std::string>{"target.bin"});
}

TEST_CASE("a copy keeps the holes of a file", "[file]") {
  Folder dir;
  write(dir / "sparse.img", "begin");
  stdfs::resize_file(dir / "sparse.img", 8ULL << 30U);
  std::ofstream(dir / "sparse.img", std::ios::app) << "end";
  REQUIRE(dir.run("copy", {{"from", "sparse.img"}, {"to", "copy.img"}}).outcome == Outcome::success);
  struct ::stat status{};
  ::stat((dir / "copy.img").c_str(), &status);
  CHECK(status.st_size == (off_t{8} << 30U) + 3);
  CHECK(status.st_blocks < 1000);
  std::ifstream copy(dir / "copy.img");
  std::string text(5, ' ');
  copy.read(text.data(), 5);
  CHECK(text == "begin");
  copy.seekg(-3, std::ios::end);
  copy.read(text.data(), 3);
  CHECK(text == "endin");
}

TEST_CASE("a copy of a file of /proc, which claims to be empty, is whole", "[file]") {
  Folder dir;
  CHECK(dir.run("copy", {{"from", "/proc/self/cmdline"}, {"to", "copy"}}).outcome == Outcome::success);
  CHECK(read(dir / "copy") == read("/proc/self/cmdline"));
}

TEST_CASE("set-user-ID is not copied to a file of another owner", "[file]") {
  if (::geteuid() == 0) {
    WARN("root may give files away: not tried");
    return;
  }
  Folder dir;
  const std::string source = "/usr/bin/passwd";
  if (!stdfs::exists(source)) return;
  CHECK(dir.run("copy", {{"from", source}, {"to", "passwd"}}).outcome == Outcome::success);
  struct ::stat status{};
  ::stat((dir / "passwd").c_str(), &status);
  CHECK((status.st_mode & 06000U) == 0);
}

TEST_CASE("move renames, also into a folder and across file systems", "[file]") {
  Folder dir;
  write(dir / "a.txt", "a");
  write(dir / "b.txt", "bb");
  const auto ran = dir.run("move", {{"from", "a.txt\nb.txt"}, {"to", "archive"}});
  CHECK(ran.report.message == "moved 2 files, 3 B");
  CHECK(names(dir.path()) == std::set<std::string>{"archive/a.txt", "archive/b.txt"});
  const stdfs::path other = "/dev/shm/belfry-file-test-" + std::to_string(::getpid());
  const auto across = dir.run("move", {{"from", "archive/b.txt"}, {"to", other.string()}});
  CHECK(across.outcome == Outcome::success);
  CHECK(read(other) == "bb");
  CHECK_FALSE(stdfs::exists(dir / "archive/b.txt"));
  stdfs::remove(other);
}

TEST_CASE("delete takes files of an age, never folders or what links point to", "[file]") {
  Folder dir;
  write(dir / "logs/old.log", "12345");
  write(dir / "logs/new.log", "1");
  write(dir / "logs/sub.log/inside", "x");
  write(dir / "keep.log", "kept");
  stdfs::create_directory_symlink(dir.path(), dir / "logs/up");
  stdfs::last_write_time(dir / "logs/old.log", stdfs::file_time_type::clock::now() - 48h);
  const auto ran = dir.run("delete", {{"paths", "logs/*.log\nlogs/**/keep.log"}, {"min_age", "1d"}});
  CHECK(ran.report.message == "deleted 1 file, 5 B");
  CHECK(stdfs::exists(dir / "keep.log"));
  CHECK(stdfs::exists(dir / "logs/sub.log/inside"));
  CHECK(dir.run("delete", {{"paths", "logs/*.log"}}).report.message == "deleted 1 file, 1 B");
  CHECK(dir.run("delete", {{"paths", "logs/up"}}).outcome == Outcome::success);
  CHECK_FALSE(stdfs::exists(stdfs::symlink_status(dir / "logs/up")));
  CHECK(stdfs::exists(dir / "keep.log"));
  CHECK(dir.run("delete", {{"paths", "logs/none"}}).report.message == "nothing to delete");
  CHECK_THAT(dir.run("delete", {{"paths", "logs"}}).report.message, Catch::Matchers::Contains("name its files"));
}

TEST_CASE("a delete that would empty the root, or says nothing, is refused at load time", "[file]") {
  Folder dir;
  for (const char* slip : {"/", "/*", "/*/log", "//*", "/./*"}) {
    CAPTURE(slip);
    const auto refused = dir.make("delete", {{"paths", slip}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().key == "paths");
    CHECK_THAT(refused.error().message, Catch::Matchers::Contains("root folder"));
  }
  CHECK(dir.make("delete", {{"paths", ""}}).error().message ==
        "paths is missing: a path, a glob or a list of them, the files");
  CHECK_THAT(dir.make("delete", {{"paths", "logs/*/../../x"}}).error().message,
             Catch::Matchers::Contains("goes back by .."));
  CHECK(dir.make("remove", {}).error().key == "operation");
}

TEST_CASE("rotation keeps so many, compressed so that the tools accept them", "[file]") {
  const std::string method = GENERATE("none", "gzip", "zstd");
  const std::string ending = method == "none" ? "" : method == "gzip" ? ".gz" : ".zst";
  Folder dir;
  for (int round = 1; round <= 5; ++round) {
    std::string text;
    for (int line = 0; line < 1000; ++line) text += "round " + std::to_string(round) + " line\n";
    write(dir / "app.log", text);
    const auto ran = dir.run("rotate", {{"paths", "*.log"}, {"compress", method}, {"keep", "3"}});
    CHECK(ran.outcome == Outcome::success);
    CHECK_THAT(ran.report.message, Catch::Matchers::StartsWith("rotated 1 file, 12.7 KiB"));
  }
  CHECK(names(dir.path()) == std::set<std::string>{"app.log.1" + ending, "app.log.2" + ending, "app.log.3" + ending});
  for (int number = 1; number <= 3; ++number) {
    const std::string path = (dir / ("app.log." + std::to_string(number) + ending)).string();
    const std::string tool = method == "none" ? "cat " : method + " -dc ";
    const auto unpacked = test::run_action(jobs::make_exec({.command = tool + path + " | head -n 1"}));
    CHECK(unpacked.report.standard_output.head == "round " + std::to_string(6 - number) + " line\n");
    if (method != "none") {
      CHECK(test::run_action(jobs::make_exec({.command = method + " -t " + path})).outcome == Outcome::success);
    }
  }
}

TEST_CASE("rotation passes over small, empty, missing and rotated files", "[file]") {
  Folder dir;
  write(dir / "small.log", "x");
  write(dir / "empty.log", "");
  write(dir / "other.1", "a generation");
  write(dir / "other.2.gz", "another");
  CHECK(dir.run("rotate", {{"paths", "*.log\nmissing"}, {"min_size", "1K"}}).report.message == "nothing to rotate");
  CHECK(dir.run("rotate", {{"paths", "*"}, {"compress", "none"}}).report.message == "rotated 1 file, 1 B");
  CHECK(names(dir.path()) == std::set<std::string>{"small.log.1", "empty.log", "other.1", "other.2.gz"});
}

TEST_CASE("rotation whose compression fails keeps the content", "[file]") {
  Folder dir;
  SmallDisk disk(dir / "disk");
  if (!disk.mounted()) {
    WARN("no permission to mount a tmpfs: a full disk was not tried");
    return;
  }
  std::string noise;  // incompressible
  for (unsigned i = 0, x = 1; i < 700'000; ++i) noise += static_cast<char>((x = x * 1664525U + 1013904223U) >> 24U);
  write(dir / "disk/app.log", noise);
  const auto ran = dir.run("rotate", {{"paths", "disk/app.log"}});
  CHECK(ran.outcome == Outcome::failure);
  CHECK_THAT(ran.report.message, Catch::Matchers::Contains("No space left on device"));
  CHECK(names(dir / "disk") == std::set<std::string>{"app.log.1"});
  CHECK(read(dir / "disk/app.log.1") == noise);
}

TEST_CASE("without permission the operation says so", "[file]") {
  if (::geteuid() == 0) {
    WARN("root may do everything: not tried");
    return;
  }
  Folder dir;
  write(dir / "closed/file", "x");
  ::chmod((dir / "closed").c_str(), 0500);
  const auto ran = dir.run("delete", {{"paths", "closed/file"}});
  ::chmod((dir / "closed").c_str(), 0700);
  CHECK(ran.report.message == "cannot remove " + (dir / "closed/file").string() + ": Permission denied");
}

TEST_CASE("a target that is no regular file is refused before anything is touched", "[file]") {
  const std::string operation = GENERATE("copy", "move");
  const std::string overwrite = GENERATE("true", "false");
  Folder dir;
  write(dir / "a", "1");
  write(dir / "b", "22");
  stdfs::create_directories(dir / "to/b");
  const auto folder = dir.run(operation, {{"from", "a\nb"}, {"to", "to"}, {"overwrite", overwrite}});
  CHECK(folder.outcome == Outcome::failure);
  CHECK(folder.report.message ==
        "cannot replace " + (dir / "to/b").string() + ": it is a folder, not a regular file; name another target");
  stdfs::remove(dir / "to/b");
  REQUIRE(::mkfifo((dir / "to/b").c_str(), 0600) == 0);
  const auto fifo = dir.run(operation, {{"from", "a\nb"}, {"to", "to"}, {"overwrite", overwrite}});
  CHECK_THAT(fifo.report.message, Catch::Matchers::Contains("it is a device, a FIFO or a socket"));
  CHECK(stdfs::is_fifo(dir / "to/b"));
  stdfs::create_symlink("/dev/null", dir / "null");
  CHECK(dir.run(operation, {{"from", "a"}, {"to", "null"}, {"overwrite", overwrite}}).outcome == Outcome::failure);
  CHECK(stdfs::is_symlink(dir / "null"));
  CHECK(names(dir.path()) == std::set<std::string>{"a", "b", "null", "to/b"});
}

TEST_CASE("a target that is a link to a regular file is replaced, not followed", "[file]") {
  const std::string operation = GENERATE("copy", "move");
  Folder dir;
  write(dir / "from", "new");
  write(dir / "file", "old");
  stdfs::create_symlink("file", dir / "link");
  CHECK(dir.run(operation, {{"from", "from"}, {"to", "link"}}).outcome == Outcome::success);
  CHECK_FALSE(stdfs::is_symlink(dir / "link"));
  CHECK(read(dir / "link") == "new");
  CHECK(read(dir / "file") == "old");
}

TEST_CASE("several sources of one target are refused before anything is moved", "[file]") {
  const std::string operation = GENERATE("copy", "move");
  Folder dir;
  write(dir / "d1/same", "1");
  write(dir / "d1/other", "11");
  write(dir / "d2/same", "2");
  const auto ran = dir.run(operation, {{"from", "d1/*\nd2/same"}, {"to", "dd/"}});
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.report.message == (dir / "d1/same").string() + " and " + (dir / "d2/same").string() +
                                  " have the same target " + (dir / "dd/same").string() +
                                  ": nothing was done; give each of them its own folder");
  CHECK(names(dir.path()) == std::set<std::string>{"d1/same", "d1/other", "d2/same"});
  CHECK_FALSE(stdfs::exists(dir / "dd"));
}

TEST_CASE("a source that two patterns name is taken once", "[file]") {
  const std::string operation = GENERATE("copy", "move");
  Folder dir;
  write(dir / "in/a.csv", "1");
  write(dir / "in/b.csv", "22");
  const auto ran = dir.run(operation, {{"from", "in/*.csv\nin/a.csv"}, {"to", "out"}});
  CHECK_THAT(ran.report.message, Catch::Matchers::EndsWith(" 2 files, 3 B"));
  CHECK(names(dir / "out") == std::set<std::string>{"a.csv", "b.csv"});
}

TEST_CASE("a dry run changes nothing and lists what would be", "[file]") {
  Folder dir;
  write(dir / "in/a.log", "1");
  write(dir / "in/deep/b.log", "22");
  const auto before = names(dir.path());
  const std::string a = (dir / "in/a.log").string();
  const auto copy = dir.run("copy", {{"from", "in/**/*.log"}, {"to", "out"}, {"dry_run", "true"}});
  CHECK(copy.report.message == "would copy 2 files, 3 B");
  CHECK_THAT(copy.output(), Catch::Contains("copy " + a + " to " + (dir / "out/a.log").string() + "\n"));
  CHECK(dir.run("move", {{"from", "in/*.log"}, {"to", "out"}, {"dry_run", "true"}}).output() ==
        "move " + a + " to " + (dir / "out/a.log").string() + "\n");
  CHECK(dir.run("delete", {{"paths", "in/*.log"}, {"dry_run", "true"}}).output() == "delete " + a + "\n");
  CHECK(dir.run("rotate", {{"paths", "in/*.log"}, {"dry_run", "true"}}).output() == "rotate " + a + "\n");
  CHECK(dir.run("mkdir", {{"paths", "out"}, {"dry_run", "true"}}).report.message == "would make 1 folder");
  CHECK(dir.run("checksum", {{"paths", "in/*.log"}, {"output", "sums"}, {"dry_run", "true"}}).output() ==
        "sum " + a + "\n");
  CHECK(names(dir.path()) == before);
  CHECK_FALSE(stdfs::exists(dir / "out"));
}

TEST_CASE("what is excluded is left out, a folder with all that is in it", "[file]") {
  Folder dir;
  for (const char* name : {"a.log", "b.tmp", ".c.tmp", "cache/d.log", "deep/cache/e.log", "deep/f.log", "deep/g.tmp"}) {
    write(dir / "in" / name, "x");
  }
  const auto left = [&](const std::string& exclude) {
    stdfs::remove_all(dir / "out");
    REQUIRE(dir.run("copy", {{"from", "in/**/*.*"}, {"to", "out"}, {"exclude", exclude}}).outcome == Outcome::success);
    return names(dir / "out");
  };
  CHECK(left("*.tmp\ncache/") == std::set<std::string>{"a.log", "deep/f.log"});
  CHECK(left("/cache\n*.tmp") == std::set<std::string>{"a.log", "deep/cache/e.log", "deep/f.log"});
  CHECK(left("deep/*.log\n*.tmp") == std::set<std::string>{"a.log", "cache/d.log", "deep/cache/e.log"});
  CHECK(left("**/*.log") == std::set<std::string>{"b.tmp", "deep/g.tmp"});
  CHECK(dir.run("delete", {{"paths", "in/**/*"}, {"exclude", "deep"}}).report.message == "deleted 3 files, 3 B");
  CHECK(dir.make("delete", {{"paths", "in/*"}, {"exclude", "//"}}).error().key == "exclude");
}

TEST_CASE("mkdir makes folders with their mode, and leaves what is there", "[file]") {
  Folder dir;
  write(dir / "file", "x");
  stdfs::create_directory(dir / "old");
  ::chmod((dir / "old").c_str(), 0711);
  const auto mode = [&](const char* name) {
    struct ::stat status{};
    REQUIRE(::stat((dir / name).c_str(), &status) == 0);
    return status.st_mode & 07777U;
  };
  CHECK(dir.run("mkdir", {{"paths", "a/b/c/\nold"}, {"mode", "2770"}}).report.message == "made 1 folder");
  CHECK(mode("a/b/c") == 02770);
  CHECK(mode("old") == 0711);
  CHECK(dir.run("mkdir", {{"paths", "a/b/c"}}).report.message == "nothing to make: all folders are there");
  CHECK_THAT(dir.run("mkdir", {{"paths", "file"}}).report.message, Catch::EndsWith("File exists"));
  CHECK_THAT(dir.run("mkdir", {{"paths", "file/below"}}).report.message, Catch::Contains("file: Not a directory"));
  CHECK_THAT(dir.make("mkdir", {{"paths", "x"}, {"mode", "rwx"}}).error().message, Catch::Contains("octal digits"));
  CHECK(dir.make("mkdir", {{"paths", "x*"}}).error().key == "paths");
}

TEST_CASE("sums are written as sha256sum wants them, and verified as it does", "[file]") {
  Folder dir;
  write(dir / "data/a.txt", "abc");
  write(dir / "data/deep/line\nbreak", "x");
  const jobs::ParameterMap sum{{"paths", "data/**/*"}, {"output", "data/SHA256SUMS"}, {"relative_to", "data"}};
  CHECK_THAT(dir.run("checksum", sum).report.message, Catch::StartsWith("SHA-256 of 2 files, 4 B, in "));
  CHECK_THAT(dir.run("checksum", sum).report.message, Catch::StartsWith("SHA-256 of 2 files"));  // not of the list
  const auto peer = test::run_action(
      jobs::make_exec({.command = "cd " + (dir / "data").string() + " && sha256sum --check --strict SHA256SUMS"}));
  CHECK(peer.outcome == Outcome::success);
  CHECK_THAT(peer.output(), Catch::Contains("a.txt: OK"));
  CHECK(dir.run("verify", {{"list", "data/SHA256SUMS"}}).report.message == "SHA-256 of 2 files, 4 B is right");
  write(dir / "data/a.txt", "abd");
  const auto wrong = dir.run("verify", {{"list", "data/SHA256SUMS"}});
  CHECK(wrong.outcome == Outcome::failure);
  CHECK(wrong.report.message ==
        "1 of 2 files in " + (dir / "data/SHA256SUMS").string() + " is not as summed; the first: a.txt: FAILED");
  CHECK(wrong.output() == "a.txt: FAILED\n");
  stdfs::rename(dir / "data/SHA256SUMS", dir / "sums");
  CHECK(dir.run("verify", {{"list", "sums"}}).output() ==
        "a.txt: FAILED open or read\n"
        "deep/line\nbreak: FAILED open or read\n");
  write(dir / "data/a.txt", "abc");
  CHECK(dir.run("verify", {{"list", "sums"}, {"base", "data"}}).outcome == Outcome::success);
  write(dir / "sums", "0123  a.txt\n");
  CHECK_THAT(dir.run("verify", {{"list", "sums"}}).report.message, Catch::Contains("sums:1: not a line of sha256sum"));
  write(dir / "sums", "");
  CHECK_THAT(dir.run("verify", {{"list", "sums"}}).report.message, Catch::Contains("nothing to verify"));
}

TEST_CASE("rotation removes generations of an age", "[file]") {
  Folder dir;
  write(dir / "app.log", "new");
  write(dir / "app.log.1", "1");
  write(dir / "app.log.2.gz", "2");
  stdfs::last_write_time(dir / "app.log.2.gz", stdfs::file_time_type::clock::now() - 48h);
  CHECK(dir.run("rotate", {{"paths", "*.log"}, {"max_age", "1d"}, {"compress", "none"}}).outcome == Outcome::success);
  CHECK(names(dir.path()) == std::set<std::string>{"app.log.1", "app.log.2"});
}
