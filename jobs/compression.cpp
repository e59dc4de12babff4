#include "jobs/compression.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "io/fd.hpp"
#include "io/io_error.hpp"
#include "jobs/atomic_file.hpp"

namespace belfry::jobs {

namespace {

constexpr std::size_t block_size = 256U << 10U;

using Sink = std::function<void(std::span<const char>)>;

/// Takes the blocks of a file one by one; `last` ends the stream.
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual void encode(std::span<const char> input, bool last, const Sink& sink) = 0;
};

class Verbatim final : public Encoder {
 public:
  void encode(std::span<const char> input, bool, const Sink& sink) override { sink(input); }
};

class Zstd final : public Encoder {
 public:
  explicit Zstd(int level) : context_(ZSTD_createCCtx(), ZSTD_freeCCtx), output_(ZSTD_CStreamOutSize()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }

  void encode(std::span<const char> input, bool last, const Sink& sink) override {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    while (true) {
      ZSTD_outBuffer out{output_.data(), output_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context_.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0U) throw std::runtime_error(std::string("zstd: ") + ZSTD_getErrorName(left));
      sink({output_.data(), out.pos});
      if (last ? left == 0 : in.pos == in.size) return;
    }
  }

 private:
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
  std::vector<char> output_;
};

class Gzip final : public Encoder {
 public:
  explicit Gzip(int level) : output_(block_size) {
    constexpr int gzip_window = MAX_WBITS + 16;  // 16: a gzip header instead of zlib's
    if (deflateInit2(&stream_, level, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() override { deflateEnd(&stream_); }

  void encode(std::span<const char> input, bool last, const Sink& sink) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));  // zlib does not write there
    stream_.avail_in = static_cast<uInt>(input.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(output_.data());
      stream_.avail_out = static_cast<uInt>(output_.size());
      deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
      sink({output_.data(), output_.size() - stream_.avail_out});
    } while (stream_.avail_out == 0);
  }

 private:
  z_stream stream_{};
  std::vector<char> output_;
};

std::unique_ptr<Encoder> make_encoder(Compression compression, int level) {
  switch (compression) {
    case Compression::gzip:
      return std::make_unique<Gzip>(level);
    case Compression::zstd:
      return std::make_unique<Zstd>(level);
    case Compression::none:
      break;
  }
  return std::make_unique<Verbatim>();
}

std::size_t read_block(const io::Fd& file, std::vector<char>& block, const std::string& path) {
  while (true) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw io::IoError(errno, "read", path);
  }
}

}  // namespace

std::string_view extension(Compression compression) noexcept {
  switch (compression) {
    case Compression::gzip:
      return ".gz";
    case Compression::zstd:
      return ".zst";
    case Compression::none:
      break;
  }
  return "";
}

LevelRange levels(Compression compression) noexcept {
  switch (compression) {
    case Compression::gzip:
      return {1, 9, 6};
    case Compression::zstd:
      return {1, 19, 3};
    case Compression::none:
      break;
  }
  return {0, 0, 0};
}

namespace {

Compressed compress(const std::stop_token& stop, const io::Fd& in, const std::string& source, AtomicFile& out,
                    Compression compression, int level) {
  struct ::stat status{};
  if (::fstat(in.get(), &status) != 0) throw io::IoError(errno, "stat", source);
  if (!S_ISREG(status.st_mode)) throw io::IoError(EINVAL, "compress what is no regular file:", source);
  Compressed result;
  const Sink sink = [&](std::span<const char> bytes) {
    result.bytes_out += bytes.size();
    out.write(bytes);
  };
  const auto encoder = make_encoder(compression, level);
  std::vector<char> block(block_size);
  for (bool last = false; !last;) {
    if (stop.stop_requested()) throw io::IoError(ECANCELED, "compress", source);
    const std::size_t got = read_block(in, block, source);
    result.bytes_in += got;
    last = got == 0;
    encoder->encode({block.data(), got}, last, sink);
  }
  out.imitate(status);
  out.commit();
  return result;
}

}  // namespace

Compressed compress_file(const std::stop_token& stop, const std::string& source, const std::string& target,
                         Compression compression, int level) {
  const io::Fd in(::open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!in) throw io::IoError(errno, "open", source);
  AtomicFile out(target);
  return compress(stop, in, source, out, compression, level);
}

Compressed compress_file(const std::stop_token& stop, const Folder& folder, const std::string& source,
                         const std::string& target, Compression compression, int level) {
  const io::Fd in = folder.open_file(source);
  AtomicFile out(folder, target);
  return compress(stop, in, folder.path_of(source), out, compression, level);
}

}  // namespace belfry::jobs
