#include "capabilities.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "report.hpp"

namespace {

struct Sets {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};  // NOLINT(*-avoid-c-arrays): the kernel's
};

void put(Sets& sets) {
  if (::syscall(SYS_capset, &sets.header, sets.data) != 0) fail(errno, "drop_capabilities");
}

// What a program that is not root would be handed on, and a root program would be given back.
void drop_from_heritage(std::uint64_t dropped) {
  Sets sets;
  if (::syscall(SYS_capget, &sets.header, sets.data) != 0) fail(errno, "drop_capabilities");
  sets.data[0].inheritable &= ~static_cast<std::uint32_t>(dropped);
  sets.data[1].inheritable &= ~static_cast<std::uint32_t>(dropped >> 32U);
  put(sets);  // the kernel takes them out of the ambient ones, too
}

}  // namespace

void drop_capabilities(std::uint64_t dropped, bool gains_nothing) {
  const bool can_gain = ::geteuid() == 0 || !gains_nothing;
  for (unsigned long number = 0; number < 64; ++number) {
    if (((dropped >> number) & 1U) == 0) continue;
    const int there = ::prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    if (there <= 0) continue;  // gone already, or not known to this kernel
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0 || !can_gain) continue;
    fail(errno, "drop_capabilities: only root may; for others, no_new_privileges beside it has the same effect");
  }
  drop_from_heritage(dropped);
}

void give_up_all_capabilities() {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // refused before Linux 4.3, which has none
  Sets none;
  put(none);
}
