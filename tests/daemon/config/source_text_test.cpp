#include <catch2/catch.hpp>

#include "daemon/config/source_text.hpp"

using namespace belfry::daemon;

TEST_CASE("columns count characters, not bytes") {
  const SourceText text("f", "aäb\nüx");
  CHECK(text.place_at(0) == Place{1, 1});
  CHECK(text.place_at(3) == Place{1, 3});
  CHECK(text.place_at(5) == Place{2, 1});
  CHECK(text.place_at(7) == Place{2, 2});
  CHECK(text.place_at(99) == Place{2, 3});
}

TEST_CASE("a place leads back to its byte, also far out on a long line") {
  std::string line;
  for (int i = 0; i < 5000; ++i) line += i % 3 == 0 ? "ä" : "b";
  const SourceText text("f", "first\n" + line + "\nlast");
  for (std::size_t offset : {0U, 6U, 8U, 300U, 4000U}) {
    const auto place = text.place_at(offset);
    CHECK(text.place_at(text.offset_at(place)) == place);
  }
  CHECK(text.line(3) == "last");
}

TEST_CASE("a byte order mark is dropped, and a carriage return is no part of a line") {
  const SourceText text("f",
                        "\xEF\xBB\xBF"
                        "a\r\nb");
  CHECK(text.text() == "a\r\nb");
  CHECK(text.line(1) == "a");
  CHECK(text.line(2) == "b");
  CHECK(text.line(3).empty());
}
