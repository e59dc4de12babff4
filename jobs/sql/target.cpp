#include "jobs/sql/target.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace belfry::jobs::sql {

namespace {

using Wrong = std::unexpected<std::string>;
using Names = std::span<const std::string_view>;

constexpr const char* bad_percent =
    R"(a "%" in this URL is not followed by two hexadecimal digits; write %25 for "%" itself)";

constexpr auto postgresql_options =
    std::to_array<std::string_view>({"application_name", "channel_binding", "gssencmode", "host", "options", "sslcert",
                                     "sslkey", "sslmode", "sslrootcert"});
constexpr auto mariadb_options =
    std::to_array<std::string_view>({"socket", "sslcert", "sslkey", "sslmode", "sslrootcert"});
constexpr auto sqlite_options = std::to_array<std::string_view>({"mode"});
constexpr auto sslmodes_of_mariadb = std::to_array<std::string_view>({"disable", "require", "verify-full"});
constexpr auto sqlite_modes = std::to_array<std::string_view>({"ro", "rw", "rwc"});

std::string joined(Names names) {
  std::string text;
  for (const auto name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// None: a "%" without two digits, or a byte 0, which no library takes.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

std::expected<void, std::string> read_options(std::string_view text, Names known, Target& target) {
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const std::string_view option = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = option.find('=');
    const std::string_view name = option.substr(0, equals);
    if (equals == std::string_view::npos || std::ranges::find(known, name) == known.end()) {
      return Wrong(R"(an option behind the "?" of this URL is unknown; there is )" + joined(known) + " (such as ?" +
                   std::string(known.back()) + "=...), and the password is given by password_file");
    }
    auto value = decoded(option.substr(equals + 1));
    if (!value) return Wrong(bad_percent);
    target.options[std::string(name)] = *std::move(value);
  }
  return {};
}

std::expected<void, std::string> one_of(const Target& target, const std::string& name, Names values) {
  const auto found = target.options.find(name);
  if (found == target.options.end() || std::ranges::find(values, found->second) != values.end()) return {};
  return Wrong("the option " + name + " of this URL is one of " + joined(values));
}

/// What stands between "://" and "?".
std::expected<void, std::string> read_server(std::string_view text, Target& target) {
  const auto slash = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, slash);
  const std::string_view database = slash < text.size() ? text.substr(slash + 1) : "";
  const auto at = authority.rfind('@');
  std::string_view user;
  if (at != std::string_view::npos) {
    user = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    if (user.contains(':')) return Wrong("a URL holds no password here: give it as password_file or password");
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return Wrong(R"(the address in this URL has no closing "]")");
    port = authority.substr(end + 1);
    authority = authority.substr(1, end - 1);
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    port = authority.substr(colon);
    authority = authority.substr(0, colon);
  }
  if (authority.contains(',')) return Wrong("a URL names one host here");
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), target.port);
    if (port[0] != ':' || error != std::errc() || end != port.data() + port.size() || target.port == 0) {
      return Wrong("the port in this URL is not a number from 1 to 65535");
    }
  }
  for (auto [part, into] :
       {std::pair(user, &target.user), std::pair(authority, &target.host), std::pair(database, &target.database)}) {
    auto plain = decoded(part);
    if (!plain) return Wrong(bad_percent);
    *into = *std::move(plain);
  }
  if (target.database.empty()) return Wrong("this URL names no database: SYSTEM://USER@HOST/DATABASE");
  return {};
}

std::expected<void, std::string> read_file(std::string_view text, const std::filesystem::path& folder, Target& target) {
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    if (!text.starts_with('/')) return Wrong("SQLite has no host: write sqlite:PATH, or sqlite:///PATH from the root");
  }
  const auto path = decoded(text);
  if (!path || path->empty() || *path == ":memory:") {
    return Wrong("this URL names no file: write sqlite:PATH, such as sqlite:/var/lib/app/app.db");
  }
  target.database = (folder / *path).lexically_normal().string();
  return {};
}

std::expected<void, std::string> read_rest(std::string_view scheme, std::string_view rest,
                                           const std::filesystem::path& folder, Target& target) {
  const auto question = std::min(rest.find('?'), rest.size());
  const std::string_view options = question < rest.size() ? rest.substr(question + 1) : "";
  std::string_view place = rest.substr(0, question);
  if (scheme == "sqlite") {
    target.system = System::sqlite;
    if (auto read = read_options(options, sqlite_options, target); !read) return read;
    if (auto read = one_of(target, "mode", sqlite_modes); !read) return read;
    return read_file(place, folder, target);
  }
  const bool postgresql = scheme == "postgresql" || scheme == "postgres";
  if (!place.starts_with("//") || (!postgresql && scheme != "mariadb" && scheme != "mysql")) {
    return Wrong(
        "this is no URL of a database, such as postgresql://USER@HOST/DATABASE, mariadb://USER@HOST/DATABASE or "
        "sqlite:PATH");
  }
  place.remove_prefix(2);
  target.system = postgresql ? System::postgresql : System::mariadb;
  const Names known = postgresql ? Names(postgresql_options) : Names(mariadb_options);
  if (auto read = read_options(options, known, target); !read) return read;
  if (!postgresql) {
    if (auto read = one_of(target, "sslmode", sslmodes_of_mariadb); !read) return read;
  }
  if (const auto host = target.options.find("host"); host != target.options.end() && !host->second.starts_with('/')) {
    return Wrong("the option host of this URL is the folder of a socket; a host stands before the database");
  }
  return read_server(place, target);
}

}  // namespace

std::string Target::shown() const {
  if (system == System::sqlite) return database;
  const bool bare = host.contains(':');
  std::string text = system == System::postgresql ? "postgresql://" : "mariadb://";
  text += bare ? "[" + host + "]" : host;
  if (port != 0) text += ":" + std::to_string(port);
  return text + "/" + database;
}

std::expected<Target, std::string> parse_target(std::string_view url, const std::filesystem::path& folder) {
  const auto colon = std::min(url.find(':'), url.size());
  Target target;
  const std::string_view rest = colon < url.size() ? url.substr(colon + 1) : "";
  if (auto read = read_rest(url.substr(0, colon), rest, folder, target); !read) return Wrong(read.error());
  return target;
}

}  // namespace belfry::jobs::sql
