#include "jobs/parameters.hpp"

#include <array>
#include <catch2/catch.hpp>

using namespace belfry::jobs;

namespace {

constexpr std::array known{
    ParameterInfo{.name = "paths", .value = "a path", .fallback = "", .meaning = "the files", .required = true},
    ParameterInfo{.name = "keep", .value = "1 to 9", .fallback = "7", .meaning = "how many"}};

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
  CHECK(reader.integer("keep", 7, 1, 9) == 7);
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
