#include "engine/watch.hpp"

#include <algorithm>

namespace belfry::engine {
namespace {

/// How many patterns a sentence names.
constexpr std::size_t most_named = 3;

}  // namespace

std::string describe(const Watch& watch) {
  std::string text = "when a file that matches ";
  for (std::size_t i = 0; i < std::min(watch.paths.size(), most_named); ++i) {
    text += (i == 0 ? "" : " or ") + watch.paths[i];
  }
  if (watch.paths.size() > most_named) text += " or " + std::to_string(watch.paths.size() - most_named) + " more";
  return text + (watch.on_appear && watch.on_change ? " appears or changes"
                 : watch.on_appear                  ? " appears"
                                                    : " changes");
}

std::string_view to_string(ExistingFiles value) noexcept {
  switch (value) {
    case ExistingFiles::newer:
      return "newer";
    case ExistingFiles::run:
      return "run";
    case ExistingFiles::ignore:
      return "ignore";
  }
  return "newer";
}

}  // namespace belfry::engine
