// Every row of asyncio's behaviour is either a test here, named by the row's id, or a documented difference.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

const std::filesystem::path source = BELFRY_SOURCE_DIR;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  REQUIRE(stream);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string all_cases() {
  std::string text;
  for (const auto& entry : std::filesystem::directory_iterator(source / "tests/async/semantics")) {
    if (entry.path().extension() == ".cpp") text += text_of(entry.path());
  }
  return text;
}

}  // namespace

TEST_CASE("every row of asyncio's behaviour is tested or argued") {
  const std::string cases = all_cases();
  const std::string differences = text_of(source / "docs/async/differences.md");
  std::ifstream ids(source / "tests/async/data/semantics_ids.txt");
  REQUIRE(ids);
  int rows = 0;
  for (std::string id; std::getline(ids, id); ++rows) {
    const bool tested = cases.find("\"" + id + ": ") != std::string::npos;
    const bool argued = differences.find("| `" + id + "` |") != std::string::npos;
    INFO(id << " is neither a test in tests/async/semantics nor a row of docs/async/differences.md");
    CHECK((tested || argued));
    INFO(id << " is argued to differ, but no case \"differs " << id << ": ...\" holds belfry to it");
    CHECK((!argued || cases.find("\"differs " + id + ": ") != std::string::npos));
  }
  CHECK(rows > 70);
}
