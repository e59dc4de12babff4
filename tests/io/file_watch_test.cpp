// Files that are replaced in all the ways in which people and programs replace them.
#include "io/file_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>
#include <utility>

#include "async/task_group.hpp"
#include "async/timeout.hpp"
#include "support/async_fixture.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace std::chrono_literals;

namespace {

void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

/// As editors and configuration management do.
void rename_over(const std::filesystem::path& path, const std::string& text) {
  write(path.native() + ".new", text);
  std::filesystem::rename(path.native() + ".new", path);
}

/// Points the link at another target in one step, as kubelet does.
void swap_link(const std::filesystem::path& link, const std::filesystem::path& target) {
  const std::filesystem::path fresh = link.native() + "_tmp";
  std::filesystem::create_symlink(target, fresh);
  std::filesystem::rename(fresh, link);
}

/// A watch on files, and a task that counts how often it tells of a change.
struct Bed {
  test::TempDir dir;
  std::filesystem::path file = dir / "scheduler.yaml";
  async::ThreadPool pool{async::ThreadPoolOptions("test").threads(1)};
  io::FileWatch* watch = nullptr;
  int told = 0;

  async::Task<> count() {
    for (;;) {
      co_await watch->changed();
      ++told;
    }
  }

  async::Task<> count_while(std::function<async::Task<>()> body) {
    auto both = [&](async::TaskGroup& group) -> async::Task<> {
      group.start(count(), "count");
      co_await body();
      group.cancel();
    };
    co_await async::with_task_group(both);
  }

  /// Until all that the kernel has queued was taken and looked into: it queues an event within the call that causes it,
  /// and the pool has one thread.
  async::Task<> come_to_rest() {
    for (int round = 0; round < 2; ++round) {
      co_await testing::settle();
      co_await pool.run([] {});
    }
    co_await testing::settle();
  }

  async::Task<> expect(bool seen, std::function<void()> change) {
    co_await come_to_rest();
    const int before = told;
    change();
    co_await come_to_rest();
    CHECK((told > before) == seen);
  }
  async::Task<> expect_seen(std::function<void()> change) { return expect(true, std::move(change)); }
  async::Task<> expect_unseen(std::function<void()> change) { return expect(false, std::move(change)); }
};

/// Runs `body` with a watch on bed.file.
void watching(Bed& bed, std::function<async::Task<>()> body) {
  testing::run_real([&]() -> async::Task<> {
    io::FileWatch watch(bed.pool);
    bed.watch = &watch;
    co_await watch.follow({bed.file});
    co_await bed.count_while(body);
  });
}

}  // namespace

TEST_CASE("a file that is written, renamed over, deleted and made again is seen each time", "[file_watch]") {
  Bed bed;
  write(bed.file, "1");
  watching(bed, [&]() -> async::Task<> {
    co_await bed.expect_seen([&] { write(bed.file, "2"); });
    co_await bed.expect_seen([&] { rename_over(bed.file, "3"); });
    co_await bed.expect_seen([&] { write(bed.file, "4"); });  // the new file is watched, not the old one
    co_await bed.expect_seen([&] { std::filesystem::rename(bed.file, bed.dir / "away"); });
    co_await bed.expect_unseen([&] { write(bed.dir / "away", "5"); });
    co_await bed.expect_seen([&] { std::filesystem::rename(bed.dir / "away", bed.file); });
    co_await bed.expect_seen([&] { std::filesystem::remove(bed.file); });
    co_await bed.expect_seen([&] { write(bed.file, "6"); });
    co_await bed.expect_seen([&] { std::filesystem::permissions(bed.file, std::filesystem::perms::none); });
    CHECK(bed.watch->blind_spots().empty());
  });
}

TEST_CASE("what happens beside a file wakes nobody", "[file_watch]") {
  Bed bed;
  write(bed.file, "1");
  watching(bed, [&]() -> async::Task<> {
    co_await bed.expect_unseen([&] { write(bed.dir / "busy.log", "line"); });
    co_await bed.expect_unseen([&] { std::filesystem::remove(bed.dir / "busy.log"); });
    co_await bed.expect_unseen([&] { write(bed.file.native() + ".swp", "editor"); });
  });
}

