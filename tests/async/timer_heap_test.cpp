#include "async/timer_heap.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <vector>

using belfry::async::TimerHeap;
using belfry::async::TimerNode;

namespace {

struct Timer : TimerNode {
  explicit Timer(int number) : id(number) {}
  int id;
};

std::vector<int> drain(TimerHeap& heap) {
  std::vector<int> ids;
  while (auto* node = heap.pop()) ids.push_back(static_cast<Timer*>(node)->id);
  return ids;
}

// The obvious implementation: a multimap keeps equal keys in the order of insertion, as the heap promises to.
struct Model {
  using Order = std::multimap<std::int64_t, int>;
  Order order;
  std::map<int, Order::iterator> where;

  void push(int id, std::int64_t key) { where[id] = order.emplace(key, id); }
  void cancel(int id) {
    order.erase(where.at(id));
    where.erase(id);
  }
};

// `distinct_keys` small makes ties the rule, large makes them rare.
void compare_with_model(std::uint32_t seed, int timer_count, std::int64_t distinct_keys, int steps) {
  INFO("seed " << seed << ", " << timer_count << " timers, " << distinct_keys << " keys");
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::int64_t> any_key(-distinct_keys / 2, distinct_keys / 2);
  std::vector<std::unique_ptr<Timer>> timers;
  for (int id = 0; id < timer_count; ++id) timers.push_back(std::make_unique<Timer>(id));
  TimerHeap heap;
  Model model;
  for (int step = 0; step < steps; ++step) {
    const int id = static_cast<int>(random() % static_cast<unsigned>(timer_count));
    Timer& timer = *timers[static_cast<std::size_t>(id)];
    const std::int64_t key = any_key(random);
    const bool linked = model.where.contains(id);
    REQUIRE(timer.linked() == linked);
    // The balance drifts between growing and emptying, so that the memory grows and shrinks on the way.
    const unsigned dice = random() % 8 + (step / 4096 % 2 == 0 ? 0 : 2);
    if (!linked && dice < 7) {
      heap.push(timer, key);
      model.push(id, key);
    } else if (linked && dice < 3) {
      heap.update(timer, key);
      model.cancel(id);
      model.push(id, key);
    } else if (linked && dice < 6) {
      REQUIRE(heap.key(timer) == model.where.at(id)->first);
      REQUIRE(heap.cancel(timer));
      model.cancel(id);
    } else if (!model.order.empty()) {
      auto* const popped = static_cast<Timer*>(heap.pop());
      REQUIRE(popped->id == model.order.begin()->second);
      REQUIRE_FALSE(popped->linked());
      model.cancel(popped->id);
    }
    REQUIRE(heap.size() == model.order.size());
    REQUIRE(heap.next_key() == (model.order.empty() ? TimerHeap::never : model.order.begin()->first));
  }
  for (const int id : drain(heap)) {
    REQUIRE(id == model.order.begin()->second);
    model.cancel(id);
  }
  REQUIRE(model.order.empty());
}

}  // namespace

TEST_CASE("an empty timer heap has no top and is never due", "[timer_heap]") {
  TimerHeap heap;
  CHECK(heap.empty());
  CHECK(heap.top() == nullptr);
  CHECK(heap.pop() == nullptr);
  CHECK(heap.next_key() == TimerHeap::never);
  CHECK(heap.pop_due(TimerHeap::never - 1) == nullptr);
}

TEST_CASE("timers leave the heap by key, equal keys in the order in which they came", "[timer_heap]") {
  TimerHeap heap;
  Timer a(1), b(2), c(3), d(4), e(5);
  heap.push(a, 30);
  heap.push(b, 10);
  heap.push(c, 30);
  heap.push(d, -5);
  heap.push(e, 10);
  CHECK(drain(heap) == std::vector{4, 2, 5, 1, 3});
}

TEST_CASE("a thousand timers of one instant keep their order of arrival", "[timer_heap]") {
  TimerHeap heap;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int id = 0; id < 1000; ++id) {
    timers.push_back(std::make_unique<Timer>(id));
    heap.push(*timers.back(), 7);
  }
  const std::vector<int> ids = drain(heap);
  REQUIRE(ids.size() == 1000);
  CHECK(std::is_sorted(ids.begin(), ids.end()));
}

TEST_CASE("pop_due takes what is due and leaves the rest", "[timer_heap]") {
  TimerHeap heap;
  Timer early(1), exact(2), late(3);
  heap.push(late, 101);
  heap.push(exact, 100);
  heap.push(early, 99);
  CHECK(heap.pop_due(98) == nullptr);
  CHECK(heap.pop_due(100) == &early);
  CHECK(heap.pop_due(100) == &exact);
  CHECK(heap.pop_due(100) == nullptr);
  CHECK(late.linked());
  CHECK(heap.top() == &late);
}

TEST_CASE("an updated timer moves, and behind its equals", "[timer_heap]") {
  TimerHeap heap;
  Timer a(1), b(2), c(3);
  heap.push(a, 1);
  heap.push(b, 2);
  heap.push(c, 3);
  heap.update(a, 2);
  heap.update(c, 0);
  CHECK(heap.key(a) == 2);
  CHECK(drain(heap) == std::vector{3, 2, 1});
}

TEST_CASE("a cancelled timer leaves the heap, a second cancel finds nothing", "[timer_heap]") {
  TimerHeap heap;
  Timer a(1), b(2);
  heap.push(a, 1);
  heap.push(b, 2);
  CHECK(heap.cancel(a));
  CHECK_FALSE(a.linked());
  CHECK_FALSE(heap.cancel(a));
  CHECK(heap.top() == &b);
  heap.push(a, 3);
  CHECK(drain(heap) == std::vector{2, 1});
}

TEST_CASE("a destroyed timer leaves the heap", "[timer_heap]") {
  TimerHeap heap;
  Timer keeper(1);
  heap.push(keeper, 5);
  {
    Timer gone(2);
    heap.push(gone, 1);
    CHECK(heap.size() == 2);
  }
  CHECK(heap.size() == 1);
  CHECK(heap.top() == &keeper);
}

TEST_CASE("timers may outlive their heap", "[timer_heap]") {
  Timer timer(1);
  {
    TimerHeap heap;
    heap.push(timer, 5);
  }
  CHECK_FALSE(timer.linked());
  TimerHeap another;
  another.push(timer, 6);
  CHECK(another.pop() == &timer);
}

TEST_CASE("keys at both ends of the range keep their order", "[timer_heap]") {
  TimerHeap heap;
  Timer last(1), first(2), middle(3);
  heap.push(last, std::numeric_limits<std::int64_t>::max());
  heap.push(first, std::numeric_limits<std::int64_t>::min());
  heap.push(middle, 0);
  CHECK(drain(heap) == std::vector{2, 3, 1});
}

TEST_CASE("random operations agree with a multimap", "[timer_heap]") {
  const std::uint32_t seed = GENERATE(1U, 2U, 3U);
  SECTION("few timers") { compare_with_model(seed, 5, 4, 20'000); }
  SECTION("many timers, keys mostly equal") { compare_with_model(seed, 3000, 10, 40'000); }
  SECTION("many timers, keys mostly distinct") { compare_with_model(seed, 3000, 1'000'000'000'000, 40'000); }
}
