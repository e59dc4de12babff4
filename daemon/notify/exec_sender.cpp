// A notice as a program that is told by its environment and its standard input.

#include <utility>

#include "daemon/notify/run_program.hpp"
#include "daemon/notify/sender.hpp"

namespace belfry::daemon {
namespace {

class ExecSender final : public Sender {
 public:
  ExecSender(ExecTarget target, time::Duration timeout) : target_(std::move(target)), timeout_(timeout) {}

  async::Task<Delivery> send(const Notice& notice) const override {
    jobs::ExecSpec spec;
    std::visit([&spec](const auto& command) { spec.command = command; }, target_.command);
    spec.working_dir = target_.working_dir;
    spec.environment = to_environment(notice);
    spec.standard_input = jobs::StdinText{to_json(notice) + "\n"};
    co_return co_await run_program(std::move(spec), notice, timeout_);
  }

 private:
  ExecTarget target_;
  time::Duration timeout_;
};

}  // namespace

std::shared_ptr<const Sender> make_exec_sender(ExecTarget target, time::Duration timeout) {
  return std::make_shared<ExecSender>(std::move(target), timeout);
}

}  // namespace belfry::daemon
