#include "jobs/flow_output.hpp"

#include <catch2/catch.hpp>

using namespace belfry;
using jobs::FlowOutput;
using How = FlowOutput::How;

namespace {

ledger::CapturedStream printed(std::string text) {
  const auto size = text.size();
  return {.head = std::move(text), .tail = "", .total_bytes = size, .dropped_bytes = 0};
}

/// The value, or "error: " and why there is none.
std::string found(How how, const std::string& detail, const ledger::CapturedStream& stream) {
  const auto output = FlowOutput::make("x", how, detail);
  REQUIRE(output);
  const auto value = output->find_in(stream);
  return value ? *value : "error: " + value.error();
}

std::string found(How how, const std::string& detail, std::string text) {
  return found(how, detail, printed(std::move(text)));
}

}  // namespace

TEST_CASE("outputs are found in what was printed") {
  CHECK(found(How::all, "", "a\nb\n\n") == "a\nb");
  CHECK(found(How::last_line, "", "a\nb\n\n") == "b");
  CHECK(found(How::last_line, "", "").empty());
  CHECK(found(How::variable, "tag", "tag=1\nxtag=2\ntag=3=4\r\nmore\n") == "3=4");
  CHECK(found(How::variable, "tag", "xtag=1\n") == "error: it printed no line tag=...");
  CHECK(found(How::json, "/a/1", R"({"a": ["x", {"b": 2}]})") == R"({"b":2})");
  CHECK(found(How::json, "/a/0", R"({"a": ["x"]})") == "x");
  CHECK(found(How::json, "", "7") == "7");
  CHECK(found(How::json, "/b", R"({"a": 1})") == "error: there is nothing at /b of the JSON that it printed");
  CHECK(found(How::json, "/a", "a: 1") == "error: what it printed is no JSON");
  CHECK(found(How::pattern, "v([0-9.]+)", "is v1.2, not v3") == "1.2");
  CHECK(found(How::pattern, "v[0-9.]+", "is v1.2, not v3") == "v1.2");
  CHECK(found(How::pattern, "by ([äöü]),", "\xFF by o, by ö, by ä") == "ö");
  CHECK(found(How::pattern, "w", "is v1.2") == "error: nothing that it printed matches w");
}

TEST_CASE("what was not kept whole is not searched, but for its end") {
  const ledger::CapturedStream cut{.head = "[1,", .tail = "2]\ntag=5\n", .total_bytes = 100, .dropped_bytes = 88};
  CHECK_THAT(found(How::json, "", cut), Catch::StartsWith("error: it printed 100 bytes, of which not all were kept"));
  CHECK_THAT(found(How::all, "", cut), Catch::StartsWith("error: "));
  CHECK(found(How::last_line, "", cut) == "tag=5");
  CHECK(found(How::variable, "tag", cut) == "5");
  CHECK_THAT(found(How::all, "", std::string(70'000, 'x')), Catch::Contains("the most is 65536"));
  CHECK_THAT(found(How::pattern, "x", std::string(300'000, 'x')), Catch::Contains("in more than 262144"));
}

TEST_CASE("an output that cannot be found is refused when it is declared") {
  CHECK(FlowOutput::make("x", How::json, "a/b").error() == "not a JSON pointer, such as /items/0/id");
  CHECK_THAT(FlowOutput::make("x", How::pattern, "(").error(), Catch::StartsWith("not a regular expression: "));
  CHECK_THAT(FlowOutput::make("x", How::pattern, "(a)(b)").error(), Catch::Contains("more than one group"));
}

TEST_CASE("a text is a list by its lines, or as a JSON array") {
  using Texts = std::vector<std::string>;
  CHECK(jobs::flow_items("a\r\n\nb c\n") == Texts{"a", "b c"});
  CHECK(jobs::flow_items(R"( ["a", 2, {"b": null}])") == Texts{"a", "2", R"({"b":null})"});
  CHECK(jobs::flow_items("[a") == Texts{"[a"});
  CHECK(jobs::flow_items("").empty());
  CHECK(jobs::flow_items("[]").empty());
  CHECK(jobs::flow_items(jobs::flow_array({"x\ny", "\"", ""})) == Texts{"x\ny", "\"", ""});
}

TEST_CASE("what is put on record of outputs is bounded, and ends with a whole character", "[flow]") {
  std::map<std::string, std::string> outputs;
  for (int i = 100; i < 150; ++i) outputs.emplace("o" + std::to_string(i), "x");
  outputs["o100"] = std::string(196, 'a') + "\u00fc\u00fc\u00fc";
  const auto kept = jobs::for_record(outputs);
  CHECK(kept.size() == 32);
  CHECK(kept.at("o100") == std::string(196, 'a') + "...");
  CHECK(kept.at("o101") == "x");
}
