// The keys of what a program is given: the maps among the keys of process_policies.cpp.
#include <array>

#include "daemon/config/keys.hpp"

namespace belfry::daemon {
namespace {

constexpr std::array limits_keys{
    Key{"as", "a size or unlimited", "the daemon's", "address space of each process"},
    Key{"core", "a size or unlimited", "the daemon's", "size of a core dump; 0: none is written"},
    Key{"cpu", "a duration or unlimited", "the daemon's", "CPU time of each process, in whole seconds"},
    Key{"data", "a size or unlimited", "the daemon's", "data segment of each process"},
    Key{"fsize", "a size or unlimited", "the daemon's", "size of each file that is written"},
    Key{"memlock", "a size or unlimited", "the daemon's", "memory locked into RAM"},
    Key{"nofile", "a number or unlimited", "the daemon's", "open files of each process"},
    Key{"nproc", "a number or unlimited", "the daemon's", "processes of the user"},
    Key{"stack", "a size or unlimited", "the daemon's", "stack of each process"},
};

constexpr std::array output_keys{
    Key{"max_bytes", "a size", "64K", "how much of each stream is kept: its first and its last half"},
};

constexpr std::array stdin_keys{
    Key{"file", "a path", "", "the file that the program reads"},
};

}  // namespace

constinit const Section limits_section{"limits", limits_keys};
constinit const Section output_section{"output", output_keys};
constinit const Section stdin_section{"stdin", stdin_keys};

}  // namespace belfry::daemon
