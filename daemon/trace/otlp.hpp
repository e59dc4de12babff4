// OTLP over HTTP in its JSON encoding: what a request says, and what an answer means. Pure; any thread.
//
// Of the protocol: ids are hexadecimal digits, 64-bit numbers are strings, enumerations are numbers, keys are in
// lowerCamelCase. See https://opentelemetry.io/docs/specs/otlp/#otlphttp
#pragma once

#include <cstddef>
#include <expected>
#include <string>

#include "daemon/notify/delivery.hpp"
#include "daemon/trace/span.hpp"
#include "io/http_client.hpp"

namespace belfry::daemon {

/// Who sends the spans.
struct TraceResource {
  std::string service_name;
  std::string version;
  std::string instance;  ///< tells this belfryd from others
  std::string host;
};

/// The body of one request, built span by span.
class TraceDocument {
 public:
  explicit TraceDocument(const TraceResource& resource);

  void add(const Span& span);
  std::size_t spans() const noexcept { return spans_; }

  /// The whole of it. REQUIRES: nothing is added any more.
  std::string finish() &&;

 private:
  std::string text_;
  std::size_t spans_ = 0;
};

/// What an answer to a request, or its absence, means. Tried again, as the protocol has it: after 429, 502, 503 and
/// 504, and when there was no answer.
Delivery trace_delivery(const std::expected<io::HttpAnswer, io::TransferFailure>& answer, const std::string& origin);

/// How many of `sent` spans the body of a good answer says were not taken; 0 for anything that does not say so.
std::size_t rejected_spans(std::string_view body, std::size_t sent);

}  // namespace belfry::daemon
