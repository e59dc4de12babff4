// What a test puts in place of a ledger's id: tests run beside each other, and a sweep finds its tree by this.
#pragma once

#include <unistd.h>

#include <string>

namespace belfry::test {

/// The same for all of a process, and another in each.
inline const std::string& tree_id() {
  static const std::string id = "beef" + std::to_string(::getpid());
  return id;
}

/// The entry of the environment by which the processes of run 7 are known.
inline std::string tree_marker(const std::string& run = "7") { return "BELFRY_TREE=" + tree_id() + "-" + run; }

}  // namespace belfry::test
