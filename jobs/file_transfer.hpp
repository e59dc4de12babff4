// What `copy` and `move` share: which file goes where, and the open folders on both sides. Private to them. Blocking.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/atomic_file.hpp"
#include "jobs/file_run.hpp"

namespace belfry::jobs {

struct TransferSpec {
  std::vector<PathPattern> from;  ///< a literal one must exist
  std::string to;                 ///< a file; a folder if it is one, ends with '/', or `from` is a glob or several
  bool overwrite = true;          ///< false: an existing target is an error
  FileOptions options;
};

/// Its parameters: from, to, overwrite, exclude, dry_run and fsync.
std::vector<ParameterInfo> transfer_parameters();
TransferSpec read_transfer(ParameterReader& reader, const ActionContext& context);

/// One file; the paths are relative to the bases of the Sides.
struct Transfer {
  std::size_t pattern = 0;
  std::string from;
  std::string to;
  std::uint64_t size = 0;
};

struct TransferPlan {
  std::string target_base;
  std::vector<Transfer> transfers;  ///< sorted; at most a million
};

/// Links and folders are passed over where a glob found them. Throws before anything is touched if a target must not be
/// replaced or has several sources.
TransferPlan plan_transfers(const TransferSpec& spec, FileRun& run);

/// The folders of a transfer, kept open from one to the next. When a folder of the targets, or of the sources if they
/// are `taken` away, is left, and by finish(), it is made durable.
class Sides {
 public:
  Sides(const TransferSpec& spec, const TransferPlan& plan, bool taken)
      : spec_(spec), plan_(plan), taken_(taken), sources_(spec.from.size()) {}

  /// Valid until the next call.
  const Folder& source(const Transfer& transfer);
  const Folder& target(const Transfer& transfer);
  void finish();

 private:
  void leave(const Folder& folder) const;
  struct Open {
    std::optional<Folder> base;
    std::optional<Folder> folder;
    std::string relative;
  };

  const TransferSpec& spec_;
  const TransferPlan& plan_;
  bool taken_;
  std::vector<Open> sources_;
  Open target_;
};

/// Opens a folder that somebody named, and makes it, and those above it, where missing; with `sync`, durably.
Folder open_or_make(const std::string& path, bool sync);

/// Copies content, mode, owner and times to `name` in `target`. `follow`: the source may be a symbolic link.
std::uint64_t copy_file(const Folder& source, const std::string& source_name, bool follow, const Folder& target,
                        const std::string& name, const CommitOptions& options, const FileRun& run);

}  // namespace belfry::jobs
