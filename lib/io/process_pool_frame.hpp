// The frames between a ProcessPool and its workers. Not for use outside lib/io.
//
//   magic (4) | kind (1) | buffers (1) | name length (2) | length (4) | call (4) | name and payload, `length` bytes
//
// In the byte order of the machine: both ends are on it. The descriptors of the buffers travel with the first byte
// (SCM_RIGHTS, unix(7)). Neither end trusts the other: what does not check out ends the connection.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace belfry::io::detail {

enum class FrameKind : std::uint8_t {
  hello = 1,  ///< worker: it has come up
  call,       ///< pool: the function `name` with the payload as argument
  value,      ///< worker: what the function returned
  error,      ///< worker: the text of its exception
};

struct FrameHeader {
  std::uint32_t magic = 0x31666c62;  // "blf1"
  FrameKind kind = FrameKind::hello;
  std::uint8_t buffers = 0;
  std::uint16_t name_length = 0;
  std::uint32_t length = 0;
  std::uint32_t call = 0;  // the number of the call; its answer has the same
};
static_assert(sizeof(FrameHeader) == 16);

inline constexpr std::size_t most_buffers = 32;
inline constexpr std::size_t longest_name = 1000;  // of a function

struct Frame {
  FrameHeader header;
  std::string body;  // name and payload

  std::string name() const { return body.substr(0, header.name_length); }
  std::string payload() && {
    body.erase(0, header.name_length);
    return std::move(body);
  }
};

/// What is wrong with a header that came in, for a person; nothing if it is right. `limit`: of its length.
std::optional<std::string> check(const FrameHeader& header, std::size_t limit);

/// Takes a frame apart as its bytes come in, however they are cut. No more memory than bytes that came, and never more
/// than the limit.
class FrameReader {
 public:
  explicit FrameReader(std::size_t limit) noexcept : limit_(limit) {}

  /// How many bytes it wants next: never beyond the end of the frame.
  std::size_t wanted() const noexcept;
  /// Takes that many bytes or fewer. Returns what is wrong with them.
  std::optional<std::string> take(const char* bytes, std::size_t count);
  bool complete() const noexcept;
  /// Whether nothing has come yet: an end of the stream here is an orderly one.
  bool empty() const noexcept { return header_bytes_ == 0; }
  const Frame& frame() const noexcept { return frame_; }
  /// REQUIRES: complete. It begins anew.
  Frame finish();

 private:
  std::size_t limit_;
  std::size_t header_bytes_ = 0;
  Frame frame_;
};

/// Header and body in one piece.
std::string encode(FrameHeader header, std::string_view name, std::string_view payload);

}  // namespace belfry::io::detail
