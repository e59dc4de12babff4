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
    for (const std::string& path : batch.to_look_at()) {
      const auto found = disk.find(path);
      batch.saw(path, found == disk.end() ? std::nullopt : std::optional(found->second), now);
    }
  }
  return batch.take(now);
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
  CHECK(now == WatchBatch::patience * 2s + 2s);  // then it is looked at, and once more when it may be stable
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
  batch.saw_all({{"/in/b", file(2)}, {"/in/c", file(1)}}, 10s);
  CHECK(batch.next() == 11s);
  CHECK(batch.take(11s) == Paths{"/in/b", "/in/c"});
  batch.saw_all({{"/in/a", file(1)}, {"/in/b", file(2)}, {"/in/c", file(1)}}, 20s);
  CHECK(batch.take(21s) == Paths{"/in/a"});  // it had gone
}

TEST_CASE("what is heard of is bounded", "[watch_batch]") {
  WatchBatch batch = begun(watch(1s));
  for (std::size_t i = 0; i < WatchBatch::most_heard; ++i) REQUIRE(batch.heard("/in/" + std::to_string(i), 0s));
  CHECK(batch.heard("/in/0", 0s));
  CHECK(!batch.heard("/in/one_more", 0s));
  CHECK(batch.to_look_at().size() == WatchBatch::most_heard);
}

TEST_CASE("with a debounce of 0 a file is taken as soon as it was looked at", "[watch_batch]") {
  WatchBatch batch = begun(watch(0s));
  batch.heard("/in/a", 1s);
  CHECK(batch.next() == 1s);
  CHECK(after(batch, {{"/in/a", file(1)}}, 1s) == Paths{"/in/a"});
}
