#include "io/fs.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "async/cancel.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "io/glob.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
namespace fs = io::fs;

namespace {

std::vector<std::string> matches(const std::string& pattern, const std::string& base) {
  std::vector<std::string> found;
  for (const auto& match : async::run(io::glob(pattern))) found.push_back(match.path.substr(base.size() + 1));
  return found;
}

}  // namespace

TEST_CASE("a file is written, read, measured and renamed", "[fs]") {
  test::TempDir dir;
  const auto body = [](std::string folder) -> async::Task<> {
    fs::File file = co_await fs::File::open(folder + "/a", O_RDWR | O_CREAT | O_EXCL, 0640);
    co_await file.write("hello world", 0);
    co_await file.write("J", 0);
    co_await file.set_mode(0600);
    co_await file.sync();
    const auto text = co_await file.read(0, 100);
    CHECK(text == "Jello world");
    const auto tail = co_await file.read(6, 3);
    CHECK(tail == "wor");
    co_await file.close();
    co_await fs::rename(folder + "/a", folder + "/b");
    const auto stat = co_await fs::stat(folder + "/b");
    CHECK(stat.type == fs::FileType::regular);
    CHECK(stat.size == 11);
    CHECK(stat.mode == 0600);
    const bool gone = co_await fs::exists(folder + "/a");
    CHECK_FALSE(gone);
    co_await fs::sync_folder(folder);
    co_await fs::unlink(folder + "/b");
    const auto entries = co_await fs::list(folder);
    CHECK(entries.empty());
  };
  async::run(body(dir.path().string()));
}

TEST_CASE("a failing call says what was to be done with which path, and why", "[fs]") {
  const auto body = []() -> async::Task<> { co_await fs::File::open("/no/such/file", O_RDONLY); };
  try {
    async::run(body());
    FAIL("no exception");
  } catch (const io::IoError& error) {
    CHECK(std::string(error.what()) == "cannot open /no/such/file: No such file or directory");
    CHECK(error.code().value() == ENOENT);
    CHECK(error.path() == "/no/such/file");
  }
}

TEST_CASE("folders are made with their parents, and an obstacle is told", "[fs]") {
  test::TempDir dir;
  const std::string top = dir.path().string();
  async::run(fs::make_folders(top + "/a/b/c"));
  async::run(fs::make_folders(top + "/a/b/c"));
  CHECK(std::filesystem::is_directory(dir / "a/b/c"));
  std::ofstream(dir / "file") << "x";
  CHECK_THROWS_WITH(async::run(fs::make_folders(top + "/file/x")), Catch::Matchers::Contains("Not a directory"));
  CHECK_THROWS_WITH(async::run(fs::make_folders(top + "/file")), Catch::Matchers::Contains("Not a directory"));
}

TEST_CASE("two hundred calls at once all come back", "[fs]") {
  test::TempDir dir;
  const auto one = [](std::string path) -> async::Task<> {
    fs::File file = co_await fs::File::open(path, O_WRONLY | O_CREAT);
    co_await file.write(path, 0);
    co_await file.close();
  };
  const auto body = [&]() -> async::Task<> {
    std::vector<async::JoinHandle<>> handles;
    for (int i = 0; i < 200; ++i) handles.push_back(async::spawn(one((dir / std::to_string(i)).string()), "write"));
    for (auto& handle : handles) co_await handle;
  };
  async::run(body());
  CHECK(std::ranges::distance(std::filesystem::directory_iterator(dir.path())) == 200);
}

TEST_CASE("the space of a file system is what statvfs tells, and a path that is none is told", "[fs]") {
  const auto space = async::run(fs::space("/proc/.."));
  struct statvfs expected{};
  REQUIRE(::statvfs("/", &expected) == 0);
  CHECK(space.total == expected.f_blocks * expected.f_frsize);
  CHECK(space.available <= space.free);
  CHECK(space.free <= space.total);
  CHECK_THROWS_WITH(async::run(fs::space("/no/such")),
                    "cannot measure the free space of /no/such: No such file or directory");
}

TEST_CASE("a wait for the space of a file system can be cancelled, and asked again", "[fs]") {
  const auto body = []() -> async::Task<> {
    for (bool in_time = false; !in_time;) {  // not when the answer was faster
      async::CancelScope scope;
      auto waiting = async::spawn(scope.run(fs::space("/")), "measure");
      co_await async::yield();
      scope.cancel(async::CancelReason::timeout);
      const auto measured = co_await waiting;
      in_time = !measured;
    }
    // The call may be on its way for a moment yet: then the path is refused, as that of a dead file server.
    for (bool answered = false; !answered;) {
      try {
        co_await fs::space("/");
        answered = true;
      } catch (const io::IoError& error) {
        CHECK(error.code().value() == ETIMEDOUT);
      }
      co_await async::yield();
    }
  };
  async::run(body());
}

TEST_CASE("globs match like the shell's, with ** and without following links", "[glob]") {
  test::TempDir dir;
  const std::string top = dir.path().string();
  for (const char* name : {"a.log", "b.log", "b.txt", ".hidden.log", "sub/c.log", "sub/deep/d.log", ".dot/e.log"}) {
    std::filesystem::create_directories((dir / name).parent_path());
    std::ofstream(dir / name) << "x";
  }
  std::filesystem::create_directory_symlink(dir.path(), dir / "sub/loop");
  using Names = std::vector<std::string>;
  CHECK(matches(top + "/*.log", top) == Names{"a.log", "b.log"});
  CHECK(matches(top + "/.*.log", top) == Names{".hidden.log"});
  CHECK(matches(top + "/[ab].*", top) == Names{"a.log", "b.log", "b.txt"});
  CHECK(matches(top + "/*/c.log", top) == Names{"sub/c.log"});
  CHECK(matches(top + "/**/*.log", top) == Names{"a.log", "b.log", "sub/c.log", "sub/deep/d.log"});
  CHECK(matches(top + "/sub/**", top) == Names{"sub/c.log", "sub/deep", "sub/deep/d.log", "sub/loop"});
  CHECK(matches(top + "/**/**/d.log", top) == Names{"sub/deep/d.log"});
  CHECK(matches(top + "/a.log", top) == Names{"a.log"});
  CHECK(matches(top + "/none", top).empty());
  CHECK(matches(top + "/none/*", top).empty());
  CHECK(matches(top + "/a.log/*", top).empty());
  CHECK_THROWS_WITH(async::run(io::glob(top + "/*", 2)), Catch::Matchers::Contains("cannot expand"));
}

TEST_CASE("a pattern is cut before its first wildcard", "[glob]") {
  CHECK(io::split_glob("/var/log/*.log").base == "/var/log");
  CHECK(io::split_glob("/*").base == "/");
  CHECK(io::split_glob("*.log").base == ".");
  CHECK(io::split_glob("/a/b*/c/d").parts == std::vector<std::string>{"b*", "c", "d"});
  CHECK(io::split_glob("/a/b").base == "/a");
  CHECK(io::split_glob("/a//b/").parts == std::vector<std::string>{"b"});
}
