// What has changed, and when that is complete.
#include "daemon/watch/watch_batch.hpp"

#include <catch2/catch.hpp>

using namespace belfry;
using namespace std::chrono_literals;
using daemon::Moment;
using daemon::SeenFile;
using daemon::SeenFiles;
using daemon::WatchBatch;
using Paths = std::vector<std::string>;

namespace {

engine::Watch watch(Moment debounce, Moment stable_for = 0s) {
  engine::Watch made;
  made.paths = {"/in/*"};
  made.debounce = debounce;
  made.stable_for = stable_for;
  return made;
}

SeenFile file(std::uint64_t size, time::WallTime changed = {}) {
  return {.stamp = {.inode = 1, .size = size, .modified = {}}, .changed = changed};
}

/// As the task does it: what was heard of is looked at when it is time.
Paths after(WatchBatch& batch, const SeenFiles& disk, Moment now) {
  if (const auto next = batch.next(); next && *next <= now) {
    for (const std::string& path : batch.look_begins(now)) {
      const auto found = disk.find(path);
      batch.saw(path, found == disk.end() ? std::nullopt : std::optional(found->second), now);
    }
  }
  return batch.take(now);
}

/// A look at all files that takes no time.
void look_at_all(WatchBatch& batch, const SeenFiles& disk, Moment now) {
  batch.look_at_all_begins(now);
  batch.saw_all(disk, now);
}

WatchBatch begun(const engine::Watch& policy, const SeenFiles& known = {}) {
  WatchBatch batch(policy);
  batch.begin(known, time::WallTime::max(), 0s);
  return batch;
}

}  // namespace

TEST_CASE("many events are taken together, when it has been quiet", "[watch_batch]") {
  WatchBatch batch = begun(watch(2s));
  CHECK(!batch.next());
  batch.heard("/in/b", 10s);
  batch.heard("/in/a", 11s);
  batch.heard("/in/b", 11500ms);
  const SeenFiles disk{{"/in/a", file(1)}, {"/in/b", file(2)}};
  CHECK(batch.next() == 13500ms);
  CHECK(after(batch, disk, 13s).empty());
  CHECK(after(batch, disk, 13500ms) == Paths{"/in/a", "/in/b"});
  CHECK(!batch.next());
}

TEST_CASE("a file that is as it was is not taken again, one that was changed is", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s), {{"/in/a", file(1)}});
  batch.heard("/in/a", 1s);
  CHECK(after(batch, {{"/in/a", file(1)}}, 5s).empty());
  CHECK(!batch.next());
  batch.heard("/in/a", 6s);
  CHECK(after(batch, {{"/in/a", file(2)}}, 7s) == Paths{"/in/a"});
  batch.heard("/in/a", 8s);
  CHECK(after(batch, {{"/in/a", file(2)}}, 9s).empty());
}

TEST_CASE("a file that went before it was looked at is not taken; one that comes back has come anew", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s), {{"/in/a", file(1)}});
  batch.heard("/in/b", 1s);
  batch.heard("/in/a", 1s);
  CHECK(after(batch, {}, 2s).empty());
  batch.heard("/in/a", 3s);
  CHECK(after(batch, {{"/in/a", file(1)}}, 4s) == Paths{"/in/a"});
}

TEST_CASE("with stable_for a file must have been looked at twice, so far apart, and be the same", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s, 5s));
  batch.heard("/in/a", 0s);
  CHECK(after(batch, {{"/in/a", file(1)}}, 1s).empty());
  CHECK(batch.next() == 6s);
  CHECK(after(batch, {{"/in/a", file(2)}}, 6s).empty());  // it has grown, whatever the kernel told
  CHECK(batch.next() == 11s);
  CHECK(after(batch, {{"/in/a", file(2)}}, 11s) == Paths{"/in/a"});
}

