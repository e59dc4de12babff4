// The files of data/corpus, made elsewhere for any scheduler: what belfry says about each, on which line.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <set>

#include "daemon/config/load_config.hpp"

using namespace belfry::daemon;

namespace {

struct Expectation {
  int line = 0;  ///< 0: the file is accepted
  std::string key;
};

const std::map<std::string, Expectation> expectations{
    {"bomb-quadratic-anchors", {1, "x"}},
    {"control-anchor", {}},
    {"control-block-scalar", {}},
    {"control-bom", {}},
    {"control-comments", {}},
    {"control-crlf", {}},
    {"control-flow", {}},
    {"control-minimal", {}},
    {"control-no-final-newline", {}},
    {"control-two", {}},
    {"control-utf8", {}},
    {"cron-eight-fields", {3, "jobs.a.schedule"}},
    {"cron-every-zero", {3, "jobs.a.schedule"}},
    {"cron-huge-number", {3, "jobs.a.schedule"}},
    {"cron-inverted", {3, "jobs.a.schedule"}},
    {"cron-list", {3, "jobs.a.schedule[0]"}},
    {"cron-negative", {3, "jobs.a.schedule"}},
    {"cron-step0", {3, "jobs.a.schedule"}},
    {"cycle-500", {5, "jobs.j0.depends_on[0]"}},
    {"deep-flow-brace-open", {1, ""}},
    {"deep-flow-map", {1, "*"}},
    {"enc-bidi", {4, ""}},
    {"enc-invalid-utf8-comment", {1, ""}},
    {"enc-nbsp-indent", {2, ""}},
    {"enc-utf16be-nobom", {1, ""}},
    {"enc-utf32", {1, ""}},
    {"key-dot", {2, "jobs[\"..\"]"}},
    {"key-long", {2, "jobs"}},
    {"key-number", {}},
    {"key-slash", {2, "jobs[\"../../etc/passwd\"]"}},
    {"long-plain-multiline", {}},
    {"shape-comment-only", {1, ""}},
    {"shape-empty", {1, ""}},
    {"shape-newline", {1, ""}},
    {"shape-scalar", {1, ""}},
    {"syntax-at-sign", {3, "jobs.a.schedule"}},
    {"syntax-bad-anchor", {2, "jobs.a"}},
    {"syntax-bad-indent-2", {3, ""}},
    {"syntax-bad-indent", {4, "jobs"}},
    {"syntax-custom-tag-2", {3, "jobs.a.command"}},
    {"syntax-custom-tag", {2, "jobs.a"}},
    {"syntax-doc-end-garbage", {6, ""}},
    {"syntax-elf", {1, ""}},
    {"syntax-extra-bracket", {3, "jobs.a"}},
    {"syntax-ini", {2, ""}},
    {"syntax-merge-key", {1, "b"}},
    {"syntax-only-colon", {1, ""}},
    {"syntax-percent", {1, ""}},
    {"syntax-tab-after-space", {3, "jobs"}},
    {"syntax-unclosed-double-quote", {3, "jobs.a.command"}},
    {"syntax-unclosed-single-quote", {3, "jobs.a.command"}},
    {"type-command-empty-list", {4, "jobs.a.command"}},
    {"type-command-empty", {4, "jobs.a.command"}},
    {"type-command-map", {4, "jobs.a.command"}},
    {"type-command-number", {}},
    {"type-depends-number", {5, "jobs.a.depends_on"}},
    {"type-env-list", {5, "jobs.a.env"}},
    {"type-retries-huge", {5, "jobs.a.retries"}},
    {"type-timeout-bool", {5, "jobs.a.timeout"}},
    {"type-timeout-float-overflow", {5, "jobs.a.timeout"}},
    {"type-timeout-map", {5, "jobs.a.timeout"}},
    {"type-timeout-overflow-unit", {5, "jobs.a.timeout"}},
    {"type-timeout-overflow", {5, "jobs.a.timeout"}},
    {"type-tz-dir", {5, "jobs.a.timezone"}},
    {"type-tz-file", {5, "jobs.a.timezone"}},
    {"type-tz-nul", {5, "jobs.a.timezone"}},
    {"type-tz-traversal", {5, "jobs.a.timezone"}},
    {"type-tz-unknown", {5, "jobs.a.timezone"}},
};

}  // namespace

TEST_CASE("every file of the corpus is judged as expected, with the line and the key") {
  std::set<std::string> seen;
  for (const auto& file : std::filesystem::directory_iterator(CONFIG_TEST_DATA "/corpus")) {
    const auto name = file.path().stem().string();
    INFO(name);
    seen.insert(name);
    REQUIRE(expectations.contains(name));
    const auto& expected = expectations.at(name);
    const auto result = load_config(file.path(), {});
    CHECK(result.has_value() == (expected.line == 0));
    if (result || expected.line == 0) continue;
    const auto& error = result.error().front();
    CHECK(error.place.line == expected.line);
    if (expected.key != "*") CHECK(error.key == expected.key);
    CHECK(format_error(error).starts_with(file.path().string() + ":" + std::to_string(expected.line) + ":"));
  }
  CHECK(seen.size() == expectations.size());
}
