// /v1/notify: the channels by which people are told.

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "daemon/control/api_context.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/json_text.hpp"

namespace belfry::daemon {

void add_notify_routes(Router& router, ApiContext& context) {
  router.add(
      "POST", "/v1/notify/{name}/test", [&context](const Request&, const PathParts& path, const Exchange& exchange) {
        context.bridge.post(exchange, [&context, channel = path[0]](const Exchange& asked) {
          context.parts.test_channel(channel, [asked, channel](const ChannelTest& test) {
            if (!test.known) return asked.reply(error_reply(404, "not_found", test.detail));
            asked.reply(
                {.body = to_text({{"channel", channel}, {"delivered", test.delivered}, {"detail", test.detail}})});
          });
        });
      });
}

}  // namespace belfry::daemon
