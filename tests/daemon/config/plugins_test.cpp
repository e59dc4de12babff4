// The key `plugins`: whose functions there are, what is said about a wrong one, and what jobs of theirs may have.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "daemon/config/catalog_builder.hpp"
#include "daemon/config/load_config.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace belfry::daemon;
using Catch::Matchers::Contains;
using jobs::ParameterType;

namespace {

std::expected<jobs::PluginDeclaration, std::string> declared(const std::filesystem::path& path) {
  if (path.filename() == "bad.so") return std::unexpected("it is no good: chmod go-w " + path.string());
  const jobs::PluginParameter span{.name = "span",
                                   .type = ParameterType::duration,
                                   .required = true,
                                   .fallback = {},
                                   .meaning = "how long",
                                   .least = 1000,
                                   .most = 60'000,
                                   .choices = {}};
  return jobs::PluginDeclaration{.name = path.stem().string(),
                                 .version = {},
                                 .summary = {},
                                 .functions = {{.name = "rest", .summary = "rests", .parameters = {span}}}};
}

LoadResult load(const std::string& text) {
  return parse_config(text, "test", "/etc/belfry", {.started = {}, .read_plugin = declared});
}

std::string mistakes(const std::string& text) {
  const auto result = load(text);
  return result ? "" : format_errors(result.error());
}

std::string job(const std::string& keys, const std::string& action = "function: calm.rest, span: 5s") {
  return "plugins: calm.so\njobs:\n  a: {native: {" + action + "}" + keys + "}\n";
}

std::string print_of(const std::string& text) {
  const auto config = load(text);
  REQUIRE(config);
  return fingerprint(config->jobs.front());
}

}  // namespace

TEST_CASE("functions of plugins are forms of native, checked by what they declare") {
  const auto config = load(job(""));
  REQUIRE(config);
  const auto& action = std::get<jobs::ActionDeclaration>(config->jobs.front().action);
  CHECK(action.form == "calm.rest");
  CHECK(action.program);
  CHECK(config->actions->find("native")->find("calm.rest") != nullptr);
  CHECK(config->actions->find("native")->find("checksum") != nullptr);
  CHECK(load("plugins: [calm.so, /opt/tea.so]\njobs: {a: {native: {function: tea.rest, span: 1s}}}").has_value());

  CHECK_THAT(mistakes(job("", "function: calm.rest, span: 2h")),
             Contains("test:3:43: jobs.a.native.span: span wants a duration from 1s to 1m"));
  CHECK_THAT(mistakes(job("", "function: calm.rest, spam: 5s")), Contains("did you mean \"span\"?"));
  CHECK_THAT(mistakes(job("", "function: calm.rst, span: 5s")), Contains("did you mean \"calm.rest\"?"));
}

TEST_CASE("a plugin that cannot be had is told at its place, with its sentence") {
  CHECK_THAT(mistakes("plugins: [calm.so, lib/bad.so]\njobs: {}"),
             Contains("test:1:20: plugins[1]: \"lib/bad.so\": it is no good: chmod go-w /etc/belfry/lib/bad.so"));
  CHECK_THAT(mistakes("plugins: bad.so\njobs: {}"), Contains("test:1:10: plugins: \"bad.so\": it is no good"));
  CHECK_THAT(mistakes("plugins: [calm.so, b/calm.so]\njobs: {}"),
             Contains("its name is \"calm\", as that of /etc/belfry/calm.so"));
  CHECK_THAT(mistakes("plugins: {a: calm.so}\njobs: {}"), Contains("plugins"));
}

TEST_CASE("a job that runs a function of a plugin has the keys of programs, but for those of a command") {
  CHECK(load(job(", user: nobody, nice: 5, limits: {nofile: 64}, kill_grace: 1s, output: {max_bytes: 1M}, "
                 "environment: {A: b}, sandbox: {network: false}"))
            .has_value());
  for (const std::string key : {"kill_signal: INT", "shell: /bin/bash", "success_exit_codes: [1]", "stdin: x"}) {
    INFO(key);
    CHECK_THAT(mistakes(job(", " + key)), Contains("only a command can have this, and a function of a plugin is none"));
  }
  CHECK_THAT(mistakes(job(", nice: 5", "function: compress, paths: x")),
             Contains("only a program can have this, and this job runs none"));
}

TEST_CASE("what its process is given belongs to the fingerprint of a job of a plugin") {
  CHECK(print_of(job("")) == print_of(job("")));
  CHECK(print_of(job("")) != print_of(job(", kill_grace: 1s")));
  CHECK(print_of(job("")) != print_of(job("", "function: calm.rest, span: 6s")));
}

TEST_CASE("a plugin is a file that the configuration is made of: another one in its place is a change") {
  test::TempDir dir;
  std::ofstream(dir / "scheduler.yaml") << "plugins: calm.so\njobs: {}\n";
  std::ofstream(dir / "calm.so") << "old";
  const auto loaded = load_with_files(dir / "scheduler.yaml", {.started = {}, .read_plugin = declared});
  REQUIRE(loaded.config);
  REQUIRE(loaded.files.size() == 2);
  CHECK(loaded.files[1].path == dir / "calm.so");
  CHECK(up_to_date(loaded.files));
  std::ofstream(dir / "new") << "new";
  std::filesystem::rename(dir / "new", dir / "calm.so");
  CHECK_FALSE(up_to_date(loaded.files));
}
