#include "jobs/native.hpp"

#include <stdexcept>
#include <utility>

#include "jobs/native_checksum.hpp"
#include "jobs/native_compress.hpp"
#include "time/suggest.hpp"

namespace belfry::jobs {

namespace {

class NativeAction final : public engine::Action {
 public:
  NativeAction(std::string name, NativeCall call, async::ThreadPool& pool)
      : name_(std::move(name)), call_(std::move(call)), pool_(pool) {}

  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report& report) const override {
    try {
      report.message = co_await pool_.run([this](const std::stop_token& stop) { return call_(stop); });
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
  async::ThreadPool& pool_;
};

}  // namespace

NativeRegistry NativeRegistry::with_builtins() {
  NativeRegistry registry;
  registry.add(checksum_function());
  registry.add(compress_function());
  return registry;
}

void NativeRegistry::add(NativeFunction function) {
  const std::string name = function.name;
  if (!functions_.emplace(name, std::move(function)).second) {
    throw std::invalid_argument("there is a native function '" + name + "' already");
  }
}

std::expected<std::shared_ptr<const engine::Action>, ParameterError> NativeRegistry::make(
    const std::string& name, const ParameterMap& parameters, async::ThreadPool& pool) const {
  const auto found = functions_.find(name);
  if (found == functions_.end()) {
    std::vector<std::string> names;
    std::string list;
    for (const auto& [known, function] : functions_) {
      names.push_back(known);
      list += (list.empty() ? "" : ", ") + known;
    }
    const auto hint = time::did_you_mean(name, names);
    return std::unexpected(ParameterError{"function", "there is no native function '" + name + "'" +
                                                          (hint.empty() ? "" : ": " + hint) + "; there is " + list});
  }
  ParameterReader reader(parameters, found->second.parameters);
  NativeCall call = found->second.bind(reader);
  if (reader.error()) return std::unexpected(*reader.error());
  return std::make_shared<NativeAction>(name, std::move(call), pool);
}

}  // namespace belfry::jobs
