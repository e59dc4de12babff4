#include "engine/event.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace belfry::engine {
namespace {

std::string name_of(const Event& event) {
  if (const auto* const planned = std::get_if<SlotPlanned>(&event)) return planned->job;
  return std::get_if<SlaBreached>(&event) != nullptr ? "breach" : "?";
}

TEST_CASE("what a subscriber publishes comes after the event that it was told of, for all of them") {
  EventStream events;
  std::vector<std::string> first;
  std::vector<std::string> last;
  events.subscribe([&](const Event& event) { first.push_back(name_of(event)); });
  events.subscribe([&](const Event& event) {
    if (name_of(event) == "a") {
      events.publish(SlaBreached{});
      events.publish(SlotPlanned{.job = "b", .next = {}});
    }
    if (name_of(event) == "b") events.publish(SlotPlanned{.job = "c", .next = {}});
  });
  events.subscribe([&](const Event& event) { last.push_back(name_of(event)); });
  events.publish(SlotPlanned{.job = "a", .next = {}});
  events.publish(SlotPlanned{.job = "d", .next = {}});
  const std::vector<std::string> order{"a", "breach", "b", "c", "d"};
  CHECK(first == order);
  CHECK(last == order);
}

}  // namespace
}  // namespace belfry::engine
