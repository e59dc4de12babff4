// Every broken kind: the line, the column, the key and the words of each of its errors.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "case_file.hpp"
#include "daemon/config/load_config.hpp"

using namespace belfry::daemon;

TEST_CASE("every broken configuration is refused with the place, the key and the words of each mistake") {
  std::set<std::string> names;
  for (const auto& one : testing::read_cases(CONFIG_TEST_DATA "/broken.txt")) {
    INFO(one.name << "\n" << one.text);
    CHECK(names.insert(one.name).second);
    const auto result = parse_config(one.text, "scheduler.yaml", "/etc/belfry", {});
    CHECK_FALSE(result.has_value());
    if (!result) CHECK(testing::shown(result.error()) == one.says);
  }
  CHECK(names.size() >= 200);
}

TEST_CASE("every error can be shown: one line with the place, and the caret under the column") {
  for (const auto& one : testing::read_cases(CONFIG_TEST_DATA "/broken.txt")) {
    INFO(one.name);
    const auto result = parse_config(one.text, "scheduler.yaml", "/etc/belfry", {});
    REQUIRE_FALSE(result.has_value());
    for (const auto& error : result.error()) {
      const auto text = format_error(error);
      CHECK(text.starts_with("scheduler.yaml:" + std::to_string(error.place.line) + ":"));
      CHECK(text.find('\x1b') == std::string::npos);
      CHECK(error.caret >= 1);
      CHECK(error.message.find('\n') == std::string::npos);
    }
  }
}

// After a change of words: config_test "[update]", and then read the difference before it is committed.
TEST_CASE("data/broken.txt is written anew with what the program says now", "[.][update]") {
  const auto cases = testing::read_cases(CONFIG_TEST_DATA "/broken.txt");
  std::ofstream file(CONFIG_TEST_DATA "/broken.txt");
  for (const auto& one : cases) {
    const auto result = parse_config(one.text, "scheduler.yaml", "/etc/belfry", {});
    file << (&one == cases.data() ? "" : "\n") << "=== " << one.name << '\n' << one.written << "=>\n";
    file << (result ? "accepted\n" : testing::escape(testing::shown(result.error())));
  }
}
