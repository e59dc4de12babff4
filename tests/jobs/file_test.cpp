#include "jobs/file.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <expected>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "action_fixture.hpp"
#include "jobs/exec.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using ledger::Outcome;

namespace stdfs = std::filesystem;

namespace {

void write(const stdfs::path& path, const std::string& text) {
  stdfs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string read(const stdfs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The names below a folder, so that leftovers show.
std::set<std::string> names(const stdfs::path& folder) {
  std::set<std::string> all;
  for (const auto& entry : stdfs::recursive_directory_iterator(folder)) {
    if (!entry.is_directory()) all.insert(entry.path().lexically_relative(folder).string());
  }
  return all;
}

class Folder : public test::TempDir {
 public:
  test::Ran run(const std::string& operation, const jobs::ParameterMap& parameters) {
    const auto action = make(operation, parameters);
    if (!action) FAIL(action.error().message);
    return test::run_action(*action);
  }
  std::expected<std::shared_ptr<const engine::Action>, jobs::ParameterError> make(
      const std::string& operation, const jobs::ParameterMap& parameters) {
    return make_action(jobs::file_kind(), {.kind = "file", .form = operation, .parameters = parameters},
                       {.pool = &pool_, .working_dir = path()});
  }

 private:
  async::ThreadPool pool_{async::ThreadPoolOptions("test").threads(2)};
};

/// A file system of its own with little room; the test passes over where mounting is not permitted.
class SmallDisk {
 public:
  explicit SmallDisk(stdfs::path at) : at_(std::move(at)) {
    stdfs::create_directories(at_);
    mounted_ = ::mount("none", at_.c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  stdfs::path at_;
  bool mounted_ = false;
};

}  // namespace

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

TEST_CASE("a cancelled copy leaves no target and no temporary file", "[file]") {
  Folder dir;
  write(dir / "large.bin", "x");
  stdfs::resize_file(dir / "large.bin", 20ULL << 30U);  // sparse, and more than can be copied in the time
  const auto action = dir.make("copy", {{"from", "large.bin"}, {"to", "/dev/shm/belfry-cancelled.bin"}});
  const auto ran = test::run_action(*action, 30ms);
  CHECK_FALSE(ran.outcome);
  for (const auto& entry : stdfs::directory_iterator("/dev/shm")) {
    CHECK_THAT(entry.path().filename().string(), !Catch::Matchers::StartsWith("belfry-cancelled"));
  }
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