TEST_CASE("one file that is written all the time does not keep the others for ever", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s, 2s));
  batch.heard("/in/done", 0s);
  Paths taken;
  Moment now = 0s;
  for (std::uint64_t size = 0; taken.empty() && now < 60s; ++size) {
    now += 500ms;
    batch.heard("/in/busy", now);
    taken = after(batch, {{"/in/done", file(1)}, {"/in/busy", file(size)}}, now);
  }
  CHECK(taken == Paths{"/in/done"});
  CHECK(now == WatchBatch::patience * 1s + 2s);  // then it is looked at, and once more when it may be stable
  CHECK(batch.next());                           // the busy one is still waited for
  CHECK(after(batch, {{"/in/busy", file(99)}}, now + 3s).empty());
  CHECK(after(batch, {{"/in/busy", file(99)}}, now + 6s) == Paths{"/in/busy"});
}

TEST_CASE("of the files at the beginning those count that changed since", "[watch_batch]") {
  const time::WallTime then = time::WallTime(100s);
  const SeenFiles disk{{"/in/new", file(1, then)}, {"/in/old", file(1, then - 1ns)}};
  WatchBatch batch(watch(1s));
  batch.begin(disk, then, 10s);
  CHECK(batch.next() == 11s);
  CHECK(batch.take(10s).empty());
  CHECK(batch.take(11s) == Paths{"/in/new"});
  batch.heard("/in/old", 20s);
  CHECK(after(batch, disk, 21s).empty());  // it is known
}

TEST_CASE("appear and change are told apart by what was known", "[watch_batch]") {
  engine::Watch policy = watch(1s);
  const bool appear = GENERATE(true, false);
  policy.on_appear = appear;
  policy.on_change = !appear;
  WatchBatch batch = begun(policy, {{"/in/old", file(1)}});
  batch.heard("/in/old", 0s);
  batch.heard("/in/new", 0s);
  const SeenFiles disk{{"/in/new", file(1)}, {"/in/old", file(2)}};
  CHECK(after(batch, disk, 1s) == Paths{appear ? "/in/new" : "/in/old"});
  CHECK(!batch.next());
}

TEST_CASE("a look at all files finds what nobody told of", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s), {{"/in/a", file(1)}, {"/in/b", file(1)}});
  look_at_all(batch, {{"/in/b", file(2)}, {"/in/c", file(1)}}, 10s);
  CHECK(batch.next() == 11s);
  CHECK(batch.take(11s) == Paths{"/in/b", "/in/c"});
  look_at_all(batch, {{"/in/a", file(1)}, {"/in/b", file(2)}, {"/in/c", file(1)}}, 20s);
  CHECK(batch.take(21s) == Paths{"/in/a"});  // it had gone
}

TEST_CASE("what is heard while all files are looked at may be too late for that, and is looked at after it",
          "[watch_batch]") {
  WatchBatch batch = begun(watch(1s));
  batch.heard("/in/before", 9s);
  batch.look_at_all_begins(10s);
  batch.heard("/in/late", 11s);
  const SeenFiles read{{"/in/before", file(1)}};
  batch.saw_all(read, 12s);
  const SeenFiles disk{{"/in/before", file(1)}, {"/in/late", file(1)}};
  CHECK(batch.next() == 12s);
  CHECK(after(batch, disk, 12s) == Paths{"/in/before", "/in/late"});
  CHECK(!batch.next());
}

TEST_CASE("what is heard while a file is looked at may be too late for that, and is looked at again", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s));
  batch.heard("/in/a", 1s);
  REQUIRE(batch.look_begins(2s) == Paths{"/in/a"});
  batch.heard("/in/a", 2100ms);
  const bool there = GENERATE(true, false);
  batch.saw("/in/a", there ? std::optional(file(1)) : std::nullopt, 2200ms);
  CHECK(batch.take(2200ms).empty());
  CHECK(batch.next() == 3100ms);
  CHECK(after(batch, {{"/in/a", file(2)}}, 3100ms) == Paths{"/in/a"});
  batch.heard("/in/a", 4s);
  CHECK(after(batch, {{"/in/a", file(2)}}, 5s).empty());
}

