#include "daemon/config/job_secrets_reader.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "daemon/config/environment_reader.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/settings_reader.hpp"

namespace belfry::daemon {
namespace {

constexpr std::string_view source_expected = "the path of a file, or a map such as {credential: NAME}";
constexpr std::size_t most_secrets = 100;

std::optional<std::string> read_credential(const Value& value) {
  auto name = value.text("the name of a credential");
  if (!name) return std::nullopt;
  if (!name->contains('/') && *name != "." && *name != "..") return name;
  value.complain({"a credential has a name, not a path", "the ID in LoadCredential=ID:PATH of the unit",
                  "for a path, write it alone, or {file: PATH}"});
  return std::nullopt;
}

std::optional<jobs::SecretSource> read_source(const Value& value, const std::filesystem::path& folder) {
  if (value.node().kind != yaml::Node::Kind::map) {
    if (!value.text(source_expected)) return std::nullopt;
    const auto path = read_path(value, folder);
    return path ? std::optional(jobs::SecretSource{.place = path->string()}) : std::nullopt;
  }
  const MapReader map(value, job_secret_section);
  const auto file = map.get("file");
  const auto credential = map.get("credential");
  if (map.has("file") == map.has("credential")) {
    if (map.all_known()) value.complain({"one of file and credential is wanted here", std::string(source_expected)});
    return std::nullopt;
  }
  if (file) {
    const auto path = read_path(*file, folder);
    return path ? std::optional(jobs::SecretSource{.place = path->string()}) : std::nullopt;
  }
  auto name = credential ? read_credential(*credential) : std::nullopt;
  return name ? std::optional(jobs::SecretSource{.place = *std::move(name), .credential = true}) : std::nullopt;
}

}  // namespace

void read_job_secrets(const Value& value, const std::filesystem::path& folder,
                      const std::map<std::string, std::string>& environment, std::vector<jobs::SecretSource>& secrets) {
  if (value.is_none()) {
    secrets.clear();
    return;
  }
  if (!value.is_map("a map of files by variable, such as {PGPASSFILE: pgpass}, or none")) return;
  for (const auto& entry : value.node().entries) {
    const auto given = value.child(entry);
    if (!check_variable_name(entry.key, entry.place, given)) continue;
    if (environment.contains(entry.key)) {
      given.errors().add(entry.place, given.path(),
                         {in_quotes(entry.key) + " is given in environment, too", "each variable once"});
      continue;
    }
    if (entry.value->kind == yaml::Node::Kind::null) {
      given.errors().add(entry.place, given.path(), {"no value is given", std::string(source_expected)});
      continue;
    }
    auto source = read_source(given, folder);
    if (!source) continue;
    source->variable = entry.key;
    std::erase_if(secrets, [&](const auto& before) { return before.variable == entry.key; });
    secrets.push_back(*std::move(source));
  }
  if (secrets.size() > most_secrets) value.complain({"too many secrets", "at most " + std::to_string(most_secrets)});
}

}  // namespace belfry::daemon
