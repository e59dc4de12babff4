#include "daemon/config/user_reader.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/config/map_reader.hpp"

namespace belfry::daemon {
namespace {

constexpr std::string_view user_expected = "the name or the number of a user, or a map such as {name: app, group: web}";
constexpr std::string_view account_expected =
    "a name of letters, digits, \".\", \"_\" and \"-\", or a number up to 4294967294";
constexpr std::size_t longest_name = 256;  // directory servers have longer ones than useradd(8) makes

/// What no database has, and what would be something else in a message or in a system call.
bool is_account(const std::string& text) {
  if (std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return jobs::is_account_number(text);
  if (text.size() > longest_name || text.front() == '-' || text == "." || text == "..") return false;
  return std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == ':' || c == '/' || c == ',';
  });
}

std::optional<std::string> read_account(const Value& value, std::string_view expected) {
  auto text = value.text(expected);
  if (!text) return std::nullopt;
  if (is_account(*text)) return text;
  value.complain({"not a name in a user database", std::string(account_expected)});
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_supplementary_groups(const Value& value) {
  const auto items = value.list("a list of groups");
  if (!items) return std::nullopt;
  std::vector<std::string> groups;
  for (const auto& item : *items) {
    if (auto group = read_account(item, "the name or the number of a group")) groups.push_back(*std::move(group));
  }
  return groups.size() == items->size() ? std::optional(std::move(groups)) : std::nullopt;
}

}  // namespace

void read_user(const Value& value, std::optional<UserDeclaration>& user) {
  if (value.is_none()) {
    user.reset();
    return;
  }
  if (value.node().kind != yaml::Node::Kind::map) {
    if (auto name = read_account(value, user_expected)) user = {.account = {.user = *name}, .place = value.place()};
    return;
  }
  const MapReader map(value, user_section);
  UserDeclaration wanted{.account = {.user = {}}, .place = value.place()};
  if (!map.has("name")) value.complain({"the key \"name\" is missing", std::string(user_expected)});
  bool right = map.all_known();
  const auto take = [&](std::string_view key, auto reader, auto& into) {
    const auto given = map.get(key);
    auto read = given ? reader(*given) : std::nullopt;
    right = right && read.has_value() == map.has(key);
    if (read) into = *std::move(read);
  };
  take(
      "name", [](const Value& name) { return read_account(name, "the name or the number of a user"); },
      wanted.account.user);
  take(
      "group", [](const Value& group) { return read_account(group, "the name or the number of a group"); },
      wanted.account.group);
  take("supplementary_groups", read_supplementary_groups, wanted.account.supplementary_groups);
  if (right && !wanted.account.user.empty()) user = std::move(wanted);
}

}  // namespace belfry::daemon
