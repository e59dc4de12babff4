// SingleFlightCache: values that are loaded when they are asked for, once for all who ask at the same time, and kept
// for a while. The double-checked cache without the lock: who comes while a load is under way waits for that one. Loop
// thread only.
//
//   SingleFlightCache<std::string, User> users(5min, 10'000);
//   const User user = co_await users.get(name, [&] { return load_user(name); });
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

#include "async/clock.hpp"
#include "async/gather.hpp"
#include "async/loop.hpp"
#include "async/result.hpp"
#include "async/spawn.hpp"
#include "async/wait_queue.hpp"

namespace belfry::async {

struct SingleFlightStats {
  std::size_t size = 0;       ///< values kept, expired ones included
  std::size_t loading = 0;    ///< loads under way
  std::uint64_t hits = 0;     ///< served from what was kept
  std::uint64_t loads = 0;    ///< loads begun
  std::uint64_t joined = 0;   ///< waited for a load that another had begun
  std::uint64_t evicted = 0;  ///< thrown out because the cache was full
};

/// Key: ordered by operator<. Value: copyable.
template <class Key, class Value>
class SingleFlightCache {
 public:
  /// A value is good for `life` from the end of its load; zero: only loads under way are shared. At most `limit` (>= 1,
  /// std::invalid_argument) are kept; the one that was loaded first makes room.
  SingleFlightCache(Duration life, std::size_t limit) : life_(life), limit_(limit) {
    if (limit == 0) throw std::invalid_argument("a SingleFlightCache must keep at least one value");
  }
  SingleFlightCache(const SingleFlightCache&) = delete;
  SingleFlightCache& operator=(const SingleFlightCache&) = delete;

  /// A copy of the value kept for the key, without waiting; else the value of load(), a Task<Value>, begun by the first
  /// who asks and awaited by all who ask meanwhile. Its exception is thrown to all of them and not kept. It runs as a
  /// task of its own: a caller that is cancelled leaves the others their load; the last one that leaves cancels it.
  /// `load` is kept until it has ended. REQUIRES: the cache outlives the await.
  template <class Load>
  Task<Value> get(Key key, Load load);

  /// What is kept for the key is forgotten; a load that is under way serves those who wait for it and is not kept.
  void forget(const Key& key);
  void clear();

  SingleFlightStats statistics() const noexcept {
    SingleFlightStats stats = stats_;
    stats.size = kept_.size();
    stats.loading = flights_.size();
    return stats;
  }

 private:
  /// A load under way; shared by those who wait, so it may be forgotten by the cache meanwhile.
  struct Flight {
    Result<Value> result;
    detail::WaitQueue waiters;
    std::size_t interested = 0;
    bool forgotten = false;
    JoinHandle<> task;
  };
  struct Kept {
    Value value;
    std::int64_t until;
    typename std::list<Key>::iterator age;
  };
  class Landed;
  class Interest;

  template <class Load>
  static Task<> fly(SingleFlightCache& cache, Key key, Load load, Flight& flight);
  void land(const Key& key, Flight& flight);
  void leave(const Key& key, Flight& flight) noexcept;
  void drop(typename std::map<Key, Kept>::iterator place) noexcept;

  Duration life_;
  std::size_t limit_;
  std::map<Key, Kept> kept_;
  std::list<Key> ages_;  // oldest first
  std::map<Key, std::shared_ptr<Flight>> flights_;
  SingleFlightStats stats_;
};

template <class Key, class Value>
class SingleFlightCache<Key, Value>::Landed final : public detail::QueuedWaiter {
 public:
  explicit Landed(Flight& flight) noexcept : QueuedWaiter("single flight"), flight_(flight) {}
  void await_resume() const { finish(); }

 private:
  bool start() override {
    if (!flight_.result.empty()) return false;
    flight_.waiters.push(*this);
    return true;
  }
  Flight& flight_;
};

/// One of those who wait; counted also when its frame is destroyed.
template <class Key, class Value>
class SingleFlightCache<Key, Value>::Interest {
 public:
  Interest(SingleFlightCache& cache, const Key& key, std::shared_ptr<Flight> flight) noexcept
      : cache_(cache), key_(key), flight_(std::move(flight)) {
    ++flight_->interested;
  }
  Interest(const Interest&) = delete;
  Interest& operator=(const Interest&) = delete;
  ~Interest() {
    if (--flight_->interested == 0 && flight_->result.empty()) cache_.leave(key_, *flight_);
  }
  Flight& flight() const noexcept { return *flight_; }

 private:
  SingleFlightCache& cache_;
  const Key& key_;
  std::shared_ptr<Flight> flight_;
};

template <class Key, class Value>
template <class Load>
Task<Value> SingleFlightCache<Key, Value>::get(Key key, Load load) {
  if (const auto kept = kept_.find(key); kept != kept_.end()) {
    if (Loop::current().now_ns() < kept->second.until) {
      ++stats_.hits;
      co_return kept->second.value;
    }
    drop(kept);
  }
  std::shared_ptr<Flight> flight;
  if (const auto under_way = flights_.find(key); under_way != flights_.end()) {
    flight = under_way->second;
    ++stats_.joined;
  } else {
    flight = std::make_shared<Flight>();
    flight->task = spawn(fly(*this, key, std::move(load), *flight), "load");
    flights_.emplace(key, flight);
    ++stats_.loads;
  }
  const Interest interest(*this, key, std::move(flight));
  co_await Landed(interest.flight());
  co_return interest.flight().result.value();
}

// The flight is alive while its task is: it owns the handle, and its last owner cancels the task and lets go of both.
template <class Key, class Value>
template <class Load>
Task<> SingleFlightCache<Key, Value>::fly(SingleFlightCache& cache, Key key, Load load, Flight& flight) {
  Result<Value> result;
  co_await detail::keep_result(load(), result);
  check_cancelled();  // nobody waits: flight and cache may be gone
  flight.result = std::move(result);
  cache.land(key, flight);
}

template <class Key, class Value>
void SingleFlightCache<Key, Value>::land(const Key& key, Flight& flight) {
  if (flight.result.has_value() && !flight.forgotten && life_ > Duration::zero()) {
    if (const auto old = kept_.find(key); old != kept_.end()) drop(old);
    if (kept_.size() >= limit_) {
      drop(kept_.find(ages_.front()));
      ++stats_.evicted;
    }
    const auto age = ages_.insert(ages_.end(), key);
    kept_.emplace(key, Kept{flight.result.value(), Loop::current().now_ns() + life_.count(), age});
  }
  flight.waiters.complete_all();
  if (!flight.forgotten) flights_.erase(key);
}

template <class Key, class Value>
void SingleFlightCache<Key, Value>::leave(const Key& key, Flight& flight) noexcept {
  if (!flight.forgotten) flights_.erase(key);
}

template <class Key, class Value>
void SingleFlightCache<Key, Value>::forget(const Key& key) {
  if (const auto kept = kept_.find(key); kept != kept_.end()) drop(kept);
  if (const auto flight = flights_.find(key); flight != flights_.end()) {
    flight->second->forgotten = true;
    flights_.erase(flight);
  }
}

template <class Key, class Value>
void SingleFlightCache<Key, Value>::clear() {
  kept_.clear();
  ages_.clear();
  for (auto& [key, flight] : flights_) flight->forgotten = true;
  flights_.clear();
}

template <class Key, class Value>
void SingleFlightCache<Key, Value>::drop(typename std::map<Key, Kept>::iterator place) noexcept {
  ages_.erase(place->second.age);
  kept_.erase(place);
}

}  // namespace belfry::async
