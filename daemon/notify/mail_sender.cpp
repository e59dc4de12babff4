// A notice as a mail, by a program or by an SMTP server.

#include <atomic>
#include <utility>

#include "async/loop.hpp"
#include "daemon/notify/mail_text.hpp"
#include "daemon/notify/run_program.hpp"
#include "daemon/notify/sender.hpp"

namespace belfry::daemon {
namespace {

/// Of one mail: by the time, and a number for those of the same instant.
std::string mail_id(ledger::WallTime now) {
  static std::atomic<std::uint64_t> last{0};
  return "belfry." + std::to_string(now.time_since_epoch().count()) + "." +
         std::to_string(last.fetch_add(1, std::memory_order_relaxed) + 1);
}

class MailSender final : public Sender {
 public:
  MailSender(MailTarget target, time::Duration timeout) : target_(std::move(target)), timeout_(timeout) {}

  async::Task<Delivery> send(const Notice& notice) const override {
    const ledger::WallTime now = async::Loop::current().wall_now();
    const std::string text = mail_text(target_, notice, now, mail_id(now), target_.smtp ? "\r\n" : "\n");
    if (target_.smtp) co_return co_await by_server(*target_.smtp, notice, text);
    jobs::ExecSpec spec;
    std::visit([&spec](const auto& command) { spec.command = command; }, target_.sendmail);
    spec.working_dir = target_.working_dir;
    spec.standard_input = jobs::StdinText{text};
    co_return co_await run_program(std::move(spec), notice, timeout_);
  }

 private:
  async::Task<Delivery> by_server(const MailTarget::Smtp& smtp, const Notice& notice, std::string text) const {
    io::Mail mail{.host = smtp.host,
                  .port = smtp.port,
                  .security = smtp.security,
                  .user = smtp.user,
                  .password = smtp.password.text,
                  .ca_file = smtp.ca_file,
                  .from = sender_address(target_, notice),
                  .to = target_.to,
                  .message = std::move(text),
                  .timeout = timeout_};
    const auto sent = co_await io::send_mail(std::move(mail));
    if (sent) co_return Delivery{.result = Delivery::Result::delivered, .detail = smtp.host + " has taken the mail"};
    co_return Delivery{.result = sent.error().may_pass() ? Delivery::Result::unfinished : Delivery::Result::refused,
                       .detail = sent.error().message};
  }

  MailTarget target_;
  time::Duration timeout_;
};

}  // namespace

std::shared_ptr<const Sender> make_mail_sender(MailTarget target, time::Duration timeout) {
  return std::make_shared<MailSender>(std::move(target), timeout);
}

}  // namespace belfry::daemon
