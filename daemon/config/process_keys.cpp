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

constexpr std::array cgroup_keys{
    Key{"memory_max", "a size, unlimited or none", "", "memory; beyond it the kernel kills processes of the run"},
    Key{"memory_high", "a size, unlimited or none", "", "memory; beyond it they are slowed down, and give memory back"},
    Key{"memory_swap_max", "a size, unlimited or none", "", "swap; 0: none of its memory goes there"},
    Key{"cpu_quota", "a percentage, unlimited or none", "", "CPU time: 100% is one processor, 250% two and a half"},
    Key{"cpu_weight", "1 to 10000, or none", "", "its share of busy processors; everybody else has 100"},
    Key{"tasks_max", "a number, unlimited or none", "", "processes and threads"},
    Key{"io_weight", "1 to 10000, or none", "", "its share of busy disks; everybody else has 100"},
    Key{"io_read_max", "a map of sizes, or none", "",
        "bytes in each second from the disk that a path is on, such as {/var: 10M}"},
    Key{"io_write_max", "a map of sizes, or none", "", "the same to it"},
    Key{"io_read_iops_max", "a map of numbers, or none", "",
        "operations in each second that read from it, such as {/dev/sda: 200}"},
    Key{"io_write_iops_max", "a map of numbers, or none", "", "the same that write to it"},
};

constexpr std::array output_keys{
    Key{"max_bytes", "a size", "64K", "how much of each stream is kept: its first and its last half"},
    Key{"journal", "true or false", "false", "true: each line that a command prints goes to systemd's journal, too"},
};

constexpr std::array stdin_keys{
    Key{"file", "a path", "", "the file that the program reads"},
};

constexpr std::array env_file_keys{
    Key{"file", "a path", "", "the file; relative to the folder of this file"},
    Key{"optional", "true or false", "false", "true: it may be missing"},
    Key{"secret", "true or false", "false", "true: its values are hidden in what the program prints"},
};

constexpr std::array ionice_keys{
    Key{"class", "realtime, best_effort or idle", "best_effort", "idle: the disk is used when nobody else wants it"},
    Key{"level", "0 to 7", "4", "0 goes first; not of idle"},
};

constexpr std::array sandbox_keys{
    Key{"no_new_privileges", "true or false", "false", "true: setuid programs such as sudo gain nothing"},
    Key{"drop_capabilities", "all, none, or a list", "none", "capabilities that neither it nor its children have"},
    Key{"private_tmp", "true or false", "false", "true: an empty /tmp and /var/tmp, in memory, gone with the program"},
    Key{"read_only", "a path, a list, or none", "none", "files and folders that it cannot change"},
    Key{"network", "true or false", "true", "false: no network but a loopback of its own"},
};

constexpr std::array fails_when_keys{
    Key{"stdout", "true or false", "false", "true: it printed anything on its standard output"},
    Key{"stderr", "true or false", "false", "true: it printed anything on its standard error"},
    Key{"regex", "a regular expression (RE2)", "", "a line of either of the two matches somewhere"},
};

constexpr std::array job_secret_keys{
    Key{"file", "a path", "", "the file that holds it; relative to the folder of this file"},
    Key{"credential", "a name", "", "or a credential that belfryd has from systemd (LoadCredential=)"},
};

constexpr std::array user_keys{
    Key{"name", "a user", "", "the name or the number of the user"},
    Key{"group", "a group", "the user's own", "the name or the number of the group"},
    Key{"supplementary_groups", "a list of groups", "", "more groups, besides those that have the user as a member"},
};

}  // namespace

constinit const Section limits_section{"limits", limits_keys};
constinit const Section cgroup_section{"cgroup", cgroup_keys};
constinit const Section output_section{"output", output_keys};
constinit const Section stdin_section{"stdin", stdin_keys};
constinit const Section env_file_section{"env_file", env_file_keys};
constinit const Section ionice_section{"ionice", ionice_keys};
constinit const Section sandbox_section{"sandbox", sandbox_keys};
constinit const Section user_section{"user", user_keys};
constinit const Section job_secret_section{"secrets", job_secret_keys};
constinit const Section fails_when_section{"fails_when", fails_when_keys};

}  // namespace belfry::daemon
