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

std::string sha256_of_file(const std::stop_token& stop, const std::string& path, std::uint64_t& bytes) {
  const io::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw io::IoError(errno, "open", path);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  std::vector<char> block(256U << 10U);
  while (true) {
    if (stop.stop_requested()) throw io::IoError(ECANCELED, "read", path);
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw io::IoError(errno, "read", path);
    if (got == 0) break;
    bytes += static_cast<std::uint64_t>(got);
    EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(got));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &length);
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += hex[digest[i] >> 4U];
    text += hex[digest[i] & 15U];
  }
  return text;
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
