// A view of the machine of the program's own: mounts and network, by namespaces.
#pragma once

#include <string>
#include <vector>

struct Sandbox {
  bool private_tmp = false;            ///< /tmp and /var/tmp are empty, and gone with the program
  std::vector<std::string> read_only;  ///< whatever is mounted below included
  bool network = true;                 ///< false: none but a loopback of its own

  bool mounts() const { return private_tmp || !read_only.empty(); }
  bool needed() const { return mounts() || !network; }
};

/// Enters it: as root at once, else by a user namespace in which the caller stays who he is; `other_user`: the program
/// is going to be somebody else, who is not there. Ends the process if it is refused (report.hpp).
void enter_sandbox(const Sandbox& sandbox, bool other_user);
