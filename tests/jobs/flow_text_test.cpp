#include "jobs/flow_text.hpp"

#include <catch2/catch.hpp>

#include "jobs/flow_condition.hpp"

using namespace belfry::jobs;

namespace {

/// A world in which step "good" succeeded with the output x = yes, and "bad" failed.
class World final : public FlowFacts {
 public:
  std::string value_of(const FlowReference& reference) const override {
    if (reference.what == FlowReference::What::outcome) return reference.step == "good" ? "success" : "failure";
    return reference.name == "x" ? "yes" : "";
  }
  bool succeeded(const std::string& step) const override { return step == "good"; }
  bool failed(const std::string& step) const override { return step != "good"; }
};

bool holds(const std::string& text) {
  INFO(text);
  const auto condition = FlowCondition::parse(text);
  if (!condition) FAIL(condition.error().message);
  return condition->holds(World());
}

std::string refused(const std::string& text) {
  const auto condition = FlowCondition::parse(text);
  return condition ? "accepted" : std::to_string(condition.error().offset) + ": " + condition.error().message;
}

std::string text_error(const std::string& text) {
  const auto parsed = FlowText::parse(text);
  return parsed ? "accepted" : std::to_string(parsed.error().offset) + ": " + parsed.error().message;
}

}  // namespace

TEST_CASE("references in a text are replaced, and nothing else is") {
  const auto text =
      FlowText::parse("a ${{steps.b-1.outputs.c}} $HOME ${D} {{x}} ${{ item }}${{ matrix.os }}.${{steps.s.outcome}}");
  REQUIRE(text);
  CHECK(text->references().size() == 4);
  CHECK(text->expand([](const FlowReference& each) { return "<" + each.text() + ">"; }) ==
        "a <steps.b-1.outputs.c> $HOME ${D} {{x}} <item><matrix.os>.<steps.s.outcome>");
  CHECK(text->only_reference() == nullptr);
  const auto alone = FlowText::parse(" ${{ steps.a.outputs.b }} ");
  REQUIRE(alone);
  REQUIRE(alone->only_reference() != nullptr);
  CHECK(alone->only_reference()->text() == "steps.a.outputs.b");
  CHECK(FlowText::parse("")->expand({}).empty());
}

TEST_CASE("a wrong reference is told with the byte at which it is") {
  CHECK_THAT(text_error("ab ${{ steps.a.output.b }}"), Catch::Contains("7: \"steps.a.output.b\" is no reference"));
  CHECK_THAT(text_error("ab ${{ }}"), Catch::Contains("7: nothing that can be referred to"));
  CHECK_THAT(text_error("ab ${{ item"), Catch::Contains("3: a \"${{\" is not closed"));
  CHECK_THAT(text_error("${{ item == 'x' }}"), Catch::Contains("0: a \"${{\" is not closed"));
  CHECK_THAT(text_error("${{ steps.1a.outcome }}"), Catch::Contains("is no reference"));
}

TEST_CASE("a condition is true or false") {
  CHECK(holds("success(good)"));
  CHECK_FALSE(holds("success( bad )"));
  CHECK(holds("failure(bad) && !success(bad)"));
  CHECK(holds("always()"));
  CHECK_FALSE(holds("success()"));  // the world says so of the empty name
  CHECK(holds("${{ steps.good.outputs.x == 'yes' }}"));
  CHECK(holds("steps.good.outputs.x != 'no'"));
  CHECK(holds("'it''s' == 'it''s'"));
  CHECK(holds("steps.bad.outcome == 'failure'"));
  CHECK(holds("13 == '13'"));
}

TEST_CASE("&& binds more tightly than ||, and parentheses more than both") {
  CHECK(holds("always() || always() && failure(good)"));
  CHECK_FALSE(holds("(always() || always()) && failure(good)"));
  CHECK_FALSE(holds("!(always() || failure(good))"));
  CHECK(holds("!!always()"));
}

TEST_CASE("a condition that is none is refused at its place") {
  CHECK_THAT(
      refused("steps.a.outputs.x"),
      Catch::StartsWith("0: a value alone is neither true nor false; compare it, as in steps.a.outputs.x == 'yes'"));
  CHECK_THAT(refused("always() and always()"), Catch::StartsWith("9: something stands behind the end"));
  CHECK_THAT(refused("steps.a.outcome == 'sucess'"),
             Catch::StartsWith("19: 'sucess' is no outcome") && Catch::EndsWith("did you mean \"success\"?"));
  CHECK_THAT(refused("'failed' == steps.a.outcome"), Catch::StartsWith("0: 'failed' is no outcome"));
  CHECK_THAT(refused("(always()"), Catch::Contains("is not closed"));
  CHECK_THAT(refused("success(a b)"), Catch::Contains("is not closed"));
  CHECK_THAT(refused("success(1)"), Catch::StartsWith("8: not the id of a step"));
  CHECK_THAT(refused("always(a)"), Catch::StartsWith("7: always() is about no step"));
  CHECK_THAT(refused("item == \"x\""), Catch::StartsWith("8: texts stand between single quotes"));
  CHECK_THAT(refused("item == 'x"), Catch::StartsWith("8: a ' is not closed"));
  CHECK_THAT(refused("sucess()"), Catch::StartsWith("0: \"sucess\" is no reference"));
  CHECK_THAT(refused(std::string(1000, '(') + "always()" + std::string(1000, ')')),
             Catch::Contains("nested too deeply"));
  CHECK_THAT(refused(std::string(100'000, '!') + "always()"), Catch::Contains("nested too deeply"));
}

TEST_CASE("a condition says whether it is about results") {
  CHECK(FlowCondition::parse("failure()")->is_about_results());
  CHECK(FlowCondition::parse("steps.a.outcome == 'success'")->is_about_results());
  CHECK_FALSE(FlowCondition::parse("steps.a.outputs.x == 'success'")->is_about_results());
  CHECK(FlowCondition::parse("success(a) || steps.b.outputs.c == '1'")->references().size() == 2);
}