TEST_CASE("when a look at all files fails, what was heard before it is looked at", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s));
  batch.heard("/in/a", 1s);
  batch.look_at_all_begins(1s);
  batch.heard("/in/b", 1s);
  batch.look_at_all_failed();
  CHECK(batch.look_begins(2s) == Paths{"/in/a", "/in/b"});
}

TEST_CASE("files in folders that come one after the other are taken together, when it has been quiet",
          "[watch_batch]") {
  WatchBatch batch = begun(watch(1s));
  SeenFiles disk;
  Paths all;
  Moment now = 10s;
  for (int i = 0; i < 8; ++i) {
    now += 800ms;
    batch.heard_of_folder(now - 100ms);
    all.push_back("/in/" + std::to_string(i) + "/f");
    disk.emplace(all.back(), file(1));
    look_at_all(batch, disk, now);
    CHECK(batch.take(now).empty());
  }
  CHECK(batch.next() == now + 1s);
  CHECK(batch.take(now + 1s) == all);
}

TEST_CASE("a folder that came is something that happened, whatever is in it", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s));
  look_at_all(batch, {{"/in/a", file(1)}}, 10s);
  batch.heard_of_folder(10500ms);
  look_at_all(batch, {{"/in/a", file(1)}}, 10600ms);
  CHECK(batch.next() == 11500ms);
  CHECK(batch.take(11500ms) == Paths{"/in/a"});
  batch.heard_of_folder(20s);
  look_at_all(batch, {{"/in/a", file(1)}}, 20s);
  CHECK(!batch.next());
}

TEST_CASE("nothing is taken while a look at all files is owed, unless patience is over", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s));
  batch.heard("/in/a", 10s);
  batch.expect_look_at_all();
  const SeenFiles disk{{"/in/a", file(1)}, {"/in/new/b", file(1)}};
  CHECK(after(batch, disk, 11s).empty());
  CHECK(batch.next() == 10s + WatchBatch::patience * 1s);
  const bool in_time = GENERATE(true, false);
  if (in_time) {
    look_at_all(batch, disk, 15s);
    CHECK(batch.next() == 16s);
    CHECK(batch.take(16s) == Paths{"/in/a", "/in/new/b"});
  } else {
    CHECK(batch.take(20s) == Paths{"/in/a"});
  }
}

TEST_CASE("a file that is complete waits for one that is not for twice stable_for", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s, 1h));
  batch.heard("/in/done", 0s);
  Paths taken;
  Moment now = 0s;
  int looks = 0;
  for (std::uint64_t size = 0; taken.empty() && now < 5h; ++size) {
    now += 500ms;
    batch.heard("/in/busy", now);
    looks += *batch.next() <= now ? 1 : 0;
    taken = after(batch, {{"/in/done", file(1)}, {"/in/busy", file(size)}}, now);
  }
  CHECK(taken == Paths{"/in/done"});
  CHECK(now == WatchBatch::stable_patience * 1h);
  CHECK(looks < 2h / (WatchBatch::patience * 1s) + 10);  // however loud it is
}

TEST_CASE("what is heard of is bounded", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s));
  for (std::size_t i = 0; i < WatchBatch::most_heard; ++i) REQUIRE(batch.heard("/in/" + std::to_string(i), 0s));
  CHECK(batch.heard("/in/0", 0s));
  CHECK(!batch.heard("/in/one_more", 0s));
  CHECK(batch.look_begins(1s).size() == WatchBatch::most_heard);
}

TEST_CASE("with a debounce of 0 a file is taken as soon as it was looked at", "[watch_batch]") {
  WatchBatch batch = begun(watch(0s));
  batch.heard("/in/a", 1s);
  CHECK(batch.next() == 1s);
  CHECK(after(batch, {{"/in/a", file(1)}}, 1s) == Paths{"/in/a"});
}
