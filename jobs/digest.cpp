#include "jobs/digest.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <new>
#include <vector>

#include "io/fd.hpp"
#include "io/io_error.hpp"

namespace belfry::jobs {

namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  }

  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }

  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned length = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
    constexpr std::string_view hex = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
      text += hex[digest[i] >> 4U];
      text += hex[digest[i] & 15U];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string sha256_of_file(const std::stop_token& stop, const std::string& path, std::uint64_t& bytes) {
  const io::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) throw io::IoError(errno, "open", path);
  return sha256_of_file(stop, file.get(), path, bytes);
}

std::string sha256_of_file(const std::stop_token& stop, int file, const std::string& path, std::uint64_t& bytes) {
  Sha256 digest;
  std::vector<char> block(256U << 10U);
  while (true) {
    if (stop.stop_requested()) throw io::IoError(ECANCELED, "read", path);
    const ssize_t got = ::read(file, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw io::IoError(errno, "read", path);
    if (got == 0) break;
    bytes += static_cast<std::uint64_t>(got);
    digest.add({block.data(), static_cast<std::size_t>(got)});
  }
  return digest.finish();
}

std::string sha256(std::string_view bytes) {
  Sha256 digest;
  digest.add(bytes);
  return digest.finish();
}

std::string sha256sum_line(const std::string& digest, const std::string& name) {
  std::string escaped;
  for (const char c : name) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\r') {
      escaped += "\\r";
    } else {
      escaped += c;
    }
  }
  return (escaped == name ? "" : "\\") + digest + "  " + escaped + "\n";
}

}  // namespace belfry::jobs
