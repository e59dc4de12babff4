#include "engine/catalog_diff.hpp"

#include <catch2/catch.hpp>

using namespace belfry::engine;

namespace {

Catalog catalog_of(std::vector<std::pair<std::string, std::string>> names_and_fingerprints) {
  Catalog catalog;
  for (auto& [name, fingerprint] : names_and_fingerprints) {
    Job job;
    job.name = name;
    job.fingerprint = fingerprint;
    catalog.jobs.emplace(name, std::make_shared<const Job>(std::move(job)));
  }
  return catalog;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("against nothing, every job is added", "[catalog_diff]") {
  const CatalogDiff changes = diff(nullptr, catalog_of({{"a", "1"}, {"b", "1"}}));
  CHECK(changes.added == Names{"a", "b"});
  CHECK(changes.changed.empty());
  CHECK(changes.removed.empty());
  CHECK(changes.unchanged == 0);
}

TEST_CASE("jobs are told apart by name, and their change by fingerprint", "[catalog_diff]") {
  const Catalog before = catalog_of({{"edited", "1"}, {"gone", "1"}, {"same", "1"}});
  const Catalog after = catalog_of({{"edited", "2"}, {"new", "1"}, {"same", "1"}});
  const CatalogDiff changes = diff(&before, after);
  CHECK(changes.added == Names{"new"});
  CHECK(changes.changed == Names{"edited"});
  CHECK(changes.removed == Names{"gone"});
  CHECK(changes.unchanged == 1);
}
