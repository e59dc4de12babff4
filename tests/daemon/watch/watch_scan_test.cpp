// Which files a watch is about, and in which folders it listens.
#include "daemon/watch/watch_scan.hpp"

#include <prometheus/metric_family.h>
#include <sys/inotify.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/watch/watch_counts.hpp"
#include "io/io_error.hpp"
#include "support/async_fixture.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
namespace fs = std::filesystem;
using daemon::WatchedPaths;
using daemon::WatchScan;
using Names = std::vector<std::string>;

namespace {

void write(const fs::path& path, const std::string& text = "1") {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

engine::Watch watch(const test::TempDir& dir, Names patterns, Names exclude = {}) {
  engine::Watch made;
  for (const std::string& pattern : patterns) made.paths.push_back((dir / pattern).native());
  made.exclude = std::move(exclude);
  return made;
}

WatchScan scan(const engine::Watch& policy, const io::Inotify* inotify = nullptr) {
  return daemon::scan_watch(WatchedPaths(policy), policy.max_folders, inotify, {});
}

/// The files that were found, below the folder of the test.
Names names(const test::TempDir& dir, const WatchScan& found) {
  Names all;
  for (const auto& [path, file] : found.files) all.push_back(fs::path(path).lexically_relative(dir / "").native());
  return all;
}

}  // namespace

TEST_CASE("a glob names files, hidden ones and folders not", "[watch_scan]") {
  const test::TempDir dir;
  for (const char* name : {"a.csv", "b.csv", ".c.csv", "d.txt", "deep/e.csv"}) write(dir / name);
  fs::create_directory(dir / "f.csv");
  CHECK(names(dir, scan(watch(dir, {"*.csv"}))) == Names{"a.csv", "b.csv"});
  CHECK(names(dir, scan(watch(dir, {"**/*.csv"}))) == Names{"a.csv", "b.csv", "deep/e.csv"});
  CHECK(names(dir, scan(watch(dir, {"**/*.csv"}, {"b.*", "deep/"}))) == Names{"a.csv"});
}

TEST_CASE("a path without wildcards is a file, or what lies directly in a folder", "[watch_scan]") {
  const test::TempDir dir;
  write(dir / "in/a");
  write(dir / "in/deep/b");
  write(dir / "c");
  CHECK(names(dir, scan(watch(dir, {"in"}))) == Names{"in/a"});
  CHECK(names(dir, scan(watch(dir, {"in/"}))) == Names{"in/a"});
  CHECK(names(dir, scan(watch(dir, {"c", "missing", "missing/too"}))) == Names{"c"});
}

TEST_CASE("a link to a file counts as that file; one to a folder is not entered, but where the walk begins",
          "[watch_scan]") {
  const test::TempDir dir;
  write(dir / "elsewhere/a.csv", "12345");
  fs::create_directory(dir / "in");
  fs::create_symlink(dir / "elsewhere/a.csv", dir / "in/linked.csv");
  fs::create_symlink(dir / "nowhere", dir / "in/broken.csv");
  fs::create_directory_symlink(dir / "elsewhere", dir / "in/deep");
  fs::create_directory_symlink(dir / "elsewhere", dir / "base");
  const auto found = scan(watch(dir, {"in/**/*.csv"}));
  CHECK(names(dir, found) == Names{"in/linked.csv"});
  CHECK(found.files.begin()->second.stamp.size == 5);
  CHECK(names(dir, scan(watch(dir, {"base/*.csv"}))) == Names{"base/a.csv"});
}

TEST_CASE("a change of content, and a replacement, are another stamp; new permissions are not", "[watch_scan]") {
  const test::TempDir dir;
  write(dir / "a", "1");
  const auto before = daemon::look_at_file((dir / "a").native());
  REQUIRE(before);
  fs::permissions(dir / "a", fs::perms::owner_read);
  CHECK(daemon::look_at_file((dir / "a").native())->stamp == before->stamp);
  write(dir / "b", "1");
  fs::last_write_time(dir / "b", fs::last_write_time(dir / "a"));
  fs::rename(dir / "b", dir / "a");
  CHECK(daemon::look_at_file((dir / "a").native())->stamp != before->stamp);
  fs::remove(dir / "a");
  CHECK(!daemon::look_at_file((dir / "a").native()));
  CHECK(!daemon::look_at_file(dir.path().native()));
}

TEST_CASE("it listens in the folders where something can match, and knows what a name there means", "[watch_scan]") {
  const test::TempDir dir;
  write(dir / "in/x/a.csv");
  fs::create_directory(dir / "in/tmp");
  testing::run_real([&]() -> async::Task<> {
    const io::Inotify inotify;
    const engine::Watch policy = watch(dir, {"in/*/*.csv"}, {"tmp/"});
    const WatchedPaths paths(policy);
    const WatchScan found = daemon::scan_watch(paths, policy.max_folders, &inotify, {});
    REQUIRE(found.folders.size() == 2);  // in and in/x
    CHECK(found.blind_spots.empty());
    for (const auto& [number, folder] : found.folders) {
      const bool deep = folder.path_of("n").ends_with("/x/n");
      CHECK(folder.takes_file(paths.excludes(), "b.csv") == deep);
      CHECK(!folder.takes_file(paths.excludes(), "b.txt"));
      CHECK(folder.takes_folder(paths.excludes(), "y") == !deep);
      CHECK(!folder.takes_folder(paths.excludes(), "tmp"));
    }
    co_return;
  });
}

TEST_CASE("more folders than max_folders are told; the first ones are watched, and all are looked into",
          "[watch_scan]") {
  const test::TempDir dir;
  const Names all{"a/1", "a/deep/er/2", "b/1", "c/1"};
  for (const std::string& name : all) write(dir / name);
  const Names patterns = GENERATE(Names{"**"}, Names{"**", "**/*"});  // the second one leads to the same folders
  testing::run_real([&]() -> async::Task<> {
    const io::Inotify inotify;
    engine::Watch policy = watch(dir, patterns);
    policy.max_folders = 2;
    const auto found = scan(policy, &inotify);
    CHECK(found.folders.size() == 2);
    REQUIRE(found.blind_spots.size() == 1);
    CHECK(found.blind_spots[0].reason == "there are more than 2 folders to watch");
    CHECK(!found.blind_spots[0].never_seen);
    CHECK(names(dir, found) == all);
    // The kernel has not been asked for more: the next watch has the next number.
    CHECK(inotify.add(dir.path().parent_path().native(), IN_CREATE) == found.folders.rbegin()->first + 1);
    co_return;
  });
}

TEST_CASE("a scan that is stopped says so", "[watch_scan]") {
  const test::TempDir dir;
  std::stop_source stop;
  stop.request_stop();
  const engine::Watch policy = watch(dir, {"*"});
  CHECK_THROWS_AS(daemon::scan_watch(WatchedPaths(policy), 10, nullptr, stop.get_token()), io::IoError);
}

TEST_CASE("the metric of blind spots says from where on nothing is looked at") {
  const auto families = daemon::WatchCounts().Collect();
  const auto found = std::ranges::find(families, "belfry_watch_blind_spots", &prometheus::MetricFamily::name);
  REQUIRE(found != families.end());
  CHECK_THAT(found->help, Catch::Contains("not at all") &&
                              Catch::Contains(std::to_string(daemon::most_watched_files) + " files") &&
                              Catch::Contains(std::to_string(daemon::most_folders_read) + " folders"));
}
