#include "jobs/parameters.hpp"

#include <array>
#include <catch2/catch.hpp>

using namespace belfry::jobs;

namespace {

constexpr std::array known{
    ParameterInfo{.name = "paths", .value = "a path", .meaning = "the files", .required = true},
    ParameterInfo{
        .name = "keep", .type = ParameterType::integer, .fallback = "7", .meaning = "how many", .least = 1, .most = 9}};

}  // namespace

TEST_CASE("unknown and missing parameters are named, with what was meant", "[parameters]") {
  const ParameterMap unknown{{"paths", "a"}, {"kep", "3"}};
  CHECK(ParameterReader(unknown, known).error()->key == "kep");
  CHECK(ParameterReader(unknown, known).error()->message ==
        "there is no parameter 'kep': did you mean \"keep\"?; there is paths and keep");
  const ParameterMap missing{{"keep", "3"}};
  CHECK(ParameterReader(missing, known).error()->message == "paths is missing: a path, the files");
}

TEST_CASE("values of the wrong kind are refused with what is wanted", "[parameters]") {
  const ParameterMap map{{"paths", "a\n\nb c\n"}, {"keep", "12x"}};
  ParameterReader reader(map, known);
  CHECK(reader.list("paths") == std::vector<std::string>{"a", "b c"});
  CHECK_FALSE(reader.error());
  CHECK(reader.integer("keep") == 7);
  CHECK(reader.error()->message == "keep wants a whole number from 1 to 9, not '12x'");
}

TEST_CASE("sizes are read and written with powers of 1024", "[parameters]") {
  CHECK(parse_size("0") == 0);
  CHECK(parse_size("4096") == 4096);
  CHECK(parse_size("64K") == 65536);
  CHECK(parse_size(" 1.5 GiB ") == 1610612736);
  CHECK(parse_size("10mb") == std::nullopt);
  CHECK(parse_size("10MB") == 10U << 20U);
  for (const char* bad : {"", "x", "-1", "1Q", "1 2", "inf", "nan", "1e3", "9999999999T"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad));
  }
  CHECK(format_size(871) == "871 B");
  CHECK(format_size(1024) == "1.0 KiB");
  CHECK(format_size(13002342) == "12.4 MiB");
  CHECK(format_size(1048575) == "1.0 MiB");
}

TEST_CASE("what a parameter takes is said by its type", "[parameters]") {
  static constexpr std::array<std::string_view, 3> words{"none", "gzip", "zstd"};
  const auto of = [](ParameterType type, std::int64_t least = 0, std::int64_t most = 0) {
    return takes({.name = "x", .type = type, .least = least, .most = most, .choices = words});
  };
  CHECK(of(ParameterType::flag) == "true or false");
  CHECK(of(ParameterType::integer, 1, 1000) == "1 to 1000");
  CHECK(of(ParameterType::choice) == "none, gzip or zstd");
  CHECK(of(ParameterType::size, 1, 3 << 20) == "a size from 1 to 3M");
  CHECK(of(ParameterType::size) == "a size");
  CHECK(of(ParameterType::duration, 100, 300'000) == "a duration from 100ms to 5m");
  CHECK(of(ParameterType::duration, 0, 1000) == "a duration up to 1s");
  CHECK(takes({.name = "x", .value = "a word"}) == "a word");
}

TEST_CASE("maps within maps have names with dots, and tables any keys", "[parameters]") {
  static constexpr std::array expect{ParameterInfo{.name = "status", .type = ParameterType::integer, .most = 599},
                                     ParameterInfo{.name = "json", .type = ParameterType::table}};
  static constexpr std::array nested{ParameterInfo{.name = "expect", .type = ParameterType::map, .keys = expect}};
  const ParameterMap map{{"expect.json./a.b", "1"}, {"expect.json./c", "2"}, {"expect.status", "600"}};
  ParameterReader reader(map, nested);
  CHECK_FALSE(reader.error());
  using Entries = std::vector<std::pair<std::string, std::string>>;
  CHECK(reader.table("expect.json") == Entries{{"/a.b", "1"}, {"/c", "2"}});
  reader.integer("expect.status");
  CHECK(reader.error()->key == "expect.status");
  const ParameterMap unknown{{"expect.state", "1"}};
  CHECK(ParameterReader(unknown, nested).error()->key == "expect.state");
  CHECK_THROWS_AS(reader.flag("expect.never"), std::logic_error);
}

TEST_CASE("limits and defaults are those of the declaration", "[parameters]") {
  static constexpr std::array limited{
      ParameterInfo{.name = "age", .type = ParameterType::duration, .fallback = "5s", .least = 1, .most = 60'000},
      ParameterInfo{.name = "room", .type = ParameterType::size, .fallback = "1K", .most = 4096}};
  const ParameterMap none;
  ParameterReader fallbacks(none, limited);
  CHECK(fallbacks.duration("age") == std::chrono::seconds{5});
  CHECK(fallbacks.size("room") == 1024);
  const ParameterMap large{{"age", "2m"}, {"room", "5K"}};
  ParameterReader first(large, limited);
  first.duration("age");
  CHECK(first.error()->message == "age wants a duration from 1ms to 1m such as 30d, not '2m'");
  ParameterReader second(large, limited);
  second.size("room");
  CHECK(second.error()->message == "room wants a size up to 4K such as 64K, 10M or 1.5G, not '5K'");
}
