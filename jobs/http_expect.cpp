#include "jobs/http_expect.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "jobs/cite.hpp"
#include "time/duration.hpp"

namespace belfry::jobs {

namespace {

using nlohmann::json;

std::optional<int> status_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number >= 100 && number <= 599 ? std::optional(number) : std::nullopt;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return text;
}

bool equals(const json& value, const std::string& wanted) {
  return value.is_string() ? value.get_ref<const std::string&>() == wanted
                           : value.is_primitive() && value.dump() == wanted;
}

std::string shown(const json& value) {
  if (value.is_object()) return "a map";
  if (value.is_array()) return "a list";
  return value.is_string() ? cite(value.get_ref<const std::string&>()) : value.dump();
}

std::optional<std::string> json_mismatch(const HttpExpectation& expected, std::string_view body) {
  const json document = json::parse(body, nullptr, false);
  if (document.is_discarded()) return "the body is no JSON: it begins with " + cite(body);
  for (const auto& [pointer, wanted] : expected.json) {
    const json::json_pointer at(pointer);
    if (!document.contains(at)) return "the JSON has no " + pointer + ", and " + cite(wanted) + " is expected there";
    const json& value = document.at(at);
    if (!equals(value, wanted)) return pointer + " of the JSON is " + shown(value) + ", not " + cite(wanted);
  }
  return std::nullopt;
}

/// What is wrong with it is told under `key`.
Pattern read_pattern(std::string_view text, std::string_view key, ParameterReader& reader) {
  Pattern pattern(text);
  if (!pattern.error().empty()) {
    reader.complain(key, std::string(key) + " wants a regular expression: " + pattern.error());
  }
  return pattern;
}

void read_json(ParameterReader& reader, HttpExpectation& expected) {
  expected.json = reader.table("expect.json");
  for (const auto& [pointer, wanted] : expected.json) {
    try {
      if (pointer.empty()) throw std::invalid_argument(pointer);
      static_cast<void>(json::json_pointer(pointer));
    } catch (const std::exception&) {
      reader.complain("expect.json." + pointer,
                      "'" + pointer + "' is no JSON pointer, such as /status or /items/0/name");
    }
  }
}

}  // namespace

std::optional<StatusSet> StatusSet::parse(const std::vector<std::string>& parts) {
  StatusSet set;
  for (const std::string& part : parts) {
    const auto dash = std::min(part.find('-'), part.size());
    const auto from = status_number(std::string_view(part).substr(0, dash));
    const auto to = dash == part.size() ? from : status_number(std::string_view(part).substr(dash + 1));
    if (!from || !to || *from > *to) return std::nullopt;
    set.ranges_.emplace_back(*from, *to);
    set.text_ += (set.text_.empty() ? "" : ", ") + part;
  }
  return set;
}

bool StatusSet::contains(int status) const noexcept {
  return std::ranges::any_of(ranges_,
                             [status](const auto& range) { return status >= range.first && status <= range.second; });
}

HttpExpectation read_expectation(ParameterReader& reader) {
  HttpExpectation expected;
  if (auto status = StatusSet::parse(reader.list("expect.status"))) {
    expected.status = std::move(*status);
  } else {
    reader.complain("expect.status",
                    "expect.status wants statuses from 100 to 599, such as 200, 200-299 or a list of them");
  }
  for (const auto& [name, text] : reader.table("expect.headers")) {
    expected.headers.emplace_back(lower(name), read_pattern(text, "expect.headers." + name, reader));
  }
  if (reader.has("expect.body")) expected.body = read_pattern(reader.text("expect.body"), "expect.body", reader);
  read_json(reader, expected);
  if (reader.has("expect.max_latency")) expected.max_latency = reader.duration("expect.max_latency");
  expected.certificate_days = static_cast<int>(reader.integer("expect.certificate_days"));
  return expected;
}

std::optional<std::string> head_mismatch(const HttpExpectation& expected, const io::HttpAnswer& answer,
                                         std::chrono::nanoseconds latency, std::chrono::system_clock::time_point now) {
  if (!expected.status.contains(answer.status)) {
    return "the status is " + std::to_string(answer.status) + ", and " + expected.status.text() + " is expected";
  }
  for (const auto& [name, pattern] : expected.headers) {
    const auto found = std::ranges::find(answer.headers, name, &std::pair<std::string, std::string>::first);
    if (found == answer.headers.end()) return "the header " + name + " is missing";
    if (pattern.found_in(found->second)) continue;
    return "the header " + name + " is " + cite(found->second) + ", which does not match " + cite(pattern.text());
  }
  if (expected.max_latency && latency > *expected.max_latency) {
    return "the answer took " + time::format_duration(std::chrono::ceil<std::chrono::milliseconds>(latency)) +
           ", and max_latency is " + time::format_duration(*expected.max_latency);
  }
  if (expected.certificate_days == 0) return std::nullopt;
  if (!answer.certificate_ends) return "certificate_days is expected, and the server showed no certificate";
  const auto left = std::chrono::floor<std::chrono::days>(*answer.certificate_ends - now).count();
  if (left >= expected.certificate_days) return std::nullopt;
  return "the certificate ends in " + std::to_string(left) + (left == 1 ? " day" : " days") + ", and " +
         std::to_string(expected.certificate_days) + " are expected; renew it";
}

std::optional<std::string> body_mismatch(const HttpExpectation& expected, std::string_view body) {
  if (expected.body && !expected.body->found_in(body)) {
    return "the body does not match " + cite(expected.body->text()) + ": it begins with " + cite(body);
  }
  return expected.json.empty() ? std::nullopt : json_mismatch(expected, body);
}

}  // namespace belfry::jobs
