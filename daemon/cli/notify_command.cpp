// notify test.

#include <string>

#include "daemon/cli/commands.hpp"

namespace belfry::daemon::cli {

/// Exits with 1 when the message was not delivered.
int notify_test(Session& session, const std::string& channel) {
  if (channel.empty() || channel == "." || channel == ".." || channel.find('/') != std::string::npos) {
    throw CommandError(kNotFound, "there is no channel \"" + channel + "\"");
  }
  const nlohmann::json answer =
      session.client.post("/v1/notify/" + escaped(channel) + "/test", nlohmann::json::object(), Patience::endless);
  const bool delivered = answer.value("delivered", false);
  if (session.json) {
    print_json(answer);
  } else {
    const std::string detail = printable(text_of(answer, "detail"));
    print(session.style.paint(delivered ? "delivered" : "not delivered", delivered ? Colour::green : Colour::red) +
          ": " + detail + "\n");
  }
  return delivered ? kOk : kFailure;
}

}  // namespace belfry::daemon::cli
