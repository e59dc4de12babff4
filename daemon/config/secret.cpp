#include "daemon/config/secret.hpp"

#include <algorithm>
#include <utility>

#include "daemon/config/settings_reader.hpp"
#include "daemon/config/yaml_document.hpp"

namespace belfry::daemon {
namespace {

constexpr std::size_t longest_secret = std::size_t{64} << 10U;

std::optional<Secret> read_text(const Value& value) {
  if (value.node().kind != yaml::Node::Kind::scalar) {
    value.complain({"this is no text", "text"});
    return std::nullopt;
  }
  const std::string& text = value.node().text;
  value.errors().hide(text);
  const bool one_line =
      !text.empty() && std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
  if (one_line && text.size() <= longest_secret) return Secret{text};
  complain_of_secret(value,
                     {text.empty() ? "this is empty" : "this has a line break, or is too long", "one line of text"});
  return std::nullopt;
}

}  // namespace

std::optional<Secret> read_secret_file(const Value& path_value, const SecretFiles& files) {
  const auto path = read_path(path_value, files.folder);
  if (!path) return std::nullopt;
  if (!files.read) return Secret{};
  auto text = read_source(*path, yaml::Limits{}.bytes, files.files);
  if (!text) {
    path_value.complain({"this file " + text.error().message, text.error().expected, ""});
    return std::nullopt;
  }
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  const bool one_line =
      !text->empty() && std::ranges::none_of(*text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
  if (!one_line || text->size() > longest_secret) {
    path_value.complain({"what this file holds is no secret", "one line of text, of at most 64K"});
    return std::nullopt;
  }
  path_value.errors().hide(*text);
  return Secret{std::move(*text)};
}

std::optional<Secret> read_secret(const MapReader& map, std::string_view key, const SecretFiles& files) {
  const std::string file_key = std::string(key) + "_file";
  if (map.has(key) && map.has(file_key)) {
    map.complain_at_key(file_key, {in_quotes(key) + " is given, too", "one of the two"});
  }
  if (const auto value = map.get(key)) return read_text(*value);
  if (const auto path = map.get(file_key)) return read_secret_file(*path, files);
  return std::nullopt;
}

std::optional<Secret> read_secret(const Value& value, const SecretFiles& files) {
  if (value.node().kind != yaml::Node::Kind::map) return read_text(value);
  const MapReader map(value, secret_section);
  if (!map.has("file")) value.complain({"the key \"file\" is missing", "text, or a map such as {file: PATH}"});
  const auto path = map.get("file");
  return path ? read_secret_file(*path, files) : std::nullopt;
}

bool is_map_of_secrets(const Value& value, std::string_view expected) {
  if (value.node().kind == yaml::Node::Kind::map) return true;
  value.errors().hide_line(value.place());
  if (value.node().kind != yaml::Node::Kind::scalar) return value.is_map(expected);
  value.errors().hide(value.node().text);
  complain_of_secret(value, {"this is a single value", std::string(expected)});
  return false;
}

void complain_of_secret(const Value& value, Complaint complaint) {
  value.errors().add(value.place(), value.path(), std::move(complaint));
}

}  // namespace belfry::daemon
