#include "jobs/flow_output.hpp"
#include "jobs/cut_text.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace belfry::jobs {

namespace {

using nlohmann::json;

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

constexpr int deepest_json = 200;  // nlohmann's dump() goes down by calling itself, and so the stack would end

bool is_nested_too_deeply(std::string_view text) noexcept {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (text[i] == '[' || text[i] == '{')) {
      if (++depth > deepest_json) return true;
    } else if (!quoted && (text[i] == ']' || text[i] == '}')) {
      --depth;
    }
  }
  return false;
}

std::string as_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string last_line(std::string_view text) {
  text = without_line_end(text);
  const auto before = text.rfind('\n');
  return std::string(without_line_end(before == std::string_view::npos ? text : text.substr(before + 1)));
}

std::expected<std::string, std::string> variable_in(std::string_view text, const std::string& name) {
  const std::string begin = name + "=";
  for (auto at = text.rfind(begin); at != std::string_view::npos; at = at == 0 ? at - 1 : text.rfind(begin, at - 1)) {
    if (at != 0 && text[at - 1] != '\n') continue;
    const auto value = text.substr(at + begin.size());
    return std::string(without_line_end(value.substr(0, value.find('\n'))));
  }
  return std::unexpected("it printed no line " + begin + "...");
}

std::expected<std::string, std::string> json_in(std::string_view text, const std::string& pointer) {
  if (is_nested_too_deeply(text)) {
    return std::unexpected("the JSON that it printed is nested more than " + std::to_string(deepest_json) + " deep");
  }
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return std::unexpected("what it printed is no JSON");
  const json::json_pointer at(pointer);
  try {
    return as_text(document.at(at));
  } catch (const json::exception&) {
    return std::unexpected("there is nothing at " + (pointer.empty() ? "the root" : pointer) +
                           " of the JSON that it printed");
  }
}

}  // namespace

std::expected<FlowOutput, std::string> FlowOutput::make(std::string name, How how, std::string detail) {
  FlowOutput output;
  output.name_ = std::move(name);
  output.how_ = how;
  output.detail_ = std::move(detail);
  if (how == How::json) {
    try {
      static_cast<void>(json::json_pointer(output.detail_));
    } catch (const json::exception&) {
      return std::unexpected("not a JSON pointer, such as /items/0/id");
    }
  }
  if (how == How::pattern) {
    Pattern pattern(output.detail_);
    if (!pattern.error().empty()) return std::unexpected("not a regular expression: " + pattern.error());
    if (pattern.groups() > 1) {
      return std::unexpected(
          "a regular expression with more than one group; write (?: ) for those that are not the value");
    }
    output.pattern_ = std::move(pattern);
  }
  return output;
}

std::expected<std::string, std::string> FlowOutput::find_in(const ledger::CapturedStream& printed) const {
  const bool whole = printed.dropped_bytes == 0;
  const std::string text = printed.head + printed.tail;
  const bool needs_all = how_ == How::all || how_ == How::json || how_ == How::pattern;
  if (needs_all && !whole) {
    return std::unexpected("it printed " + std::to_string(printed.total_bytes) +
                           " bytes, of which not all were kept; raise output: {max_bytes: ...}");
  }
  if ((how_ == How::json || how_ == How::pattern) && text.size() > longest_searched_output) {
    return std::unexpected("it printed " + std::to_string(text.size()) +
                           " bytes; no value is looked for in more than " + std::to_string(longest_searched_output));
  }
  std::expected<std::string, std::string> found;
  switch (how_) {
    case How::all:
      found = std::string(without_line_end(text));
      break;
    case How::last_line:
      found = last_line(text);
      break;
    case How::variable:
      found = variable_in(text, detail_);
      break;
    case How::json:
      found = json_in(text, detail_);
      break;
    case How::pattern: {
      const auto value = pattern_->value_in(text);
      if (!value) return std::unexpected("nothing that it printed matches " + detail_);
      found = std::string(*value);
      break;
    }
  }
  if (found && found->size() > longest_flow_output) {
    return std::unexpected("it has " + std::to_string(found->size()) + " bytes; the most is " +
                           std::to_string(longest_flow_output));
  }
  if (found && found->contains('\0')) return std::unexpected("it has a zero byte in it");
  return found;
}

std::vector<std::string> flow_items(std::string_view text) {
  std::vector<std::string> items;
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && text[begin] == '[' && !is_nested_too_deeply(text)) {
    const json document = json::parse(text, nullptr, false);
    if (document.is_array()) {
      for (const json& value : document) items.push_back(as_text(value));
      return items;
    }
  }
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = without_line_end(text.substr(0, end));
    if (!line.empty()) items.emplace_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return items;
}

std::string flow_array(const std::vector<std::string>& texts) {
  return json(texts).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::map<std::string, std::string> for_record(const std::map<std::string, std::string>& outputs) {
  constexpr std::size_t most = 32;
  constexpr std::size_t longest = 200;
  std::map<std::string, std::string> kept;
  for (const auto& [name, value] : outputs) {
    if (kept.size() == most) break;
    kept.emplace(name, cut_text(value, longest));
  }
  return kept;
}

}  // namespace belfry::jobs
