#include "jobs/flow_text.hpp"

#include <algorithm>
#include <utility>

namespace belfry::jobs {

namespace {

constexpr std::string_view opening = "${{";
constexpr std::string_view closing = "}}";
constexpr std::string_view forms = "steps.ID.outputs.NAME, steps.ID.outcome, matrix.NAME or item";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; }

std::string_view take_word(std::string_view& text) {
  const auto* const end = std::ranges::find_if_not(text, is_word);
  const auto word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(word.size());
  return word;
}

/// The words between dots, at least one.
std::vector<std::string> take_path(std::string_view& text) {
  std::vector<std::string> words{std::string(take_word(text))};
  while (text.starts_with('.')) {
    text.remove_prefix(1);
    words.emplace_back(take_word(text));
  }
  return words;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n')) text.remove_prefix(1);
}

}  // namespace

bool is_flow_name(std::string_view name) noexcept {
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, is_word);
}

std::string FlowReference::text() const {
  switch (what) {
    case What::output:
      return "steps." + step + ".outputs." + name;
    case What::outcome:
      return "steps." + step + ".outcome";
    case What::matrix:
      return "matrix." + name;
    case What::item:
      return "item";
  }
  return "item";
}

std::expected<FlowReference, FlowTextError> take_flow_reference(std::string_view& text) {
  const auto words = take_path(text);
  const bool named = std::ranges::all_of(words, is_flow_name);
  using What = FlowReference::What;
  if (named && words.size() == 1 && words[0] == "item") return FlowReference{.what = What::item};
  if (named && words.size() == 2 && words[0] == "matrix") return FlowReference{.what = What::matrix, .name = words[1]};
  if (named && words.size() == 3 && words[0] == "steps" && words[2] == "outcome") {
    return FlowReference{.what = What::outcome, .step = words[1]};
  }
  if (named && words.size() == 4 && words[0] == "steps" && words[2] == "outputs") {
    return FlowReference{.what = What::output, .step = words[1], .name = words[3]};
  }
  std::string written;
  for (const auto& word : words) written += (written.empty() ? "" : ".") + word;
  const std::string what = written.empty() ? "nothing that can be referred to" : "\"" + written + "\" is no reference";
  return std::unexpected(FlowTextError{.offset = 0, .message = what + "; there are " + std::string(forms)});
}

std::expected<FlowText, FlowTextError> FlowText::parse(std::string_view text) {
  FlowText parsed;
  std::string_view rest = text;
  const auto here = [&] { return static_cast<std::size_t>(rest.data() - text.data()); };
  while (!rest.empty()) {
    const auto at = rest.find(opening);
    if (at != 0) parsed.parts_.emplace_back(std::string(rest.substr(0, at)));
    if (at == std::string_view::npos) break;
    rest.remove_prefix(at);
    const auto opened = here();
    rest.remove_prefix(opening.size());
    skip_blanks(rest);
    const auto begin = here();
    auto reference = take_flow_reference(rest);
    if (!reference) return std::unexpected(FlowTextError{begin, std::move(reference.error().message)});
    skip_blanks(rest);
    if (!rest.starts_with(closing)) {
      return std::unexpected(FlowTextError{opened, R"(a "${{" is not closed by "}}" right behind its reference)"});
    }
    rest.remove_prefix(closing.size());
    parsed.parts_.emplace_back(*std::move(reference));
  }
  return parsed;
}

std::vector<FlowReference> FlowText::references() const {
  std::vector<FlowReference> found;
  for (const auto& part : parts_) {
    if (const auto* reference = std::get_if<FlowReference>(&part)) found.push_back(*reference);
  }
  return found;
}

const FlowReference* FlowText::only_reference() const noexcept {
  const FlowReference* only = nullptr;
  for (const auto& part : parts_) {
    if (const auto* reference = std::get_if<FlowReference>(&part)) {
      if (only != nullptr) return nullptr;
      only = reference;
    } else if (std::get<std::string>(part).find_first_not_of(" \t\n") != std::string::npos) {
      return nullptr;
    }
  }
  return only;
}

std::string FlowText::expand(const ValueOf& value_of) const {
  std::string expanded;
  for (const auto& part : parts_) {
    const auto* reference = std::get_if<FlowReference>(&part);
    expanded += reference != nullptr ? value_of(*reference) : std::get<std::string>(part);
  }
  return expanded;
}

std::string expand_flow_text(std::string_view text, const FlowText::ValueOf& value_of) {
  if (!has_flow_reference(text)) return std::string(text);
  return FlowText::parse(text).value().expand(value_of);
}

}  // namespace belfry::jobs
