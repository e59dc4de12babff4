#include "daemon/why/why_view.hpp"

#include <nlohmann/json.hpp>

#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

using nlohmann::json;

json instant(const std::optional<WallTime>& at) { return at ? json(time::format_utc(*at)) : json(nullptr); }

}  // namespace

json view(const Why& why) {
  json chain = json::array();
  for (const WhyLink& link : why.chain) {
    chain.push_back({{"what", link.what}, {"text", link.text}, {"decides", link.decides}});
  }
  json document{{"job", why.job},
                {"timezone", why.timezone},
                {"at", instant(why.at)},
                {"is_slot", why.is_slot},
                {"ran", why.ran ? json(*why.ran) : json(nullptr)},
                {"result", why.slot ? json(to_string(why.slot->result)) : json(nullptr)},
                {"reason", why.slot ? json(to_string(why.slot->reason)) : json(nullptr)},
                {"count", why.slot ? json(why.slot->count) : json(nullptr)},
                {"run", why.slot && why.slot->run ? json(*why.slot->run) : json(nullptr)},
                {"outcome", why.run && why.run->outcome ? json(to_string(*why.run->outcome)) : json(nullptr)},
                {"delay_seconds", nullptr},
                {"previous", instant(why.previous)},
                {"next", instant(why.next)},
                {"chain", std::move(chain)},
                {"sentence", why.sentence}};
  if (why.run) document["delay_seconds"] = std::chrono::duration<double>(why.run->started_at - why.at).count();
  return document;
}

}  // namespace belfry::daemon
