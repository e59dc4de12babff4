// What only root can try: programs with another user, and belfry-exec as a belfryd would call it that is no root.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "action_fixture.hpp"
#include "io/exec_shim.hpp"
#include "jobs/exec.hpp"

namespace belfry::test {

/// False: says that the case is skipped.
inline bool is_root() {
  if (::geteuid() == 0) return true;
  WARN("SKIPPED: only root may");
  return false;
}

/// Runs belfry-exec with these options as nobody. `privileges`: options of setpriv(1); without them it has none.
inline Ran shim_as_nobody(const std::string& options, const std::string& privileges = "") {
  const auto shim = io::find_shim().value();
  return run_action(jobs::make_exec(
      {.command = "setpriv --reuid nobody --regid nogroup --clear-groups " + privileges + " " + shim + " " + options,
       .working_dir = "/"}));
}

}  // namespace belfry::test
