#include "io/unused_memory.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
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
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool constant = false;  // code or constants of a file
};

std::optional<Mapping> read_header(const std::string& line) {
  Mapping mapping;
  unsigned long inode = 0;
  char rights[5] = {};  // NOLINT(*-avoid-c-arrays): scanf writes it
  if (std::sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %lu", &mapping.begin, &mapping.end, rights, &inode) != 4) {
    return std::nullopt;
  }
  mapping.constant = inode != 0 && (std::string_view(rights) == "r-xp" || std::string_view(rights) == "r--p");
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
    ::madvise(reinterpret_cast<void*>(mapping.begin), mapping.end - mapping.begin, MADV_DONTNEED);
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
