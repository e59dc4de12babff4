#include "host.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "jobs/plugin_wire.hpp"
#include "plugin_file.hpp"

namespace plugin {

namespace {

constexpr std::size_t longest_message = 4000;
constexpr std::chrono::seconds between_lines{1};

std::atomic<bool> cancelled = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler may set it

/// To its end; a reader that is gone is no matter of the plugin's.
void write_all(int file, const char* bytes, std::size_t count) noexcept {
  while (count > 0) {
    const ssize_t written = ::write(file, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
}

void write_line(std::string line) {
  line += '\n';
  write_all(STDERR_FILENO, line.data(), line.size());
}

const char* prefix(int level) {
  if (level <= BELFRY_INFO) return "info: ";
  return level == BELFRY_WARNING ? "warning: " : "error: ";
}

bool is_number(std::int32_t type) { return type >= BELFRY_FLAG && type <= BELFRY_CHOICE; }

}  // namespace

void cancel_on_sigterm() {
  struct ::sigaction action{};
  action.sa_handler = [](int) { cancelled.store(true, std::memory_order_relaxed); };
  ::sigaction(SIGTERM, &action, nullptr);
}

bool is_cancelled() noexcept { return cancelled.load(std::memory_order_relaxed); }

Host::Host(const belfry_function& function, std::string_view parameters) : belfry_host{}, function_(function) {
  belfry::jobs::Fields fields(parameters);
  while (fields.good() && !fields.at_end()) {
    std::vector<std::string>& values = values_[fields.text()];
    for (auto left = fields.number<std::size_t>(); left > 0 && fields.good(); --left) values.push_back(fields.text());
  }
  struct_size = sizeof(belfry_host);
  abi_major = BELFRY_ABI_MAJOR;
  abi_minor = BELFRY_ABI_MINOR;
  text = [](const belfry_host* host, const char* name) { return self(host).value(name, 0); };
  item = [](const belfry_host* host, const char* name, std::size_t index) { return self(host).value(name, index); };
  number = [](const belfry_host* host, const char* name, std::int64_t otherwise) {
    return self(host).as_number(name, otherwise);
  };
  belfry_host::is_cancelled = [](const belfry_host*) { return plugin::is_cancelled() ? 1 : 0; };
  progress = [](const belfry_host* host, std::uint64_t done, std::uint64_t total) {
    self(host).note_progress(done, total);
  };
  log = [](const belfry_host*, int level, const char* line) {
    write_line(prefix(level) + std::string(line == nullptr ? "" : line));
  };
  write = [](const belfry_host*, const void* bytes, std::size_t count) {
    std::fflush(stdout);
    write_all(STDOUT_FILENO, static_cast<const char*>(bytes), count);
  };
  message = [](const belfry_host* host, const char* sentence) {
    const std::scoped_lock lock(self(host).mutex_);
    self(host).message_.assign(sentence == nullptr ? "" : sentence,
                               sentence == nullptr ? 0 : ::strnlen(sentence, longest_message));
  };
}

const belfry_parameter* Host::declared(const char* name) const {
  for (const belfry_parameter* const parameter : parameters(function_)) {
    if (name != nullptr && plugin::text(member(*parameter, &belfry_parameter::name)) == name) return parameter;
  }
  wrong(name, "which it does not declare");
  return nullptr;
}

void Host::wrong(const char* name, const char* what) const {
  const std::scoped_lock lock(mutex_);
  if (mistake_.empty()) {
    mistake_ = "it asked for the parameter '" + std::string(name == nullptr ? "NULL" : name) + "', " + what;
  }
}

const char* Host::value(const char* name, std::size_t index) const {
  if (declared(name) == nullptr) return nullptr;
  const auto found = values_.find(std::string_view(name));
  return found != values_.end() && index < found->second.size() ? found->second[index].c_str() : nullptr;
}

std::int64_t Host::as_number(const char* name, std::int64_t otherwise) const {
  const belfry_parameter* const parameter = declared(name);
  if (parameter == nullptr) return otherwise;
  const auto type = member(*parameter, &belfry_parameter::type);
  if (!is_number(type)) {
    wrong(name, "which is a text, as a number");
    return otherwise;
  }
  const char* const given = value(name, 0);
  if (given == nullptr) return otherwise;
  const std::string_view text = given;
  if (type == BELFRY_FLAG) return text == "true" ? 1 : 0;
  if (type == BELFRY_CHOICE) {
    std::int64_t index = 0;
    for (const char* const word : choices(*parameter)) {
      if (text == word) return index;
      ++index;
    }
    return otherwise;
  }
  std::int64_t number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void Host::note_progress(std::uint64_t done, std::uint64_t total) const {
  const auto now = std::chrono::steady_clock::now();
  std::string line;
  {
    const std::scoped_lock lock(mutex_);
    has_progress_ = true;
    done_ = done;
    total_ = total;
    if (told_ && now - *told_ < between_lines) return;
    told_ = now;
    line = "progress: " + progress_text();
  }
  write_line(std::move(line));
}

std::string Host::progress_text() const {
  return std::to_string(done_) + (total_ == 0 ? "" : " of " + std::to_string(total_));
}

std::string Host::sentence(bool well) const {
  const std::scoped_lock lock(mutex_);
  if (well || !has_progress_) return message_;
  return message_ + (message_.empty() ? "ended at " : ", at ") + progress_text();
}

std::string Host::mistake() const {
  const std::scoped_lock lock(mutex_);
  return mistake_;
}

}  // namespace plugin
