// The configuration: any bytes give a model or well-formed errors.
#include <string>

#include "daemon/config/catalog_builder.hpp"
#include "daemon/config/load_config.hpp"
#include "daemon/config/utf8.hpp"
#include "fuzz/expect.hpp"

using namespace belfry;

namespace {

void check_error(const daemon::ConfigError& error) {
  fuzz::expect(!error.message.empty());
  fuzz::expect(error.message.find('\n') == std::string::npos);
  fuzz::expect(error.place.line >= 0 && error.caret >= 0);
  fuzz::expect(daemon::is_utf8(daemon::format_error(error, true)));
}

void check_job(const daemon::JobSpec& job) {
  fuzz::expect(!job.name.empty());
  fuzz::expect(daemon::fingerprint(job).size() == 16);
  if (job.trigger.trigger) static_cast<void>(job.trigger.trigger->next({}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  daemon::LoadOptions options;
  options.read_plugin = [](const auto&) { return std::unexpected(std::string("no plugin is loaded here")); };
  const auto result = daemon::parse_config(std::string(fuzz::text_of(data, size)), "fuzz", "/etc/belfry", options);
  if (result) {
    for (const auto& job : result->jobs) check_job(job);
  } else {
    fuzz::expect(!result.error().empty());
    for (const auto& error : result.error()) check_error(error);
  }
  return 0;
}
