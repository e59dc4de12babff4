// Processes that outlived the one that they were started for: how many, and the first of them by name.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace belfry::io {

struct NamedProcess {
  pid_t pid = 0;
  std::string name;  ///< as ps shows it: 15 bytes at most, anything may be in them
};

struct Survivors {
  static constexpr std::size_t most_named = 8;

  int ended = 0;                      ///< by us
  int left = 0;                       ///< could not be ended, or did not die in time
  std::vector<NamedProcess> named{};  ///< of those that were ended, and then of those that are left, the first

  int count() const noexcept { return ended + left; }

  void add_ended(NamedProcess process) {
    ++ended;
    name(std::move(process));
  }
  void add_left(NamedProcess process) {
    ++left;
    name(std::move(process));
  }
  void add(Survivors others) {
    ended += others.ended;
    left += others.left;
    for (NamedProcess& process : others.named) name(std::move(process));
  }

 private:
  void name(NamedProcess process) {
    if (named.size() < most_named) named.push_back(std::move(process));
  }
};

}  // namespace belfry::io
