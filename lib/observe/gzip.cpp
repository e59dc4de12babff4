#include "observe/gzip.hpp"

#define ZLIB_CONST  // deflate does not write into its input
#include <zlib.h>

#include <array>
#include <new>
#include <utility>

namespace belfry::observe {

struct GzipStream::State {
  z_stream stream{};
};

GzipStream::GzipStream() : state_(std::make_unique<State>()) {
  constexpr int gzip_window = MAX_WBITS + 16;  // 16: a gzip header instead of zlib's
  if (deflateInit2(&state_->stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

GzipStream::~GzipStream() { deflateEnd(&state_->stream); }

void GzipStream::append(std::string_view text) { deflate_into_output(text, Z_NO_FLUSH); }

std::string GzipStream::finish() {
  deflate_into_output({}, Z_FINISH);
  return std::move(out_);
}

void GzipStream::deflate_into_output(std::string_view text, int flush) {
  z_stream& stream = state_->stream;
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): deflate fills it
  do {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = buffer.size();
    deflate(&stream, flush);
    out_.append(buffer.data(), buffer.size() - stream.avail_out);
  } while (stream.avail_out == 0);
}

}  // namespace belfry::observe
