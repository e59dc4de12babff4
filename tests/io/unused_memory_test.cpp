#include "io/unused_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "io/fd.hpp"

using namespace belfry;

namespace {

const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

/// A file of one page, as a library is mapped.
class MappedFile {
 public:
  MappedFile() {
    const io::Fd file = io::make_memory_file("constants", std::string(page, 'x'));
    void* const memory = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.get(), 0);
    REQUIRE(memory != MAP_FAILED);
    bytes_ = static_cast<volatile char*>(memory);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() { ::munmap(const_cast<char*>(bytes_), page); }

  void write(char byte) { bytes_[0] = byte; }
  void make_constant() { REQUIRE(::mprotect(const_cast<char*>(bytes_), page, PROT_READ) == 0); }
  char read() const { return bytes_[0]; }

  /// Whether the page is mapped now; looking does not map it (proc_pid_pagemap(5)).
  bool present() const {
    const io::Fd map(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
    std::uint64_t entry = 0;
    const auto at = static_cast<off_t>(reinterpret_cast<std::uintptr_t>(bytes_) / page * sizeof entry);
    REQUIRE(::pread(map.get(), &entry, sizeof entry, at) == static_cast<ssize_t>(sizeof entry));
    return (entry >> 63U) != 0;
  }

 private:
  volatile char* bytes_ = nullptr;
};

}  // namespace

TEST_CASE("constants that nobody uses are given back, and can be used again", "[unused_memory]") {
  MappedFile constants;
  constants.make_constant();
  CHECK(constants.read() == 'x');
  CHECK(constants.present());
  io::give_back_unused_memory();
  CHECK_FALSE(constants.present());
  CHECK(constants.read() == 'x');
}

TEST_CASE("what was changed before it became constant stays, and so does what may be written", "[unused_memory]") {
  MappedFile relocated;
  relocated.write('y');
  relocated.make_constant();
  MappedFile data;
  data.write('z');
  io::give_back_unused_memory();
  CHECK(relocated.read() == 'y');
  CHECK(data.read() == 'z');
  CHECK(data.present());
}
