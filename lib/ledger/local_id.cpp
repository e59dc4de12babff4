#include "ledger/local_id.hpp"

#include <fcntl.h>
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
  struct ::statx folder{};
  if (::statx(AT_FDCWD, path.parent_path().c_str(), 0, STATX_INO | STATX_BTIME, &folder) != 0) {
    throw LedgerError(path.parent_path().string() + ": " + std::strerror(errno));
  }
  Fnv hash;
  hash.add((std::uint64_t{folder.stx_dev_major} << 32U) | folder.stx_dev_minor);
  hash.add(folder.stx_ino);
  if ((folder.stx_mask & STATX_BTIME) != 0) {  // numbers are given again when a folder was deleted
    hash.add(static_cast<std::uint64_t>(folder.stx_btime.tv_sec));
    hash.add(folder.stx_btime.tv_nsec);
  }
  hash.add(path.filename().native());
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64, hash.value());
  return text.data();
}

}  // namespace belfry::ledger
