#include "nap.hpp"

#include "async/sleep.hpp"
#include "time/duration.hpp"

namespace belfry::jobs {

namespace {

class NapAction final : public engine::Action {
 public:
  NapAction(async::Duration span, bool tell) : span_(span), tell_(tell) {}

  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report& report) const override {
    co_await async::sleep(span_);
    if (tell_) report.message = "slept for " + time::format_duration(span_);
    co_return ledger::Outcome::success;
  }

  std::string_view kind() const noexcept override { return "nap"; }
  std::string describe() const override { return time::format_duration(span_); }

 private:
  async::Duration span_;
  bool tell_;
};

ActionPointer make_nap(ParameterReader& reader, const ActionContext&) {
  return std::make_shared<NapAction>(reader.duration("for"), reader.flag("tell"));
}

}  // namespace

ActionKind nap_kind() {
  const ParameterInfo span{.name = "for",
                           .type = ParameterType::duration,
                           .meaning = "how long",
                           .required = true,
                           .least = 1,
                           .most = 3'600'000};
  const ParameterInfo tell{.name = "tell",
                           .type = ParameterType::flag,
                           .fallback = "true",
                           .meaning = "whether the run says how long it was"};
  return {.key = "nap",
          .value = "a duration or a map",
          .meaning = "lets time pass",
          .form_word = {},
          .text_means = "for",
          .forms = {{.name = {}, .summary = "lets time pass", .parameters = {span, tell}, .make = make_nap}}};
}

}  // namespace belfry::jobs
