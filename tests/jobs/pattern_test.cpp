#include "jobs/pattern.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

using namespace belfry;
using namespace std::string_view_literals;
using jobs::Pattern;

namespace {

bool found(std::string_view expression, std::string_view text) {
  const Pattern pattern(expression);
  REQUIRE(pattern.error().empty());
  return pattern.found_in(text);
}

}  // namespace

TEST_CASE("a character beyond ASCII is one character of a pattern") {
  CHECK(found("^[äö]$", "ä"));
  CHECK(found("^[äö]$", "ö"));
  CHECK_FALSE(found("[äö]", "ü€"));  // whose first byte is that of ä, and whose second is one of ö's neighbours
  CHECK_FALSE(found("[äö]", "\xC3"));
  CHECK(found("^[^äö]$", "ü"));
  CHECK(found("^[à-ï]+$", "äëï"));
  CHECK(found("(?i)^ÄRGER", "ärger"));
  CHECK_FALSE(found("(?i)ä", "\xE3\xA4"));
  CHECK(found("^größ.r$", "größer"));
  CHECK(found("^.$", "€"));
  CHECK(found("^ä{2}$", "ää"));
  CHECK(found("^\\pL+$", "Übergröße"));
}

TEST_CASE("bytes that are no UTF-8 do not keep a pattern from matching around them") {
  for (const std::string_view bytes : {"\xFF"sv, "\xC3"sv, "\xE4"sv, "\0\x80"sv, "\xED\xA0\x80"sv, "\xC0\xAF"sv,
                                       "\xF4\x90\x80\x80"sv, "\xE0\x80\x80"sv, "\xF0\x80\x80\x80"sv, "\xE2\x82"sv}) {
    const std::string line = "ERROR ä " + std::string(bytes) + " € failed";
    CHECK(found("^ERROR [äö] .* € failed$", line));
    CHECK(found("^ERROR ä [^x]* € failed$", line));
    CHECK(Pattern("€").find_in(line) == line.find("€"));
  }
  CHECK(found("^ERROR.{3}$", "ERROR\xFF\xFE\xFD"));
  CHECK(found("^a.b$",
              "a\xE4"
              "b"));  // as another encoding has it
  CHECK_FALSE(found("ä",
                    "a\xE4"
                    "b"));
  CHECK(found("^[^\\x1A]+$", "\xF0\x9F\x94\x94\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80\xE0\xA0\x80\xC2\x80"));
}

TEST_CASE("the value is the first group, or the match, byte for byte") {
  CHECK(Pattern("v([0-9]+)").value_in("\xFF v12") == "12");
  CHECK(Pattern("=.*;").value_in("ä=\xFFö\xE4;") == "=\xFFö\xE4;");
  CHECK(Pattern("a(b)?").value_in("a") == "");
  CHECK_FALSE(Pattern("b").value_in("a"));
  CHECK(Pattern("^$").value_in("") == "");
}

TEST_CASE("what is no pattern says why") {
  CHECK_FALSE(Pattern("(").error().empty());
  CHECK_FALSE(Pattern("\xFF").error().empty());
}
