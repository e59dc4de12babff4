#include "io/process_pool_frame.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace belfry::io::detail {

std::optional<std::string> check(const FrameHeader& header, std::size_t limit) {
  if (header.magic != FrameHeader().magic) return "a frame that does not begin as one";
  if (header.kind < FrameKind::hello || header.kind > FrameKind::error) return "a frame of an unknown kind";
  if (header.length > limit) {
    return "a frame of " + std::to_string(header.length) + " bytes, where at most " + std::to_string(limit) +
           " may come";
  }
  if (header.name_length > header.length) return "a frame with a name longer than itself";
  if (header.buffers > most_buffers) return "a frame with too many buffers";
  return std::nullopt;
}

std::size_t FrameReader::wanted() const noexcept {
  constexpr std::size_t chunk = 65536;
  if (header_bytes_ < sizeof(FrameHeader)) return sizeof(FrameHeader) - header_bytes_;
  return std::min(chunk, frame_.header.length - frame_.body.size());
}

std::optional<std::string> FrameReader::take(const char* bytes, std::size_t count) {
  if (header_bytes_ == sizeof(FrameHeader)) {
    frame_.body.append(bytes, count);
    return std::nullopt;
  }
  std::memcpy(reinterpret_cast<char*>(&frame_.header) + header_bytes_, bytes, count);
  header_bytes_ += count;
  return header_bytes_ == sizeof(FrameHeader) ? check(frame_.header, limit_) : std::nullopt;
}

bool FrameReader::complete() const noexcept {
  return header_bytes_ == sizeof(FrameHeader) && frame_.body.size() == frame_.header.length;
}

Frame FrameReader::finish() {
  header_bytes_ = 0;
  return std::exchange(frame_, Frame());
}

std::string encode(FrameHeader header, std::string_view name, std::string_view payload) {
  header.name_length = static_cast<std::uint16_t>(name.size());
  header.length = static_cast<std::uint32_t>(name.size() + payload.size());
  std::string bytes(sizeof header, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes.append(name).append(payload);
}

}  // namespace belfry::io::detail
