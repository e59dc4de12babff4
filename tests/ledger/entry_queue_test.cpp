// The queue between those who write entries and the thread that makes them durable.
#include "ledger/entry_queue.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <variant>
#include <vector>

using namespace belfry::ledger;

namespace {

constexpr std::size_t plenty = 1 << 20;

Entry entry(const std::string& job) { return SlotClaimed{.job = job, .scheduled_at = {}, .at = {}}; }

std::vector<std::string> jobs_of(const EntryBatch& batch) {
  std::vector<std::string> jobs;
  for (const auto* item = batch.first(); item != nullptr; item = item->next.get()) {
    if (const auto* entry = std::get_if<Entry>(&item->what)) jobs.push_back(std::get<SlotClaimed>(*entry).job);
  }
  return jobs;
}

using Jobs = std::vector<std::string>;

}  // namespace

TEST_CASE("entries come out in the order of the pushes, tied ones beside each other", "[ledger][queue]") {
  EntryQueue queue(plenty);
  CHECK(queue.push(entry("a")));
  queue.push_tied({entry("b"), entry("c"), entry("d")});
  queue.push_tied({});
  CHECK(queue.push(entry("e")));
  CHECK(queue.entries() == 5);
  CHECK(jobs_of(queue.take({})) == Jobs{"a", "b", "c", "d", "e"});
}

TEST_CASE("a batch is split between entries that are tied to each other only", "[ledger][queue]") {
  EntryQueue queue(plenty);
  queue.push(entry("a"));
  queue.push_tied({entry("b"), entry("c"), entry("d")});
  queue.push(entry("e"));
  EntryBatch all = queue.take({});
  CHECK(jobs_of(all.split(1)) == Jobs{"a"});
  CHECK(jobs_of(all.split(2)) == Jobs{"b", "c", "d"});
  CHECK(all.items() == 1);
  CHECK(jobs_of(all.split(2)) == Jobs{"e"});
  CHECK(all.empty());
}

TEST_CASE("the last of a batch may be tied to nothing that follows", "[ledger][queue]") {
  EntryQueue queue(plenty);
  queue.push_tied({entry("a"), entry("b"), entry("c")});
  EntryBatch all = queue.take({});
  CHECK(jobs_of(all.split(2)) == Jobs{"a", "b", "c"});
  CHECK(all.empty());
  queue.push(entry("d"));
  all.append(queue.take({}));  // it can be filled again
  CHECK(jobs_of(all) == Jobs{"d"});
}

TEST_CASE("of tied entries those that find no room are dropped and counted", "[ledger][queue]") {
  EntryQueue queue(3 * sizeof(EntryBatch::Item));
  queue.push_tied({entry("a"), entry("b"), entry("c"), entry("d")});
  CHECK(queue.entries() + queue.dropped() == 4);
  CHECK(queue.entries() == 2);
  CHECK(jobs_of(queue.take({})) == Jobs{"a", "b"});
}

TEST_CASE("who waits for more ends when none has come for a while, or somebody waits for him", "[ledger][queue]") {
  EntryQueue queue(plenty);
  constexpr auto for_ever = std::chrono::hours(1);
  RunStarted patient;  // the table of live runs has it, too
  patient.run = 1;
  queue.push(patient);
  CHECK(queue.take(for_ever).items() == 1);
  queue.push(patient);
  queue.push(entry("a"));  // which nobody else knows of
  CHECK(queue.take(for_ever).items() == 2);
  std::thread other([&queue] {
    for (const char* job : {"a", "b", "c"}) queue.push(entry(job));
    queue.push([] {});
  });
  Jobs taken;
  for (bool last = false; !last;) {
    EntryBatch batch = queue.take(for_ever);
    last = std::holds_alternative<EntryBatch::Callback>(batch.last()->what);
    for (const std::string& job : jobs_of(batch)) taken.push_back(job);
  }
  other.join();
  CHECK(taken == Jobs{"a", "b", "c"});
}
