// The host's side of one call: what a function of a plugin asks and tells.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "belfry/plugin.h"

namespace plugin {

/// From now on SIGTERM sets the flag that is_cancelled() tells. Without SA_RESTART: what blocks comes back with EINTR.
void cancel_on_sigterm();
bool is_cancelled() noexcept;

/// belfry_host as a function gets it. Any thread, as the header promises.
class Host final : public belfry_host {
 public:
  /// `parameters`: fields as in jobs/plugin_wire.hpp. `function` must outlive this.
  Host(const belfry_function& function, std::string_view parameters);

  /// What is to be told about the run; `well`: the function returned 0.
  std::string sentence(bool well) const;
  /// What the plugin asked for wrongly; empty: nothing.
  std::string mistake() const;

 private:
  static const Host& self(const belfry_host* host) { return *static_cast<const Host*>(host); }
  const belfry_parameter* declared(const char* name) const;
  const char* value(const char* name, std::size_t index) const;
  std::int64_t as_number(const char* name, std::int64_t otherwise) const;
  void wrong(const char* name, const char* what) const;
  void note_progress(std::uint64_t done, std::uint64_t total) const;
  std::string progress_text() const;

  const belfry_function& function_;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  mutable std::mutex mutex_;
  mutable std::string message_;
  mutable std::string mistake_;
  mutable bool has_progress_ = false;
  mutable std::uint64_t done_ = 0;
  mutable std::uint64_t total_ = 0;
  mutable std::optional<std::chrono::steady_clock::time_point> told_;
};

}  // namespace plugin
