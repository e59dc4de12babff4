// Pool: the connections to one database. At most so many at a time, and those that nobody uses are kept for a while.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <list>
#include <memory>

#include "async/loop_timer.hpp"
#include "async/semaphore.hpp"
#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "jobs/sql/connection.hpp"
#include "jobs/sql/target.hpp"

namespace belfry::jobs::sql {

struct PoolLimits {
  std::size_t max = 4;                    ///< connections at a time, >= 1; who comes later waits
  std::size_t min = 0;                    ///< so many of those that were opened stay, idle or not
  std::chrono::nanoseconds idle_timeout;  ///< after which one that nobody uses is closed; 0: at once
  std::chrono::nanoseconds max_lifetime;  ///< after which one is used no more
  friend auto operator<=>(const PoolLimits&, const PoolLimits&) = default;
};

/// Loop thread only. May outlive its loop; then only its destructor may be called.
class Pool final : private async::detail::LoopTimer {
 public:
  class Lease;

  /// The one of this thread for that database with these limits. It lives, with its connections, as long as somebody
  /// holds it. The thread pool must outlive it.
  static std::shared_ptr<Pool> of(const Target& target, const PoolLimits& limits, async::ThreadPool& threads);

  Pool(Target target, PoolLimits limits, async::ThreadPool& threads);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() = default;

  /// A connection: one that was kept and still answers, or a new one; the latest that was kept first. Waits for a
  /// place, first come, first served; then for at most `connect_timeout`. Throws Error. Cancellation: gives it up at
  /// once.
  async::Task<Lease> take(std::chrono::nanoseconds connect_timeout);

 private:
  struct Kept {
    std::unique_ptr<Connection> connection;
    std::int64_t made_at;  // on the clock of the loop
    std::int64_t idle_since;
  };

  async::Task<Kept> connected();
  void keep(Kept kept);
  void fire() noexcept override;
  bool has_had_its_time(const Kept& kept, std::size_t index, std::int64_t now) const noexcept;

  Target target_;
  PoolLimits limits_;
  async::ThreadPool& threads_;
  async::Semaphore places_;
  std::list<Kept> idle_;  // the one that was used last first
};

/// A connection of a pool, in use. Its end closes it, unless it was given back.
class Pool::Lease {
 public:
  Connection& connection() const noexcept { return *kept_.connection; }

  /// Others may have it, after reset(); one that cannot be kept is closed in order. Throws Error; then it is gone.
  async::Task<> give_back();

 private:
  friend class Pool;
  Lease(Pool& pool, async::Semaphore::Permit place) : pool_(&pool), place_(std::move(place)) {}

  Pool* pool_;
  async::Semaphore::Permit place_;
  Kept kept_{};
};

}  // namespace belfry::jobs::sql
