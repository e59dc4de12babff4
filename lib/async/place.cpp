// See place.hpp.

#include "async/place.hpp"

#include <string_view>

namespace belfry::async {

std::string to_string(const Place& place) {
  if (place.line == 0) return "?";
  const std::string_view file = place.file;
  std::size_t cut = file.rfind('/');
  if (cut != std::string_view::npos && cut > 0) cut = file.rfind('/', cut - 1);
  const std::string_view tail = cut == std::string_view::npos ? file : file.substr(cut + 1);
  return std::string(tail) + ":" + std::to_string(place.line);
}

}  // namespace belfry::async
