// The text as a stream that stops a parser which reads on and on without telling anything.
//
// yaml-cpp scans a whole flow collection into tokens of about 240 bytes each before it sends the first event: "[,,,"
// over four megabytes would take a gigabyte. Each token needs one of a few characters, so those are counted between two
// events. One thread, for one parse.
#pragma once

#include <array>
#include <cstddef>
#include <exception>
#include <streambuf>
#include <string_view>

namespace belfry::daemon::yaml {

/// Thrown out of the parser when more than `MeteredInput::limit` token characters were read since the last reset().
class TooDense : public std::exception {};

class MeteredInput : public std::streambuf {
 public:
  static constexpr std::size_t limit = 150'000;  ///< keeps the tokens of one value under 100 MB

  /// The text must outlive the stream.
  explicit MeteredInput(std::string_view text) : rest_(text) {}

  /// An event arrived.
  void reset() noexcept { dense_ = 0; }

 protected:
  int_type underflow() override;

 private:
  std::string_view rest_;
  std::size_t dense_ = 0;
  std::array<char, 4096> chunk_{};
};

}  // namespace belfry::daemon::yaml
