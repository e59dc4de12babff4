#include "jobs/precondition.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <string_view>
#include <system_error>
#include <utility>

#include "async/timeout.hpp"
#include "io/fs.hpp"
#include "time/duration.hpp"

namespace belfry::jobs {

namespace {

using Objection = std::optional<std::string>;

/// Of what belongs to no run: sweeps tell the processes of two commands apart by it. Below zero: no run's.
ledger::RunId next_command_id() noexcept {
  static std::atomic<ledger::RunId> last{0};
  return last.fetch_sub(1, std::memory_order_relaxed) - 1;
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> units{" bytes", " KiB", " MiB", " GiB", " TiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < units.size(); ++unit) amount /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f" : "%.1f", amount);
  return text.data() + std::string(units[unit]);
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

/// The last line that is not empty, at most 200 bytes of it, without control characters.
std::string last_line(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  if (const auto before = text.rfind('\n'); before != std::string_view::npos) text.remove_prefix(before + 1);
  constexpr std::size_t longest = 200;
  const bool cut = text.size() > longest;
  if (cut) text = text.substr(0, longest);
  while (cut && !text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.remove_suffix(1);
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return cut ? line + "..." : line;
}

std::string last_line(const ledger::CapturedStream& stream) {
  return last_line(stream.dropped_bytes == 0 ? stream.head + stream.tail : stream.tail);
}

template <class T>
std::optional<T> number_at(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

async::Task<std::string> read_proc(std::string path) {
  io::fs::File file = co_await io::fs::File::open(std::move(path), O_RDONLY);
  std::string text = co_await file.read(0, 16384);
  co_await file.close();
  co_return text;
}

class CheckedPrecondition final : public engine::Precondition {
 public:
  explicit CheckedPrecondition(PreconditionSpec spec)
      : spec_(std::move(spec)), cpus_(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN))) {
    if (!spec_.command) return;
    spec_.command->output_budget = 4096;
    command_ = make_exec(*std::move(spec_.command));
  }

  async::Task<Objection> objection() const override;

 private:
  async::Task<Objection> measures() const;
  async::Task<Objection> load() const;
  async::Task<Objection> memory() const;
  async::Task<Objection> disk() const;
  async::Task<Objection> command() const;

  PreconditionSpec spec_;
  long cpus_;
  std::shared_ptr<const engine::Action> command_;  // null: none
};

async::Task<Objection> CheckedPrecondition::objection() const {
  const std::optional<Objection> found = co_await async::move_on_after(spec_.timeout, measures());
  if (!found) co_return "load, memory and disk could not be measured within " + time::format_duration(spec_.timeout);
  if (*found || !command_) co_return *found;
  co_return co_await command();
}

async::Task<Objection> CheckedPrecondition::measures() const {
  try {
    Objection found = co_await load();
    if (!found) found = co_await memory();
    if (!found) found = co_await disk();
    co_return found;
  } catch (const io::IoError& error) {
    co_return error.what();
  }
}

async::Task<Objection> CheckedPrecondition::load() const {
  if (!spec_.load_below && !spec_.load_per_cpu_below) co_return std::nullopt;
  const std::string text = co_await read_proc("/proc/loadavg");
  const std::optional<double> load = number_at<double>(text);
  if (!load) co_return "/proc/loadavg cannot be understood";
  const double share = *load / static_cast<double>(cpus_);
  if (spec_.load_below && *load >= *spec_.load_below) {
    co_return "the load is " + number_text(*load) + ", and must be below " + number_text(*spec_.load_below);
  }
  if (spec_.load_per_cpu_below && share >= *spec_.load_per_cpu_below) {
    co_return "the load is " + number_text(share) + " for each CPU, and must be below " +
        number_text(*spec_.load_per_cpu_below);
  }
  co_return std::nullopt;
}

async::Task<Objection> CheckedPrecondition::memory() const {
  if (!spec_.free_memory) co_return std::nullopt;
  const std::string text = co_await read_proc("/proc/meminfo");
  static constexpr std::string_view key = "\nMemAvailable:";
  const auto at = text.find(key);
  const auto kibibytes =
      at == std::string::npos ? std::nullopt : number_at<std::uint64_t>(std::string_view(text).substr(at + key.size()));
  if (!kibibytes) co_return "/proc/meminfo does not tell the available memory";
  const std::uint64_t available = *kibibytes * 1024;
  if (available >= *spec_.free_memory) co_return std::nullopt;
  co_return size_text(available) + " of memory are available, and " + size_text(*spec_.free_memory) + " are needed";
}

async::Task<Objection> CheckedPrecondition::disk() const {
  if (!spec_.free_disk) co_return std::nullopt;
  const io::fs::Space space = co_await io::fs::space(spec_.free_disk->path);
  if (space.available >= spec_.free_disk->at_least) co_return std::nullopt;
  co_return size_text(space.available) + " are free on the disk of " + spec_.free_disk->path + ", and " +
      size_text(spec_.free_disk->at_least) + " are needed";
}

async::Task<Objection> CheckedPrecondition::command() const {
  engine::Report report;
  const engine::Attempt attempt{
      .job = spec_.job, .run = next_command_id(), .scheduled_at = std::nullopt, .started_at = {}};
  const std::optional<ledger::Outcome> outcome =
      co_await async::move_on_after(spec_.timeout, command_->run(attempt, report));
  if (outcome == ledger::Outcome::success) co_return std::nullopt;
  const std::string why = outcome ? report.message : "did not end within " + time::format_duration(spec_.timeout);
  if (outcome == ledger::Outcome::start_error) co_return "the command of the precondition: " + why;
  std::string line = last_line(report.standard_error);
  if (line.empty()) line = last_line(report.standard_output);
  co_return "the command of the precondition: " + why + (line.empty() ? "" : ": " + line);
}

}  // namespace

std::shared_ptr<const engine::Precondition> make_precondition(PreconditionSpec spec) {
  return std::make_shared<CheckedPrecondition>(std::move(spec));
}

}  // namespace belfry::jobs