TEST_CASE("a ConfigMap is seen when its ..data link is swapped", "[file_watch]") {
  Bed bed;
  std::filesystem::create_directory(bed.dir / "..1");
  std::filesystem::create_directory(bed.dir / "..2");
  write(bed.dir / "..1/scheduler.yaml", "1");
  write(bed.dir / "..2/scheduler.yaml", "2");
  std::filesystem::create_directory_symlink("..1", bed.dir / "..data");
  std::filesystem::create_symlink("..data/scheduler.yaml", bed.file);
  watching(bed, [&]() -> async::Task<> {
    co_await bed.expect_seen([&] { swap_link(bed.dir / "..data", "..2"); });
    co_await bed.expect_unseen([&] { std::filesystem::remove_all(bed.dir / "..1"); });
    co_await bed.expect_seen([&] { write(bed.dir / "..2/scheduler.yaml", "3"); });
    std::filesystem::create_directory(bed.dir / "..3");
    co_await bed.expect_seen([&] { swap_link(bed.dir / "..data", bed.dir / "..3"); });  // an empty one
    co_await bed.expect_seen([&] { write(bed.dir / "..3/scheduler.yaml", "4"); });
  });
}

TEST_CASE("folders on the way may go and come back", "[file_watch]") {
  Bed bed;
  bed.file = bed.dir / "a/b/c.yaml";
  watching(bed, [&]() -> async::Task<> {
    co_await bed.expect_seen([&] { std::filesystem::create_directories(bed.dir / "a/b"); });
    co_await bed.expect_seen([&] { write(bed.file, "1"); });
    co_await bed.expect_seen([&] { std::filesystem::rename(bed.dir / "a", bed.dir / "old"); });
    co_await bed.expect_unseen([&] { write(bed.dir / "old/b/c.yaml", "2"); });
    co_await bed.expect_seen([&] {
      std::filesystem::create_directories(bed.dir / "a/b");
      write(bed.file, "3");
    });
    co_await bed.expect_seen([&] { rename_over(bed.file, "4"); });
  });
}

TEST_CASE("what changes between two calls, or while a call is cancelled, is told by the next one", "[file_watch]") {
  Bed bed;
  write(bed.file, "1");
  testing::run_real([&]() -> async::Task<> {
    io::FileWatch watch(bed.pool);
    co_await watch.follow({bed.file});
    for (int i = 0; i < 100; ++i) rename_over(bed.file, std::to_string(i));
    co_await watch.changed();
    write(bed.file, "2");
    const bool finished = co_await async::move_on_after(0ms, watch.changed());
    if (!finished) co_await watch.changed();
  });
}

TEST_CASE("a circle of links, and a way that ends in one, are no harm", "[file_watch]") {
  Bed bed;
  std::filesystem::create_symlink("other", bed.file);
  std::filesystem::create_symlink("scheduler.yaml", bed.dir / "other");
  watching(bed, [&]() -> async::Task<> {
    co_await bed.expect_seen([&] { rename_over(bed.dir / "other", "1"); });
    co_await bed.expect_seen([&] { write(bed.dir / "other", "2"); });
  });
}

TEST_CASE("other files are followed when asked to", "[file_watch]") {
  Bed bed;
  const std::filesystem::path other = bed.dir / "feiertage.ics";
  write(bed.file, "1");
  testing::run_real([&]() -> async::Task<> {
    io::FileWatch watch(bed.pool);
    bed.watch = &watch;
    co_await watch.follow({bed.file, other});
    co_await bed.count_while([&]() -> async::Task<> {
      co_await bed.expect_seen([&] { write(other, "1"); });
      co_await bed.expect_seen([&] { write(bed.file, "2"); });
    });
    co_await watch.follow({other});
    co_await bed.count_while([&]() -> async::Task<> {
      co_await bed.expect_unseen([&] { write(bed.file, "3"); });
      co_await bed.expect_seen([&] { write(other, "2"); });
    });
  });
}

TEST_CASE("a folder that may not be read is told as a blind spot", "[file_watch]") {
  if (::geteuid() == 0) return;  // root may read everything
  Bed bed;
  const std::filesystem::path closed = bed.dir / "closed";
  std::filesystem::create_directory(closed);
  bed.file = closed / "scheduler.yaml";
  write(bed.file, "1");
  std::filesystem::permissions(closed, std::filesystem::perms::owner_exec);
  watching(bed, [&]() -> async::Task<> {
    REQUIRE(bed.watch->blind_spots().size() == 1);
    CHECK(bed.watch->blind_spots()[0].path() == closed.native());
    CHECK(bed.watch->blind_spots()[0].code() == std::errc::permission_denied);
    co_await bed.expect_seen([&] { std::filesystem::permissions(closed, std::filesystem::perms::owner_all); });
    CHECK(bed.watch->blind_spots().empty());
    co_await bed.expect_seen([&] { rename_over(bed.file, "2"); });
  });
}
