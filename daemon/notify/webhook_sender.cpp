// A notice as an HTTP request.

#include <algorithm>
#include <utility>

#include "daemon/notify/sender.hpp"

namespace belfry::daemon {
namespace {

bool same_name(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

class WebhookSender final : public Sender {
 public:
  WebhookSender(WebhookTarget target, time::Duration timeout) : target_(std::move(target)), timeout_(timeout) {}

  async::Task<Delivery> send(const Notice& notice) const override {
    io::HttpRequest request{.method = target_.method,
                            .url = target_.url.text,
                            .headers = {},
                            .body = {},
                            .timeout = timeout_,
                            .ca_file = target_.ca_file,
                            .most_body = 0};
    bool typed = false;
    for (const auto& header : target_.headers) {
      request.headers.push_back(header.name + ": " + header.value.text);
      typed = typed || same_name(header.name, "content-type");
    }
    if (target_.method != "GET") {
      const auto value = [&notice](std::string_view name) { return fact(notice, name); };
      request.body = target_.body ? target_.body->fill(value) : to_json(notice);
      const bool json = request.body.starts_with('{') || request.body.starts_with('[');
      if (!typed)
        request.headers.emplace_back(json ? "Content-Type: application/json"
                                          : "Content-Type: text/plain; charset=utf-8");
    }
    const auto answer = co_await io::send(std::move(request));
    co_return delivery_of(answer, io::origin_of(target_.url.text));
  }

 private:
  WebhookTarget target_;
  time::Duration timeout_;
};

}  // namespace

std::shared_ptr<const Sender> make_webhook_sender(WebhookTarget target, time::Duration timeout) {
  return std::make_shared<WebhookSender>(std::move(target), timeout);
}

}  // namespace belfry::daemon
