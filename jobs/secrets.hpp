// Secrets of a program: read when a run starts, and laid out in files that are the program's alone and go with it.
//
// A folder for each run below one of the daemon, in memory (tmpfs): nothing of it is in an argument, in a variable or
// on a disk. The folder's name is the run's, so a later daemon finds what it has to hide, and to take away. What there
// is to hide stands in a file of ours beside those of the program, which may change or remove its own.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "engine/action.hpp"
#include "jobs/env_file.hpp"
#include "jobs/held_back.hpp"
#include "jobs/run_environment.hpp"

namespace belfry::jobs {

struct SecretSource {
  std::string variable{};   ///< which tells the program the path of its file
  std::string place{};      ///< an absolute path, or the name of a credential
  bool credential = false;  ///< it is a file of that name in this process's $CREDENTIALS_DIRECTORY (systemd.exec(5))

  friend bool operator==(const SecretSource&, const SecretSource&) = default;
};

/// No larger secret is read, and no larger sum of what is to be hidden is accepted.
inline constexpr std::size_t largest_secret = std::size_t{64} << 10U;
inline constexpr std::size_t most_hidden = std::size_t{128} << 10U;

/// To whom the files are given.
struct SecretOwner {
  uid_t uid = 0;
  gid_t gid = 0;
};

/// What one run has; at first, nothing. Loop thread.
class RunSecrets {
 public:
  /// Reads the sources with the daemon's rights and writes each into a file of mode 0400 in a new folder below
  /// `folder`, which is made if it is not there; without an owner the files are ours. The folders stay ours. The error
  /// is a sentence; take_away() is needed all the same. REQUIRES: the sources outlive the call.
  async::Task<std::expected<void, std::string>> lay_out(const std::vector<SecretSource>& sources,
                                                        const std::string& folder, const engine::Attempt& attempt,
                                                        std::optional<SecretOwner> owner);

  /// Gives the program the paths: "NAME=path" in the place of any other value.
  void add_to(std::vector<std::string>& environment) const;

  /// Gets ready to hide what was laid out and the values of `variables`, and notes it below `folder` for a later
  /// daemon, also where that is nothing: not for a part of a run, which is never adopted, and not where `folder` is
  /// empty. The error is a sentence: it is too much, or cannot be written; take_away() is needed all the same.
  async::Task<std::expected<void, std::string>> hide(Variables variables, const std::string& folder,
                                                     const engine::Attempt& attempt);

  /// Takes over what an earlier daemon laid out and noted for the run, if it did; `expected`: it must have, unless the
  /// declaration has changed since. Where it cannot be read, hiding().unknown is true, as it is when this is cancelled.
  async::Task<> recall(const std::string& folder, const engine::Attempt& attempt, bool expected);

  /// All that nobody else may see, to be hidden in the output.
  const Hiding& hiding() const noexcept { return hiding_; }

  /// Whether there may be files: take_away() would do something.
  bool laid_out() const noexcept { return !folder_.empty(); }

  /// Removes the files, and the folder of all runs with the last of them. Never throws: what cannot be removed is left
  /// to remove_forgotten_secrets().
  async::Task<> take_away();

 private:
  async::Task<std::expected<void, std::string>> make_place(const std::string& folder, const engine::Attempt& attempt);

  std::string root_;
  std::string folder_;  // of this run, below root_; empty: there is none
  std::vector<std::string> variables_;
  std::vector<std::string> values_;
  Hiding hiding_;
};

/// Whether there is anything to hide in what the program of such a declaration prints.
bool hides(const std::vector<SecretSource>& sources, const std::vector<EnvFile>& files) noexcept;

/// Removes what is below `folder` but what belongs to one of these runs, which may be adopted: what a killed daemon
/// left behind. BLOCKS. Any thread; never throws.
void remove_forgotten_secrets(const std::filesystem::path& folder, const std::set<ledger::RunId>& going_on);

}  // namespace belfry::jobs
