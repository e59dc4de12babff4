// The keys of `tracing`; the others are in keys.cpp.
#include <array>

#include "daemon/config/keys.hpp"

namespace belfry::daemon {
namespace {

constexpr std::array tracing_keys{
    Key{"endpoint", "a URL", "", "the collector, by OTLP over HTTP; without a path, /v1/traces is appended"},
    Key{"endpoint_file", "a path", "", "the file that holds the URL"},
    Key{"headers", "a map of text or {file: PATH}", "", "headers by name, such as Authorization"},
    Key{"service_name", "text", "belfry", "what the service is called in traces"},
    Key{"interval", "a duration from 100ms to 5m", "5s", "how long spans wait for others to be sent with, up to 512"},
    Key{"queue_limit", "1 to 100000", "4096", "how many spans may wait; the oldest one makes room for one more"},
    Key{"timeout", "a duration from 100ms to 5m", "10s", "how long one try may take"},
    Key{"ca_file", "a path", "the system's", "the authorities to trust, as PEM"},
};

}  // namespace

constinit const Section tracing_section{"tracing", tracing_keys, true};

}  // namespace belfry::daemon
