#include "engine/one_shots.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace belfry::engine {
namespace {

// name, by, working_dir, when it was asked for, the number of arguments, the arguments, the names and values of the
// environment; each ends with a NUL, which none of them holds: they go to exec(2), or come from a name of a user.
std::string pack(const ledger::OneShotAdded& request) {
  std::string packed;
  const auto put = [&packed](std::string_view text) { (packed += text.substr(0, text.find('\0'))) += '\0'; };
  put(request.name);
  put(request.by);
  put(request.working_dir);
  put(std::to_string(request.at.time_since_epoch().count()));
  put(std::to_string(request.argv.size()));
  for (const std::string& word : request.argv) put(word);
  for (const auto& [name, value] : request.environment) {
    put(name);
    put(value);
  }
  packed.shrink_to_fit();
  return packed;
}

std::string_view name_in(std::string_view packed) { return packed.substr(0, packed.find('\0')); }

ledger::OneShotAdded unpack(WallTime due, std::string_view packed) {
  const auto text = [&packed] {
    const std::size_t end = packed.find('\0');
    std::string taken(packed.substr(0, end));
    packed.remove_prefix(end + 1);
    return taken;
  };
  const auto number = [&text] {
    const std::string digits = text();
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  };
  ledger::OneShotAdded request;
  request.due = due;
  request.name = text();
  request.by = text();
  request.working_dir = text();
  request.at = WallTime(WallTime::duration(number()));
  for (auto left = number(); left > 0; --left) request.argv.push_back(text());
  while (!packed.empty()) {
    std::string name = text();
    request.environment.emplace(std::move(name), text());
  }
  return request;
}

/// Of "one-shot-N" the N; 0: it is called otherwise.
std::uint64_t number_of(std::string_view name) {
  static constexpr std::string_view prefix = "one-shot-";
  if (!name.starts_with(prefix)) return 0;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

}  // namespace

void OneShots::add(const ledger::OneShotAdded& request) {
  const bool last = by_time_.empty() || request.due >= by_time_.rbegin()->first;  // a ledger hands them out in order
  const auto place = last ? by_time_.emplace_hint(by_time_.end(), request.due, pack(request))
                          : by_time_.emplace(request.due, pack(request));
  if (!by_name_.emplace(name_in(place->second), place).second) {
    by_time_.erase(place);
    throw std::logic_error("a one-shot \"" + request.name + "\" waits already");
  }
  next_number_ = std::max(next_number_, number_of(request.name) + 1);
}

std::optional<WallTime> OneShots::earliest() const noexcept {
  return by_time_.empty() ? std::nullopt : std::optional(by_time_.begin()->first);
}

std::optional<ledger::OneShotAdded> OneShots::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return unpack(found->second->first, found->second->second);
}

std::optional<ledger::OneShotAdded> OneShots::take(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return take(found->second);
}

std::optional<ledger::OneShotAdded> OneShots::take_due(WallTime until) {
  if (by_time_.empty() || by_time_.begin()->first > until) return std::nullopt;
  return take(by_time_.begin());
}

std::vector<ledger::OneShotAdded> OneShots::first(std::size_t limit) const {
  std::vector<ledger::OneShotAdded> all;
  for (const auto& [due, packed] : by_time_) {
    if (all.size() >= limit) break;
    all.push_back(unpack(due, packed));
  }
  return all;
}

ledger::OneShotAdded OneShots::take(ByTime::iterator place) {
  ledger::OneShotAdded request = unpack(place->first, place->second);
  by_name_.erase(name_in(place->second));
  by_time_.erase(place);
  return request;
}

}  // namespace belfry::engine
