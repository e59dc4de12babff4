#include "daemon/log_options.hpp"

namespace belfry::daemon {

observe::LogOptions log_options(const Settings& settings) {
  observe::LogOptions options;
  options.level = static_cast<observe::LogLevel>(settings.log_level);
  switch (settings.log_format) {
    case LogFormat::automatic:
      break;
    case LogFormat::text:
      options.format = observe::LogFormat::text;
      break;
    case LogFormat::json:
      options.format = observe::LogFormat::json;
      break;
    case LogFormat::journal:
      options.format = observe::LogFormat::journal;
      break;
  }
  return options;
}

}  // namespace belfry::daemon
