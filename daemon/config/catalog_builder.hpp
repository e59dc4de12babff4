// From what the file declares to what the engine runs: jobs with triggers, actions, policies and fingerprints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "async/thread_pool.hpp"
#include "daemon/config/load_config.hpp"
#include "engine/job.hpp"
#include "io/journal_feed.hpp"

namespace belfry::daemon {

/// What actions need and no file can say.
struct BuildContext {
  async::ThreadPool* pool = nullptr;           ///< for actions that block; must outlive the catalog
  std::filesystem::path state_dir;             ///< handed to programs as BELFRY_STATE_DIR; empty: not
  std::filesystem::path secrets_folder{};      ///< where secrets are laid out for programs, below it; empty: nowhere
  std::shared_ptr<io::JournalFeed> journal{};  ///< for the lines of programs that go to the journal; null: they do not
  std::uint64_t generation = 1;
};

/// A generation of the catalog. REQUIRES: pool is set. Reads the environment of this process: no other
/// thread may change it meanwhile. Any thread; the result is immutable.
std::shared_ptr<const engine::Catalog> build_catalog(const Config& config, const BuildContext& context);

/// The same, with `make_action` deciding what each job does, and no precondition. Any thread.
using ActionMaker = std::function<std::shared_ptr<const engine::Action>(const JobSpec&)>;
std::shared_ptr<const engine::Catalog> build_catalog(const Config& config, std::uint64_t generation,
                                                     const ActionMaker& make_action);

/// The same without any action: to compare and to look ahead, not to run. Any thread.
std::shared_ptr<const engine::Catalog> build_timetable(const Config& config);

/// Identifies the declaration of a job: equal when and only when nothing that matters for its runs differs but secrets,
/// whatever the order of keys, the comments, or the way in which a value came there (a default, an alias). 16
/// hexadecimal digits.
std::string fingerprint(const JobSpec& job);

}  // namespace belfry::daemon
