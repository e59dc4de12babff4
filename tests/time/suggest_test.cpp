#include "time/suggest.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace belfry::time {
namespace {

TEST_CASE("suggest: the distance counts edits and swaps, and ignores case") {
  CHECK(edit_distance("timeout", "timeout", 3) == 0);
  CHECK(edit_distance("TimeOut", "timeout", 3) == 0);
  CHECK(edit_distance("timout", "timeout", 3) == 1);
  CHECK(edit_distance("tiemout", "timeout", 3) == 1);
  CHECK(edit_distance("kitten", "sitting", 5) == 3);
  CHECK(edit_distance("", "abc", 5) == 3);
  CHECK(edit_distance("abc", "xyz", 1) == 2);
  CHECK(edit_distance(std::string(100, 'a'), std::string(100, 'a'), 9) == 10);
}

TEST_CASE("suggest: only what is near is offered, the nearest first") {
  const std::array<std::string_view, 4> keys{"timeout", "timezone", "command", "schedule"};
  CHECK(nearest("time_out", keys) == "timeout");
  CHECK(nearest("shedule", keys) == "schedule");
  CHECK_FALSE(nearest("environment", keys).has_value());
  CHECK(did_you_mean("comand", keys) == "did you mean \"command\"?");
  CHECK(did_you_mean("xyz", keys).empty());
  const std::vector<std::string> owned(keys.begin(), keys.end());
  CHECK(did_you_mean("comand", owned) == "did you mean \"command\"?");
}

}  // namespace
}  // namespace belfry::time
