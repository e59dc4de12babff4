#include "daemon/trace/otlp.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

namespace belfry::daemon {
namespace {

using Json = nlohmann::json;

constexpr int internal_kind = 1;  // SPAN_KIND_INTERNAL

/// Messages may hold any bytes, requests only UTF-8.
std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json value_of(const Span::Value& value) {
  struct Visitor {
    Json operator()(const std::string& text) const { return {{"stringValue", text}}; }
    Json operator()(std::int64_t number) const { return {{"intValue", std::to_string(number)}}; }
    Json operator()(double number) const { return {{"doubleValue", number}}; }
  };
  return std::visit(Visitor{}, value);
}

Json attribute(std::string_view name, const Span::Value& value) { return {{"key", name}, {"value", value_of(value)}}; }

std::string nanoseconds(time::WallTime at) { return std::to_string(at.time_since_epoch().count()); }

Json json_of(const Span& span) {
  Json json = {{"traceId", span.trace},
               {"spanId", span.id},
               {"name", span.name},
               {"kind", internal_kind},
               {"startTimeUnixNano", nanoseconds(span.start)},
               {"endTimeUnixNano", nanoseconds(span.end)}};
  if (!span.parent.empty()) json["parentSpanId"] = span.parent;
  Json& attributes = json["attributes"] = Json::array();
  for (const auto& [name, value] : span.attributes) attributes.push_back(attribute(name, value));
  if (span.link) json["links"] = Json::array({{{"traceId", span.link->trace}, {"spanId", span.link->id}}});
  Json& status = json["status"] = Json::object();
  if (span.status != Span::Status::unset) status["code"] = std::to_underlying(span.status);
  if (!span.message.empty()) status["message"] = span.message;
  return json;
}

}  // namespace

TraceDocument::TraceDocument(const TraceResource& resource) {
  Json attributes = Json::array();
  const auto add = [&attributes](std::string_view name, const std::string& value) {
    if (!value.empty()) attributes.push_back(attribute(name, value));
  };
  add("service.name", resource.service_name);
  add("service.version", resource.version);
  add("service.instance.id", resource.instance);
  add("host.name", resource.host);
  const Json scope = {{"name", "belfry"}, {"version", resource.version}};
  text_ = R"({"resourceSpans":[{"resource":{"attributes":)" + text_of(attributes) + R"(},"scopeSpans":[{"scope":)" +
          text_of(scope) + R"(,"spans":[)";
}

void TraceDocument::add(const Span& span) {
  if (spans_++ > 0) text_ += ',';
  text_ += text_of(json_of(span));
}

std::string TraceDocument::finish() && {
  text_ += "]}]}]}";
  return std::move(text_);
}

Delivery trace_delivery(const std::expected<io::HttpAnswer, io::TransferFailure>& answer, const std::string& origin) {
  Delivery delivery = delivery_of(answer, origin);
  if (!answer || delivery.result != Delivery::Result::unfinished) return delivery;
  const int status = answer->status;
  const bool again = status == 429 || status == 502 || status == 503 || status == 504;
  if (!again) delivery.result = Delivery::Result::refused;
  return delivery;
}

std::size_t rejected_spans(std::string_view body, std::size_t sent) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("partialSuccess") || !json["partialSuccess"].is_object()) return 0;
  const Json& partial = json["partialSuccess"];
  if (!partial.contains("rejectedSpans")) return 0;
  const Json& rejected = partial["rejectedSpans"];
  std::size_t count = 0;
  if (rejected.is_number_unsigned()) {
    count = rejected.get<std::size_t>();
  } else if (rejected.is_string()) {
    const auto& digits = rejected.get_ref<const std::string&>();
    std::from_chars(digits.data(), digits.data() + digits.size(), count);  // a number that is none is 0
  }
  return std::min(count, sent);
}

}  // namespace belfry::daemon
