// What is said of the tree of processes of an attempt when it has ended. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "io/cgroup.hpp"
#include "io/survivors.hpp"
#include "jobs/exec.hpp"
#include "ledger/entry.hpp"

namespace belfry::jobs {

/// "2 processes outlived it and were ended: sleep (pid 123), node (pid 124)". REQUIRES: there are some.
std::string outlived(const io::Survivors& survivors);

/// The sentence for a group whose processes the kernel has killed.
std::string out_of_memory(const io::CgroupUsage& usage, const ExecSpec& spec);

/// What the group knows is of every process, and so wins over what was told of those that were reaped.
void report_usage(const io::CgroupUsage& group, ledger::ResourceUsage& usage);

/// Puts a sentence behind those that are there.
void add_sentence(std::string& message, std::string_view sentence);

}  // namespace belfry::jobs
