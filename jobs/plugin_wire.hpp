// The texts that belfryd and belfry-plugin tell each other: fields that end with a NUL. Header only: belfry-plugin is a
// program of its own.
//
//   declaration  plugin_wire_version, plugin name, version, summary, number of functions; of each: name, summary,
//   number
//                of parameters; of each: name, type (enum belfry_type), flags, fallback, meaning, least, most, number
//                of choices, the choices. `flags` has has_fallback beside those of the plugin.
//   parameters   name, number of values, the values; until the end
//   answer       plugin_wire_version, answer_returned or answer_refused, sentence, status of the function
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace belfry::jobs {

/// Both are installed together; during an update they may differ for a moment.
inline constexpr std::string_view plugin_wire_version = "belfry-plugin-1";
inline constexpr std::uint32_t has_fallback = 0x8000'0000U;
inline constexpr std::string_view answer_returned = "returned";
inline constexpr std::string_view answer_refused = "refused";
inline constexpr std::string_view declaration_failed = "!";  ///< in place of a plugin's name; a sentence follows

inline void put_field(std::string& wire, std::string_view field) {
  wire.append(field.substr(0, field.find('\0'))) += '\0';
}

template <std::integral T>
void put_field(std::string& wire, T number) {
  put_field(wire, std::to_string(number));
}

/// Takes fields from the front. A field that is not there, or is no number, makes all that follow empty or 0.
class Fields {
 public:
  explicit Fields(std::string_view wire) noexcept : rest_(wire) {}

  std::string text() {
    const auto end = rest_.find('\0');
    if (end == std::string_view::npos) {
      good_ = false;
      rest_ = {};
      return {};
    }
    std::string field(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return field;
  }

  template <std::integral T>
  T number() {
    const std::string field = text();
    T value{};
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error == std::errc() && end == field.data() + field.size()) return value;
    good_ = false;
    rest_ = {};
    return {};
  }

  bool good() const noexcept { return good_; }
  bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace belfry::jobs
