// Short ways to write instants and lists of fires in the tests of lib/time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "time/instant.hpp"
#include "time/trigger.hpp"
#include "time/zone.hpp"

namespace belfry::time::test {

/// "2026-03-29T01:00:00Z"; throws when the text is wrong.
inline WallTime at(std::string_view text) { return parse_time(text, Zone()).value(); }

inline Zone zone(std::string_view name) { return Zone::load(name).value(); }

/// The fires in (after, until], as local time with its offset.
inline std::vector<std::string> fires(const Trigger& trigger, const Zone& where, std::string_view after,
                                      std::string_view until) {
  std::vector<std::string> found;
  for (auto next = trigger.next(at(after)); next && *next <= at(until); next = trigger.next(*next)) {
    found.push_back(format_time(*next, where));
  }
  return found;
}

}  // namespace belfry::time::test
