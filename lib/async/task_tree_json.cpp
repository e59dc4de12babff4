// The JSON; see task_tree.hpp.

#include <array>
#include <cstdio>
#include <string_view>

#include "async/task_order.hpp"
#include "async/task_tree.hpp"

namespace belfry::async {
namespace {

/// The length of the UTF-8 sequence at the beginning (RFC 3629), 0 if there is none.
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80U) return 1;
  if (first >= 0xC2U && first <= 0xDFU) return follows(1) ? 2 : 0;
  if (first >= 0xE0U && first <= 0xEFU) {
    const bool fits = (first != 0xE0U || byte(1) >= 0xA0U) && (first != 0xEDU || byte(1) < 0xA0U);
    return fits && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0U && first <= 0xF4U) {
    const bool fits = (first != 0xF0U || byte(1) >= 0x90U) && (first != 0xF4U || byte(1) < 0x90U);
    return fits && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void append_string(std::string& json, std::string_view text) {
  json += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text.front();
    if (length == 0) {
      json += "\xEF\xBF\xBD";  // U+FFFD
    } else if (c == '"' || c == '\\') {
      json.append("\\").append(1, c);
    } else if (static_cast<unsigned char>(c) < 0x20U) {
      std::array<char, 8> escaped;
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
      json += escaped.data();
    } else {
      json += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  json += '"';
}

void append_member(std::string& json, std::string_view name, std::string_view text) {
  json.append(",\"").append(name).append("\":");
  append_string(json, text);
}

void append_member(std::string& json, std::string_view name, std::uint64_t number) {
  json.append(",\"").append(name).append("\":").append(std::to_string(number));
}

void append_seconds(std::string& json, std::string_view name, Duration span) {
  std::array<char, 40> number;
  std::snprintf(number.data(), number.size(), "%.9f", std::chrono::duration<double>(span).count());
  json.append(",\"").append(name).append("\":").append(number.data());
}

void append_wait(std::string& json, const TaskInfo& task) {
  if (!task.waits_for.empty()) append_member(json, "waits_for", task.waits_for);
  if (!task.wait.note().empty()) append_member(json, "note", task.wait.note());
  if (task.wait.tasks().empty()) return;
  json += task.wait.ends() == WaitEnds::with_any_task ? ",\"held_by\":[" : ",\"until_end_of\":[";
  const char* separator = "";
  for (const std::uint64_t id : task.wait.tasks()) {
    json.append(separator).append(std::to_string(id));
    separator = ",";
  }
  json += ']';
}

void append_places(std::string& json, const std::vector<Place>& places) {
  json += ",\"places\":[";
  const char* separator = "{\"file\":";
  for (const Place& place : places) {
    json += separator;
    append_string(json, place.file);
    append_member(json, "line", std::uint64_t{place.line});
    append_member(json, "function", place.function);
    json += '}';
    separator = ",{\"file\":";
  }
  json += ']';
}

void append_task(std::string& json, const TaskInfo& task) {
  json += "{\"id\":" + std::to_string(task.id);
  append_member(json, "name", task.name);
  append_member(json, "kind", task.kind);
  append_member(json, "parent", task.parent);
  append_member(json, "state", to_string(task.state));
  append_wait(json, task);
  if (task.cancelled) append_member(json, "cancelled", to_string(*task.cancelled));
  append_seconds(json, "age_seconds", task.age);
  append_seconds(json, "busy_seconds", task.busy);
  append_member(json, "steps", task.steps);
  if (task.leaked) json += ",\"leaked\":true";
  append_places(json, task.places);
  json += '}';
}

}  // namespace

std::string task_tree_json(const std::vector<TaskInfo>& tasks) {
  std::string json = "[";
  const char* separator = "\n";
  for (const detail::TreeEntry& entry : detail::tree_order(tasks)) {
    json += separator;
    append_task(json, *entry.task);
    separator = ",\n";
  }
  return json + "\n]\n";
}

}  // namespace belfry::async
