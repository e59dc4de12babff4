// What a plugin declares is read without its code in this process, and nothing that it declares is believed.
#include "jobs/plugin_probe.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "jobs/plugin_wire.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using jobs::ParameterType;

namespace {

const std::filesystem::path plugin_folder = BELFRY_PLUGIN_DIR;

std::string refusal(const std::filesystem::path& path) {
  const auto plugin = jobs::probe_plugin(path);
  return plugin ? "" : plugin.error();
}

/// A small declaration, as belfry-plugin writes it.
std::string declaration() {
  std::string wire;
  for (const std::string_view field :
       {std::string_view("belfry-plugin-1"), std::string_view("p"), std::string_view(), std::string_view(),
        std::string_view("1"), std::string_view("f"), std::string_view("does it"), std::string_view("1"),
        std::string_view("how"), std::string_view("8"), std::string_view("0"), std::string_view(),
        std::string_view("the way"), std::string_view("0"), std::string_view("0"), std::string_view("2"),
        std::string_view("fast"), std::string_view("well")}) {
    jobs::put_field(wire, field);
  }
  return wire;
}

}  // namespace

TEST_CASE("a plugin tells its functions and their parameters", "[plugin]") {
  const auto plugin = jobs::probe_plugin(plugin_folder / "words.so");
  REQUIRE(plugin);
  CHECK(plugin->name == "words");
  CHECK(plugin->version == "1.0");
  CHECK(plugin->summary == "counts words");
  REQUIRE(plugin->functions.size() == 1);
  const auto& count = plugin->functions.front();
  CHECK(count.name == "count");
  CHECK(count.summary == "counts the words of files");
  REQUIRE(count.parameters.size() == 2);
  CHECK(count.parameters[0].name == "paths");
  CHECK(count.parameters[0].type == ParameterType::path);
  CHECK(count.parameters[0].required);
  CHECK(count.parameters[0].list);
  CHECK_FALSE(count.parameters[0].fallback);
  CHECK(count.parameters[1].type == ParameterType::integer);
  CHECK(count.parameters[1].fallback == "0");
  CHECK(count.parameters[1].most == 1'000'000'000);
  CHECK_FALSE(count.parameters[1].required);
}

TEST_CASE("a plugin of a newer minor version works, and its texts are made printable", "[plugin]") {
  const auto plugin = jobs::probe_plugin(plugin_folder / "newer_minor.so");
  REQUIRE(plugin);
  CHECK(plugin->functions.front().summary == "runs [31m ?");
}

TEST_CASE("what is no plugin, or a wrong one, is refused with a sentence that says what to do", "[plugin]") {
  CHECK_THAT(refusal(plugin_folder / "no_such.so"), Contains("it cannot be read: No such file or directory"));
  CHECK_THAT(refusal(plugin_folder), Contains("it is not a regular file; name the .so file itself"));
  CHECK_THAT(refusal(plugin_folder / "no_entry.so"),
             Contains("does not export belfry_plugin_entry(), so it is no plugin"));
  CHECK_THAT(refusal(plugin_folder / "other_major.so"),
             Contains("it was built for version 2 of the ABI, and this belfry has version 1: build it with"));
  CHECK_THAT(refusal(plugin_folder / "null_table.so"), Contains("its belfry_plugin_entry() returned NULL"));
  CHECK(refusal(plugin_folder / "no_function.so") == "it declares no function");
  CHECK_THAT(refusal(plugin_folder / "bad_name.so"),
             Contains("the name of a parameter of variant.run, 'Span', is not made"));
  CHECK_THAT(refusal(plugin_folder / "bad_fallback.so"),
             Contains("the fallback of variant.run.span is none: span wants a duration"));
  CHECK_THAT(refusal(plugin_folder / "bad_type.so"), Contains("variant.run.span is of the type 99, which this belfry"));
  CHECK(refusal(plugin_folder / "twice.so") == "variant.run declares the parameter 'span' twice");
}

TEST_CASE("a plugin that others may change is refused", "[plugin]") {
  test::TempDir dir;
  const auto path = dir / "words.so";
  std::filesystem::copy_file(plugin_folder / "words.so", path);
  CHECK(refusal(path).empty());
  std::filesystem::permissions(path, std::filesystem::perms(0664));
  CHECK(refusal(path) == "others than its owner may write it, and so change what it does: chmod go-w " + path.string());
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  std::filesystem::permissions(dir.path(), std::filesystem::perms(0777));
  CHECK_THAT(refusal(path), Contains("everybody may put another file in its place: chmod o-w " + dir.path().string()));
}

TEST_CASE("a plugin that dies or hangs while it is asked is told so", "[plugin]") {
  CHECK(refusal(plugin_folder / "dies.so") == "it crashed (SIGABRT) while it was asked what it declares");
  const auto hanging = jobs::probe_plugin(plugin_folder / "hangs.so", 300ms);
  REQUIRE_FALSE(hanging);
  CHECK_THAT(hanging.error(), Contains("it did not tell what it declares within 300ms"));
}

TEST_CASE("a file that the loader does not take is refused in its words", "[plugin]") {
  test::TempDir dir;
  std::ofstream(dir / "text.so") << "no shared object";
  CHECK_THAT(refusal(dir / "text.so"),
             Contains("it cannot be loaded: file too short") || Contains("it cannot be loaded: invalid ELF header"));
}

TEST_CASE("a declaration that was cut off anywhere is refused", "[plugin]") {
  const std::string wire = declaration();
  REQUIRE(jobs::parse_plugin(wire));
  for (std::size_t length = 0; length < wire.size(); ++length) {
    INFO(length);
    CHECK_FALSE(jobs::parse_plugin(std::string_view(wire).substr(0, length)));
  }
}

TEST_CASE("texts of plugins become lines of valid UTF-8", "[plugin]") {
  CHECK(jobs::printable_line("Größe €😀") == "Größe €😀");
  CHECK(jobs::printable_line("a\nb\x7f\x1b") == "a b  ");
  CHECK(jobs::printable_line("\xc0\xaf|\xed\xa0\x80|\xf5|\xe2\x82") == "??|???|?|??");
}
