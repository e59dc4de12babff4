#include "jobs/sql/pool.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "async/loop.hpp"
#include "async/timeout.hpp"
#include "time/duration.hpp"

namespace belfry::jobs::sql {

namespace {

using Key = std::pair<Target, PoolLimits>;

thread_local std::map<Key, std::weak_ptr<Pool>> pools;

/// False: the server has closed it meanwhile.
async::Task<bool> lives(Connection& connection) {
  try {
    co_await connection.check();
    co_return true;
  } catch (const Error&) {
    co_return false;
  }
}

std::int64_t now_ns() { return async::Loop::current().now_ns(); }

}  // namespace

std::shared_ptr<Pool> Pool::of(const Target& target, const PoolLimits& limits, async::ThreadPool& threads) {
  std::erase_if(pools, [](const auto& entry) { return entry.second.expired(); });
  auto& known = pools[Key(target, limits)];
  auto pool = known.lock();
  if (!pool) known = pool = std::make_shared<Pool>(target, limits, threads);
  return pool;
}

Pool::Pool(Target target, PoolLimits limits, async::ThreadPool& threads)
    : target_(std::move(target)), limits_(limits), threads_(threads), places_(limits.max) {}

async::Task<Pool::Lease> Pool::take(std::chrono::nanoseconds connect_timeout) {
  Lease lease(*this, co_await places_.acquire());
  auto kept = co_await async::move_on_after(connect_timeout, connected());
  if (!kept) {
    throw Error("cannot connect to " + target_.shown() + " within connect_timeout (" +
                    time::format_duration(connect_timeout) + "); does the server answer, and does a firewall let it?",
                true);
  }
  lease.kept_ = *std::move(kept);
  co_return lease;
}

async::Task<Pool::Kept> Pool::connected() {
  while (!idle_.empty()) {
    Kept kept = std::move(idle_.front());
    idle_.pop_front();
    if (now_ns() - kept.made_at >= limits_.max_lifetime.count()) continue;
    if (co_await lives(*kept.connection)) co_return kept;
  }
  const std::int64_t now = now_ns();
  co_return Kept{.connection = co_await connect(target_, threads_), .made_at = now, .idle_since = now};
}

bool Pool::has_had_its_time(const Kept& kept, std::size_t index, std::int64_t now) const noexcept {
  return now - kept.made_at >= limits_.max_lifetime.count() ||
         (index >= limits_.min && now - kept.idle_since >= limits_.idle_timeout.count());
}

void Pool::keep(Kept kept) {
  kept.idle_since = now_ns();
  idle_.push_front(std::move(kept));
  fire();
}

/// Closes those whose time is over, and comes again for the next.
void Pool::fire() noexcept {
  auto& loop = async::Loop::current();
  const std::int64_t now = loop.now_ns();
  std::int64_t next = std::numeric_limits<std::int64_t>::max();
  std::size_t index = 0;
  for (auto each = idle_.begin(); each != idle_.end();) {
    if (has_had_its_time(*each, index, now)) {
      each = idle_.erase(each);
      continue;
    }
    next = std::min(next, each->made_at + limits_.max_lifetime.count());
    if (index >= limits_.min) next = std::min(next, each->idle_since + limits_.idle_timeout.count());
    ++index;
    ++each;
  }
  cancel();
  if (!idle_.empty()) loop.timers().push(*this, next);
}

async::Task<> Pool::Lease::give_back() {
  Kept kept = std::move(kept_);
  if (!kept.connection->can_be_kept()) {
    co_await kept.connection->close();
    co_return;
  }
  co_await kept.connection->reset();
  pool_->keep(std::move(kept));
  place_.release();
}

}  // namespace belfry::jobs::sql
