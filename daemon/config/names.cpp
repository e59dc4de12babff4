#include "daemon/config/names.hpp"

#include <algorithm>

namespace belfry::daemon {
namespace {

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

}  // namespace

bool is_job_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > longest_job_name || name[0] == '.' || name[0] == '-') return false;
  return std::ranges::all_of(name, is_name_character);
}

}  // namespace belfry::daemon
