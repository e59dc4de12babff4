#include "io/journal_feed.hpp"

#include <sched.h>

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>

#include "support/journald.hpp"
#include "support/temp_dir.hpp"

using belfry::io::JournalFeed;
using belfry::test::Journald;

namespace {

std::string record(const std::string& message) {
  std::string made;
  belfry::io::add_journal_field(made, "message", message);
  return made;
}

}  // namespace

TEST_CASE("records arrive in order, those that waited at the end included", "[journal_feed]") {
  const belfry::test::TempDir folder;
  const Journald journald(folder / "socket");
  auto feed = std::make_unique<JournalFeed>((folder / "socket").string());
  for (int i = 0; i < 5; ++i) feed->send(record(std::to_string(i)));
  feed.reset();
  for (int i = 0; i < 5; ++i) CHECK(journald.receive().value().at("MESSAGE") == std::to_string(i));
  CHECK_FALSE(journald.receive());
}

TEST_CASE("a feed that is not used starts no thread, and one without a journal counts what is lost", "[journal_feed]") {
  {
    const JournalFeed idle;
  }
  const belfry::test::TempDir folder;
  JournalFeed feed((folder / "socket").string());
  feed.send(record("lost"));
  while (feed.dropped() == 0) ::sched_yield();
  const Journald journald(folder / "socket");
  feed.send(record("kept"));
  CHECK(journald.wait().at("MESSAGE") == "kept");
  while (feed.sent() == 0) ::sched_yield();
  CHECK(feed.dropped() == 1);
}

TEST_CASE("a journald that stands still holds nobody: what does not fit into the queue is dropped and counted",
          "[journal_feed]") {
  const belfry::test::TempDir folder;
  const Journald journald(folder / "socket");
  constexpr std::uint64_t records = 2000;
  std::uint64_t received = 0;
  JournalFeed feed((folder / "socket").string());
  for (std::uint64_t i = 0; i < records; ++i) feed.send(record(std::string(10'000, 'x')));
  CHECK(feed.dropped() > 1000);  // the queue has room for about 400, the socket for some hundreds at most
  for (; received + feed.dropped() < records; ++received) journald.wait();  // then it goes on
  CHECK(received > 300);
  while (feed.sent() < received) ::sched_yield();
  CHECK(feed.sent() == received);
}
