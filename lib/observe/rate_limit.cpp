#include "observe/rate_limit.hpp"

namespace belfry::observe {

namespace {

constexpr std::size_t kMostKeys = 1000;

}  // namespace

std::optional<std::uint64_t> RateLimit::admit(std::string_view key, Instant now) {
  const auto found = seen_.find(key);
  if (found == seen_.end()) {
    if (seen_.size() >= kMostKeys) forget_old(now);
    seen_.emplace(key, Seen{.since = now, .latest = now});
    return 0;
  }
  Seen& seen = found->second;
  if (now < seen.since + window_ && now >= seen.since) {  // before: the clock was set back
    ++seen.held_back;
    seen.latest = now;
    return std::nullopt;
  }
  const std::uint64_t held_back = seen.held_back;
  seen = {.since = now, .latest = now};
  return held_back;
}

std::vector<std::pair<std::string, std::uint64_t>> RateLimit::take_rest(Instant now) {
  std::vector<std::pair<std::string, std::uint64_t>> rest;
  std::erase_if(seen_, [&](const auto& item) {
    const auto& [key, seen] = item;
    if (seen.held_back == 0 || now < seen.latest + 2 * window_) return false;
    rest.emplace_back(key, seen.held_back);
    return true;
  });
  return rest;
}

void RateLimit::forget_old(Instant now) {
  std::erase_if(seen_, [&](const auto& item) { return now >= item.second.since + window_; });
  if (seen_.size() >= kMostKeys) seen_.clear();  // so many at once: better one line too many than memory without end
}

}  // namespace belfry::observe
