// Spans as text: the shortest form that is read back, and words.
#include "time/duration.hpp"
#include "time/span_units.hpp"

namespace belfry::time {
namespace {

using detail::day;
using detail::hour;
using detail::microsecond;
using detail::millisecond;
using detail::minute;
using detail::second;

std::string with_fraction(std::int64_t value, std::int64_t unit) {
  std::string text = std::to_string(value / unit);
  std::int64_t rest = value % unit;
  if (rest == 0) return text;
  text += '.';
  while (rest != 0) {
    unit /= 10;
    text += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return text;
}

}  // namespace

std::string format_duration(Duration value) {
  if (value == Duration::min()) return "-2562047h47m16.854775808s";  // its positive value does not exist
  if (value < Duration::zero()) return "-" + format_duration(-value);
  const std::int64_t count = value.count();
  if (count == 0) return "0s";
  if (count < microsecond) return std::to_string(count) + "ns";
  if (count < millisecond) return with_fraction(count, microsecond) + "us";
  if (count < second) return with_fraction(count, millisecond) + "ms";
  std::string text;
  if (count >= hour) text += std::to_string(count / hour) + "h";
  if (count % hour >= minute) text += std::to_string(count % hour / minute) + "m";
  if (count % minute != 0) text += with_fraction(count % minute, second) + "s";
  return text;
}

std::string describe_duration(Duration value) {
  if (value == Duration::min() || value < Duration::zero()) return format_duration(value);
  const std::int64_t count = value.count();
  if (count == 0) return "0 seconds";
  std::string text;
  const auto add = [&](const std::string& number, std::string_view unit) {
    text += (text.empty() ? "" : " ") + number + " " + std::string(unit) + (number == "1" ? "" : "s");
  };
  if (count < millisecond) {
    add(with_fraction(count, microsecond), "microsecond");
  } else if (count < second) {
    add(with_fraction(count, millisecond), "millisecond");
  } else {
    if (count >= day) add(std::to_string(count / day), "day");
    if (count % day >= hour) add(std::to_string(count % day / hour), "hour");
    if (count % hour >= minute) add(std::to_string(count % hour / minute), "minute");
    if (count % minute != 0) add(with_fraction(count % minute, second), "second");
  }
  return text;
}

}  // namespace belfry::time
