#include "io/unused_memory.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdio>
#include <exception>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace belfry::io {
namespace {

/// A part of /proc/self/smaps (proc(5)).
struct Mapping {
  void* begin = nullptr;
  void* end = nullptr;
  bool constant = false;  // code or constants of a file
};

std::optional<Mapping> read_header(const std::string& line) {
  Mapping mapping;
  char rights[5] = {};  // NOLINT(*-avoid-c-arrays): scanf writes it
  char inode[24] = {};  // NOLINT(*-avoid-c-arrays)
  const int found = std::sscanf(line.c_str(), "%p-%p %4s %*s %*s %23s", &mapping.begin, &mapping.end, rights, inode);
  if (found != 4) return std::nullopt;
  const std::string_view may(rights);
  mapping.constant = std::string_view(inode) != "0" && (may == "r-xp" || may == "r--p");
  return mapping;
}

/// What was changed (by a relocation, or a debugger's breakpoint) is no longer what the file has: that part stays.
void give_back_constants() {
  std::ifstream file("/proc/self/smaps");
  Mapping mapping;
  for (std::string line; std::getline(file, line);) {
    if (const auto next = read_header(line)) mapping = *next;
    if (!mapping.constant || !line.starts_with("Anonymous:")) continue;
    if (std::stoul(line.substr(line.find(':') + 1)) > 0) continue;
    const auto size = static_cast<char*>(mapping.end) - static_cast<char*>(mapping.begin);
    ::madvise(mapping.begin, static_cast<std::size_t>(size), MADV_DONTNEED);
  }
}

}  // namespace

void give_back_unused_memory() noexcept {
  ::malloc_trim(0);
  try {
    give_back_constants();
  } catch (const std::exception&) {  // no memory, or a /proc that is not Linux's: then it stays
  }
}

}  // namespace belfry::io
