#include "daemon/config/base64.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace belfry::daemon;

TEST_CASE("base64 is that of RFC 4648, and comes back byte for byte") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foob") == "Zm9vYg==");
  std::string bytes;
  for (int i = 0; i < 1000; ++i) {
    bytes += static_cast<char>(i * 37);
    REQUIRE(from_base64(base64(bytes)) == bytes);
  }
}

TEST_CASE("what base64 does not make is none") {
  for (const char* const text : {"Zg", "Zg=", "Zg=a", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zm9v\n"}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text));
  }
}
