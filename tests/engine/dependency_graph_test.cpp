#include "engine/dependency_graph.hpp"

#include <catch2/catch.hpp>

using namespace belfry::engine;

namespace {

std::vector<std::string> cycles(const DependencyGraph& graph) {
  std::vector<std::string> texts;
  for (const DependencyCycle& cycle : dependency_cycles(graph)) texts.push_back(to_string(cycle));
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a graph without circles has none", "[dependency_graph]") {
  CHECK(cycles({}).empty());
  CHECK(cycles({{"a", {}}, {"b", {"a"}}, {"c", {"a", "b"}}, {"d", {"b", "c", "nobody"}}}).empty());
}

TEST_CASE("a circle is named from its first name on, along the dependencies", "[dependency_graph]") {
  CHECK(cycles({{"a", {"a"}}}) == Texts{"a -> a"});
  CHECK(cycles({{"c", {"b"}}, {"b", {"a"}}, {"a", {"c"}}}) == Texts{"a -> c -> b -> a"});
}

TEST_CASE("what leads to a circle is not part of it", "[dependency_graph]") {
  CHECK(cycles({{"a", {"m"}}, {"m", {"z"}}, {"z", {"m"}}}) == Texts{"m -> z -> m"});
}

TEST_CASE("separate circles are all found, entangled ones once", "[dependency_graph]") {
  CHECK(cycles({{"a", {"b"}}, {"b", {"a"}}, {"x", {"y"}}, {"y", {"x"}}}) == Texts{"a -> b -> a", "x -> y -> x"});
  CHECK(cycles({{"a", {"b", "c"}}, {"b", {"a"}}, {"c", {"a"}}}) == Texts{"a -> b -> a"});
}

TEST_CASE("a chain of a hundred thousand jobs needs no deep stack, closed or not", "[dependency_graph]") {
  DependencyGraph graph;
  constexpr int length = 100'000;
  for (int i = 0; i + 1 < length; ++i) graph[std::to_string(i)] = {std::to_string(i + 1)};
  CHECK(dependency_cycles(graph).empty());
  graph[std::to_string(length - 1)] = {"0"};
  const auto found = dependency_cycles(graph);
  REQUIRE(found.size() == 1);
  CHECK(found[0].size() == length);
}

TEST_CASE("of a long circle the beginning is told", "[dependency_graph]") {
  CHECK(to_string(DependencyCycle{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}) ==
        "a -> b -> c -> d -> e -> f -> g -> h -> i -> j -> (2 more) -> a");
  CHECK(to_string(DependencyCycle{}).empty());
}
