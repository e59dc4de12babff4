#include "daemon/config/odd_glob.hpp"

#include <algorithm>

namespace belfry::daemon {
namespace {

/// As fnmatch(3) reads it: a ] right behind the [, or behind the ! or ^ that negates, stands for itself.
bool has_open_bracket(std::string_view part) {
  for (auto at = part.find('['); at != std::string_view::npos; at = part.find('[', at + 1)) {
    std::size_t begin = at + 1;
    if (begin < part.size() && (part[begin] == '!' || part[begin] == '^')) ++begin;
    at = part.find(']', begin + 1);
    if (at == std::string_view::npos) return true;
  }
  return false;
}

bool has_braces(std::string_view pattern) {
  const auto open = pattern.find('{');
  if (open == std::string_view::npos) return false;
  const auto comma = pattern.find(',', open);
  return comma != std::string_view::npos && pattern.find('}', comma) != std::string_view::npos;
}

}  // namespace

std::optional<Complaint> odd_glob(std::string_view pattern) {
  if (has_braces(pattern)) {
    return Complaint{in_quotes(pattern) + ": braces stand for themselves", "", "write a list, with an item for each"};
  }
  for (std::size_t begin = 0; begin < pattern.size();) {
    const auto end = std::min(pattern.find('/', begin), pattern.size());
    const auto part = pattern.substr(begin, end - begin);
    if (has_open_bracket(part)) {
      return Complaint{in_quotes(pattern) + ": a [ without a ] stands for itself", "",
                       "close it, or write [[] for the character"};
    }
    if (part != "**" && part.contains("**")) {
      return Complaint{
          in_quotes(pattern) + ": ** stands for folders only when it is alone between slashes; here it is a *", "",
          "for what is in folders below write **/*"};
    }
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace belfry::daemon
