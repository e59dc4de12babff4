#include "observe/negotiation.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace belfry::observe {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is(std::string_view text, std::string_view word) noexcept { return std::ranges::equal(text, word, {}, lower); }

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Cuts off what comes before the first separator, or all of it.
std::string_view take_until(std::string_view& text, char separator) noexcept {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view piece = trimmed(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

std::optional<double> quality(std::string_view text) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && text.size() <= 5;
  return whole && value >= 0 && value <= 1 ? std::optional(value) : std::nullopt;
}

/// One element of a list: "text/plain;version=0.0.4;q=0.5".
struct Wish {
  std::string_view what{};
  std::string_view version{};
  double quality = 1;
};

std::optional<Wish> parse(std::string_view element) noexcept {
  Wish wish{.what = take_until(element, ';')};
  while (!element.empty()) {
    std::string_view value = take_until(element, ';');
    const std::string_view name = take_until(value, '=');
    if (is(name, "version")) wish.version = value;
    if (!is(name, "q")) continue;
    const std::optional<double> parsed = quality(value);
    if (!parsed) return std::nullopt;
    wish.quality = *parsed;
  }
  return wish.what.empty() ? std::nullopt : std::optional(wish);
}

/// How much something is liked: what the most specific wish for it says.
class Liking {
 public:
  void note(int specificity, double quality) noexcept {
    if (specificity < specificity_) return;
    quality_ = specificity > specificity_ ? quality : std::max(quality_, quality);
    specificity_ = specificity;
  }
  double quality() const noexcept { return quality_; }
  int specificity() const noexcept { return specificity_; }

 private:
  int specificity_ = 0;  // 0: nobody spoke of it
  double quality_ = 0;
};

constexpr int kAnything = 1;   // "*/*"
constexpr int kOfItsKind = 2;  // "text/*"
constexpr int kByName = 3;

}  // namespace

PageFormat page_format(std::string_view accept) noexcept {
  Liking text;
  Liking open_metrics;
  while (!accept.empty()) {
    const std::optional<Wish> wish = parse(take_until(accept, ','));
    if (!wish) continue;
    if (is(wish->what, "*/*")) {
      text.note(kAnything, wish->quality);
      open_metrics.note(kAnything, wish->quality);
    } else if (is(wish->what, "text/*")) {
      text.note(kOfItsKind, wish->quality);
    } else if (is(wish->what, "application/*")) {
      open_metrics.note(kOfItsKind, wish->quality);
    } else if (is(wish->what, "text/plain") && (wish->version.empty() || wish->version == "0.0.4")) {
      text.note(kByName, wish->quality);
    } else if (is(wish->what, "application/openmetrics-text") && (wish->version.empty() || wish->version == "1.0.0")) {
      open_metrics.note(kByName, wish->quality);
    }
  }
  const bool wanted = open_metrics.quality() > 0 && open_metrics.specificity() == kByName;
  return wanted && open_metrics.quality() >= text.quality() ? PageFormat::open_metrics : PageFormat::text;
}

bool accepts_gzip(std::string_view accept_encoding) noexcept {
  Liking gzip;
  Liking plain;
  while (!accept_encoding.empty()) {
    const std::optional<Wish> wish = parse(take_until(accept_encoding, ','));
    if (!wish) continue;
    if (is(wish->what, "*")) gzip.note(kAnything, wish->quality);
    if (is(wish->what, "gzip") || is(wish->what, "x-gzip")) gzip.note(kByName, wish->quality);
    if (is(wish->what, "identity")) plain.note(kByName, wish->quality);
  }
  return gzip.quality() > 0 && gzip.quality() >= plain.quality();
}

}  // namespace belfry::observe
