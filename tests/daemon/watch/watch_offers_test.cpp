// The files of a slot that was refused are offered again.
#include "daemon/watch/watch_offers.hpp"

#include <catch2/catch.hpp>

using namespace belfry;
using namespace std::chrono_literals;
using daemon::WatchOffers;
using engine::WatchedFiles;
using ledger::SlotReason;
using ledger::SlotResult;
using Paths = std::vector<std::string>;

namespace {

const ledger::WallTime slot_time = ledger::WallTime(1000s);

ledger::SlotClosed closed(SlotResult result, SlotReason reason = SlotReason::none, ledger::WallTime at = slot_time) {
  return {.job = "inbox",
          .scheduled_at = at,
          .last_scheduled_at = at,
          .result = result,
          .reason = reason,
          .run = {},
          .closed_at = at};
}

/// Files that were offered at slot_time.
WatchOffers offered(Paths files) {
  WatchOffers offers;
  offers.offered(slot_time, offers.gather(std::move(files)));
  return offers;
}

}  // namespace

TEST_CASE("what a run was started for is done with", "[watch_offers]") {
  WatchOffers offers = offered({"/in/a"});
  offers.closed(closed(SlotResult::started), 1s);
  CHECK(offers.held() == 0);
  CHECK(!offers.again_at());
  CHECK(offers.gather({"/in/b"})->paths == Paths{"/in/b"});
}

TEST_CASE("what a run stood in the way of is offered when a run has ended, with what came meanwhile",
          "[watch_offers]") {
  WatchOffers offers = offered({"/in/b"});
  offers.closed(closed(SlotResult::skipped, GENERATE(SlotReason::overlap, SlotReason::replaced)), 1s);
  CHECK(offers.held() == 1);
  CHECK(!offers.again_at());
  offers.resumed(2s);
  CHECK(!offers.again_at());
  offers.run_ended(3s);
  CHECK(offers.again_at() == 3s);
  const auto all = offers.gather({"/in/a", "/in/b"});
  CHECK(all->paths == Paths{"/in/a", "/in/b"});
  CHECK(all->count == 2);
  CHECK(!offers.again_at());
}

TEST_CASE("what a pause stood in the way of is offered when it ends", "[watch_offers]") {
  WatchOffers offers = offered({"/in/a"});
  offers.closed(closed(SlotResult::skipped, SlotReason::paused), 1s);
  offers.run_ended(2s);
  CHECK(!offers.again_at());
  offers.resumed(3s);
  CHECK(offers.again_at() == 3s);
}

TEST_CASE("other obstacles are tried again and again, more and more seldom", "[watch_offers]") {
  WatchOffers offers = offered({"/in/a"});
  daemon::Moment now = 0s;
  daemon::Moment pause = WatchOffers::first_pause;
  for (int i = 0; i < 10; ++i) {
    offers.closed(closed(SlotResult::skipped, SlotReason::precondition), now);
    REQUIRE(offers.again_at() == now + pause);
    now += pause;
    pause = std::min(2 * pause, WatchOffers::longest_pause);
    offers.offered(slot_time, offers.gather({}));
  }
  CHECK(pause == WatchOffers::longest_pause);
  offers.closed(closed(SlotResult::started), now);
  offers.offered(slot_time, offers.gather({"/in/a"}));
  offers.closed(closed(SlotResult::skipped, SlotReason::group), now);
  CHECK(offers.again_at() == now + WatchOffers::first_pause);
}

TEST_CASE("what somebody took out of the queue is not offered again", "[watch_offers]") {
  WatchOffers offers = offered({"/in/a"});
  offers.closed(closed(SlotResult::skipped, SlotReason::cancelled), 1s);
  CHECK(offers.held() == 0);
}

TEST_CASE("a slot of which nothing is known changes nothing", "[watch_offers]") {
  WatchOffers offers = offered({"/in/a"});
  offers.closed(closed(SlotResult::skipped, SlotReason::overlap, slot_time + 1ns), 1s);
  CHECK(offers.held() == 0);
  offers.closed(closed(SlotResult::skipped, SlotReason::overlap), 1s);
  CHECK(offers.held() == 1);
}

TEST_CASE("files for which there was no slot are kept", "[watch_offers]") {
  WatchOffers offers;
  offers.offered(std::nullopt, offers.gather({"/in/a"}));
  CHECK(offers.gather({"/in/b"})->paths == Paths{"/in/a", "/in/b"});
}

TEST_CASE("of very many files the first ones are named, and all are counted", "[watch_offers]") {
  Paths files;
  for (std::size_t i = 0; i < WatchedFiles::most_paths + 5; ++i) files.push_back("/in/" + std::to_string(i));
  WatchOffers offers;
  const auto all = offers.gather(files);
  CHECK(all->paths.size() == WatchedFiles::most_paths);
  CHECK(all->count == WatchedFiles::most_paths + 5);
  offers.offered(std::nullopt, all);
  CHECK(offers.held() == WatchedFiles::most_paths + 5);
}
