#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "daemon/config/catalog_builder.hpp"

namespace belfry::daemon {
namespace {

// FNV-1a over the parts, each with its length, so that no two lists of parts read the same.
class Digest {
 public:
  void text(std::string_view value) {
    number(value.size());
    for (const char c : value) byte(static_cast<unsigned char>(c));
  }
  void number(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) byte(static_cast<unsigned char>(value >> (8 * static_cast<unsigned>(i))));
  }
  template <typename T>
    requires(std::is_integral_v<T> || std::is_enum_v<T>)
  void value(T value) {
    number(static_cast<std::uint64_t>(value));
  }
  void value(double value) { text(std::to_string(value)); }
  void value(time::Duration value) { number(static_cast<std::uint64_t>(value.count())); }
  void value(const std::string& value) { text(value); }
  void value(const std::filesystem::path& value) { text(value.native()); }
  template <typename T>
  void value(const std::optional<T>& optional) {
    number(optional ? 1 : 0);
    if (optional) value(*optional);
  }
  template <typename T>
  void value(const std::vector<T>& list) {
    number(list.size());
    for (const auto& item : list) value(item);
  }
  template <typename V>
  void value(const std::map<std::string, V>& map) {
    number(map.size());
    for (const auto& [key, item] : map) {
      text(key);
      value(item);
    }
  }
  std::string hexadecimal() const {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (int shift = 60; shift >= 0; shift -= 4) out += digits[(hash_ >> static_cast<unsigned>(shift)) & 15U];
    return out;
  }

 private:
  void byte(unsigned char value) {
    hash_ ^= value;
    hash_ *= 0x100000001B3U;
  }
  std::uint64_t hash_ = 0xCBF29CE484222325U;
};

void add(Digest& digest, const CommandSpec& command) {
  digest.number(command.command.index());
  std::visit([&](const auto& value) { digest.value(value); }, command.command);
  digest.number(command.standard_input.index());
  if (const auto* text = std::get_if<std::string>(&command.standard_input)) digest.value(*text);
  if (const auto* file = std::get_if<InputFile>(&command.standard_input)) digest.value(file->path);
}
void add(Digest& digest, const FileDeclaration& file) {
  digest.value(file.operation);
  digest.value(file.parameters);
}
void add(Digest& digest, const NativeDeclaration& native) {
  digest.value(native.function);
  digest.value(native.parameters);
}

void add(Digest& digest, const ProcessPolicies& process) {
  digest.value(process.shell);
  digest.value(process.environment);
  digest.value(process.clear_environment);
  digest.value(process.umask);
  digest.value(process.nice);
  digest.value(process.limits);
  digest.value(process.kill_signal);
  digest.value(process.kill_grace);
  digest.value(process.success_exit_codes);
  digest.value(process.output_max_bytes);
}

void add(Digest& digest, const RunPolicies& run) {
  digest.value(run.enabled);
  digest.value(run.timeout);
  digest.value(run.retry.limit);
  digest.value(run.retry.delay);
  digest.value(run.retry.max_delay);
  digest.value(run.retry.backoff);
  digest.value(run.retry.jitter);
  digest.value(run.retry.on_timeout);
  digest.value(run.retry.on_exit_codes);
  digest.value(run.overlap);
  digest.value(run.queue_limit);
  digest.value(run.on_missed);
  digest.value(run.starting_deadline);
}

}  // namespace

std::string fingerprint(const JobSpec& job) {
  Digest digest;
  digest.value(job.name);
  digest.value(job.description);
  digest.value(job.trigger.text);
  if (!job.trigger.details.empty()) digest.value(job.trigger.details);
  digest.value(job.timezone);
  digest.number(job.action.index());
  std::visit([&](const auto& action) { add(digest, action); }, job.action);
  digest.value(job.policies.process.working_dir);
  if (std::holds_alternative<CommandSpec>(job.action)) add(digest, job.policies.process);
  add(digest, job.policies.run);
  return digest.hexadecimal();
}

}  // namespace belfry::daemon
