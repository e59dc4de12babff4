#include "io/launch_gate.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "io/fd.hpp"

namespace belfry::io {

namespace {

constexpr int first_number = 4;  // above the standard streams and the report

/// The numbers, kept from the first launch to the end of the process; guarded by `turn`.
struct Kept {
  std::mutex turn;
  Fd null;
  std::array<Fd, 4> places;
  LaunchGate::Numbers numbers{};
  bool ready = false;
};

Kept& kept() {
  static Kept instance;
  return instance;
}

int keep(Kept& kept) {
  if (!kept.null) kept.null.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!kept.null) return errno;
  for (std::size_t i = 0; i < kept.places.size(); ++i) {
    if (!kept.places[i]) kept.places[i].reset(::fcntl(kept.null.get(), F_DUPFD_CLOEXEC, first_number));
    if (!kept.places[i]) return errno;
    kept.numbers[i] = kept.places[i].get();
  }
  kept.ready = true;
  return 0;
}

}  // namespace

bool LaunchGate::reserve() noexcept {
  const std::scoped_lock lock(kept().turn);
  return kept().ready || keep(kept()) == 0;
}

std::expected<LaunchGate, int> LaunchGate::enter(const Numbers& sources) {
  LaunchGate gate{std::unique_lock(kept().turn)};
  if (!kept().ready) {
    if (const int error = keep(kept()); error != 0) return std::unexpected(error);
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (sources[i] >= 0 && ::dup3(sources[i], kept().numbers[i], O_CLOEXEC) < 0) return std::unexpected(errno);
  }
  return gate;
}

LaunchGate::~LaunchGate() {
  if (!turn_.owns_lock() || !kept().ready) return;
  // Replacing an open descriptor needs no new one and cannot fail.
  for (const int number : kept().numbers) ::dup3(kept().null.get(), number, O_CLOEXEC);
}

const LaunchGate::Numbers& LaunchGate::numbers() const noexcept { return kept().numbers; }

}  // namespace belfry::io
