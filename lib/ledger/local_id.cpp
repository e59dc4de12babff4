#include "ledger/local_id.hpp"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "ledger/error.hpp"

namespace belfry::ledger {
namespace {

/// FNV-1a, written down here because two versions of belfryd must agree on it.
class Fnv {
 public:
  void add(std::string_view bytes) noexcept {
    for (const char byte : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  void add(std::uint64_t number) noexcept {
    for (int shift = 0; shift < 64; shift += 8) hash_ = (hash_ ^ ((number >> shift) & 0xffU)) * 0x100000001b3U;
  }
  std::uint64_t value() const noexcept { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace

std::string local_id(const std::string& ledger_path) {
  const std::filesystem::path path = std::filesystem::absolute(ledger_path);
  struct ::stat folder{};
  if (::stat(path.parent_path().c_str(), &folder) != 0) {
    throw LedgerError(path.parent_path().string() + ": " + std::strerror(errno));
  }
  Fnv hash;
  hash.add(folder.st_dev);
  hash.add(folder.st_ino);
  hash.add(path.filename().native());
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64, hash.value());
  return text.data();
}

}  // namespace belfry::ledger
