// Durations: what is accepted can be written down and read back.
#include "fuzz/expect.hpp"
#include "time/duration.hpp"

using namespace belfry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  for (const auto dialect : {time::DurationDialect::any, time::DurationDialect::go, time::DurationDialect::systemd,
                             time::DurationDialect::iso8601, time::DurationDialect::seconds}) {
    const auto exact = time::parse_span(text, dialect);
    fuzz::expect(exact.has_value() || !exact.error().message.empty());
    const time::DurationOptions options{.dialect = dialect, .allow_negative = true};
    const auto span = time::parse_duration(text, options);
    if (!span) {
      fuzz::expect(!span.error().message.empty() && span.error().offset <= size);
      continue;
    }
    static_cast<void>(time::describe_duration(*span));
    const auto again = time::parse_duration(time::format_duration(*span), {.allow_negative = true});
    fuzz::expect(again && *again == *span);
  }
  return 0;
}
