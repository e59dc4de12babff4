#include "jobs/native.hpp"

#include <utility>

#include "jobs/native_checksum.hpp"
#include "jobs/native_compress.hpp"

namespace belfry::jobs {

namespace {

class NativeAction final : public engine::Action {
 public:
  NativeAction(std::string name, NativeCall call, async::ThreadPool* pool)
      : name_(std::move(name)), call_(std::move(call)), pool_(pool) {}

  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report& report) const override {
    try {
      report.message = co_await pool_->run([this](const std::stop_token& stop) { return call_(stop); });
      co_return ledger::Outcome::success;
    } catch (const std::exception& error) {
      report.message = error.what();
    }
    co_return ledger::Outcome::failure;
  }

  std::string_view kind() const noexcept override { return "native"; }
  std::string describe() const override { return name_; }

 private:
  std::string name_;
  NativeCall call_;
  async::ThreadPool* pool_;
};

}  // namespace

std::vector<NativeFunction> builtin_functions() { return {checksum_function(), compress_function()}; }

ActionKind native_kind(std::vector<NativeFunction> functions) {
  ActionKind kind{.key = "native",
                  .value = "a map",
                  .meaning = "calls a function of belfryd or of a plugin",
                  .form_by = FormBy::name,
                  .form_word = "function",
                  .text_means = {},
                  .forms = {}};
  for (NativeFunction& function : functions) {
    auto make = [name = function.name, bind = std::move(function.bind)](ParameterReader& reader,
                                                                        const ActionContext& context) -> ActionPointer {
      return std::make_shared<NativeAction>(name, bind(reader), context.pool);
    };
    kind.forms.push_back({.name = std::move(function.name),
                          .summary = std::move(function.summary),
                          .parameters = std::move(function.parameters),
                          .make = std::move(make)});
  }
  return kind;
}

}  // namespace belfry::jobs
