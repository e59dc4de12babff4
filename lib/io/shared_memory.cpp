#include "io/shared_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace belfry::io {

namespace {

constexpr int size_seals = F_SEAL_SHRINK | F_SEAL_GROW;

[[noreturn]] void fail(const char* operation) { throw std::system_error(errno, std::generic_category(), operation); }

}  // namespace

SharedMemory::SharedMemory(std::size_t size) : file_(::memfd_create("belfry-shared", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  if (size == 0) throw std::invalid_argument("SharedMemory must have at least one byte");
  if (!file_) fail("memfd_create");
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) fail("ftruncate of shared memory");
  if (::fcntl(file_.get(), F_ADD_SEALS, size_seals | F_SEAL_SEAL) != 0) fail("fcntl(F_ADD_SEALS)");
  map(size);
}

SharedMemory::SharedMemory(Fd file) : file_(std::move(file)) {
  struct stat about{};
  const int seals = ::fcntl(file_.get(), F_GET_SEALS);
  if (seals < 0 || (seals & size_seals) != size_seals || ::fstat(file_.get(), &about) != 0 || about.st_size <= 0) {
    throw std::invalid_argument("this descriptor is no SharedMemory: not a memfd of a sealed size");
  }
  map(static_cast<std::size_t>(about.st_size));
}

SharedMemory::~SharedMemory() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

void SharedMemory::map(std::size_t size) {
  void* const address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (address == MAP_FAILED) fail("mmap of shared memory");
  bytes_ = {static_cast<std::byte*>(address), size};
}

}  // namespace belfry::io
