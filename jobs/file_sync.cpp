#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "io/io_error.hpp"
#include "jobs/atomic_file.hpp"
#include "jobs/digest.hpp"
#include "jobs/file_forms.hpp"
#include "jobs/file_transfer.hpp"

namespace belfry::jobs {

namespace {

struct SyncSpec {
  std::string from;
  std::string to;
  bool remove = false;
  bool by_checksum = false;
  bool allow_empty = false;
  FileOptions options;
};

/// One folder of the source; none on the other side: a dry run has not made it.
struct Pair {
  const Folder& source;
  const Folder* target;
  const std::string& relative;  ///< "" or "a/b/"
};

class Mirror {
 public:
  Mirror(const SyncSpec& spec, FileRun& run) : spec_(spec), run_(run) {}

  std::string run() {
    const Folder source = Folder::open(spec_.from);
    if (!spec_.allow_empty && source.is_empty()) {
      throw std::runtime_error(spec_.from +
                               " is empty, so nothing was done: perhaps it is not mounted; if it may be, "
                               "set allow_empty: true");
    }
    check_apart(source);
    auto target = spec_.options.dry_run ? Folder::open_if_there(spec_.to)
                                        : std::optional(open_or_make(spec_.to, spec_.options.fsync));
    mirror({.source = source, .target = target ? &*target : nullptr, .relative = ""}, 0);
    return sentence();
  }

 private:
  /// One in the other would be copied into itself, or remove itself.
  void check_apart(const Folder& source) const {
    std::error_code error;
    const auto from = std::filesystem::weakly_canonical(source.path(), error) / "";
    const auto to = std::filesystem::weakly_canonical(spec_.to, error) / "";
    if (from.string().starts_with(to.string()) || to.string().starts_with(from.string())) {
      throw std::runtime_error(spec_.from + " and " + spec_.to + " lie one in the other: nothing was done");
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the tree, and no deeper than most_levels
  void mirror(const Pair& pair, int level) {
    if (level > most_levels) throw io::IoError(ELOOP, "go deeper than 256 folders into", pair.source.path());
    bool changed = false;
    std::vector<std::string> folders;
    pair.source.each([&](const char* name, unsigned char) {
      run_.check();
      const auto status = pair.source.look(name);
      if (!status || left_out(pair, name, S_ISDIR(status->st_mode))) return;
      if (S_ISDIR(status->st_mode)) {
        folders.emplace_back(name);
      } else if (S_ISREG(status->st_mode)) {
        changed = take_file(pair, name, *status) || changed;
      } else if (S_ISLNK(status->st_mode)) {
        changed = take_link(pair, name) || changed;
      } else {
        ++passed_over_;
      }
    });
    for (const auto& name : folders) changed = take_folder(pair, name, level) || changed;
    if (spec_.remove && pair.target != nullptr) changed = remove_extra(pair) || changed;
    if (changed && spec_.options.fsync && !spec_.options.dry_run) pair.target->sync();
  }

  bool left_out(const Pair& pair, const char* name, bool folder) const {
    return !spec_.options.exclude.empty() && spec_.options.exclude.leave_out(pair.relative + name, name, folder);
  }

  std::optional<struct ::stat> there(const Pair& pair, const std::string& name) const {
    return pair.target == nullptr ? std::nullopt : pair.target->look(name);
  }

  std::string target_path(const Pair& pair, const std::string& name) const {
    return joined(spec_.to, pair.relative + name);
  }

  /// Something of another kind stands where `name` belongs.
  void clear_way(const Pair& pair, const std::string& name, const struct ::stat& status) {
    if (!spec_.remove) {
      throw std::runtime_error(target_path(pair, name) +
                               " is of another kind than its source; delete: true would replace it");
    }
    if (!remove_one(pair, name, status, 0)) {
      throw std::runtime_error(target_path(pair, name) +
                               " is of another kind than its source, and holds what exclude "
                               "leaves alone");
    }
  }

  bool same_content(const Pair& pair, const std::string& name, const struct ::stat& from, const struct ::stat& to) {
    if (from.st_size != to.st_size) return false;
    if (!spec_.by_checksum) {
      return from.st_mtim.tv_sec == to.st_mtim.tv_sec && from.st_mtim.tv_nsec == to.st_mtim.tv_nsec;
    }
    std::uint64_t bytes = 0;
    const io::Fd source = pair.source.open_file(name);
    const io::Fd target = pair.target->open_file(name);
    return sha256_of_file(run_.stop(), source.get(), pair.source.path_of(name), bytes) ==
           sha256_of_file(run_.stop(), target.get(), pair.target->path_of(name), bytes);
  }

  bool take_file(const Pair& pair, const std::string& name, const struct ::stat& status) {
    const auto old = there(pair, name);
    if (old && S_ISREG(old->st_mode) && same_content(pair, name, status, *old)) {
      ++same_;
      return false;
    }
    if (old && !S_ISREG(old->st_mode)) clear_way(pair, name, *old);
    if (spec_.options.dry_run) {
      run_.say("copy " + pair.source.path_of(name) + " to " + target_path(pair, name));
      copied_.add(static_cast<std::uint64_t>(status.st_size));
      return true;
    }
    const CommitOptions options{.overwrite = true, .sync = spec_.options.fsync, .sync_folder = false};
    copied_.add(copy_file(pair.source, name, false, *pair.target, name, options, run_));
    return true;
  }

  /// A link is made again as it is, wherever it leads.
  bool take_link(const Pair& pair, const std::string& name) {
    const std::string leads_to = pair.source.link_target(name);
    const auto old = there(pair, name);
    if (old && S_ISLNK(old->st_mode) && pair.target->link_target(name) == leads_to) {
      ++same_;
      return false;
    }
    if (old && !S_ISLNK(old->st_mode) && (S_ISDIR(old->st_mode) || !spec_.remove)) clear_way(pair, name, *old);
    copied_.add(0);
    if (spec_.options.dry_run) {
      run_.say("link " + target_path(pair, name) + " to " + leads_to);
      return true;
    }
    const std::string temporary = temporary_name(name);
    const int folder = pair.target->fd();
    if (::symlinkat(leads_to.c_str(), folder, temporary.c_str()) != 0) {
      throw io::IoError(errno, "make a link beside", target_path(pair, name));
    }
    if (::renameat(folder, temporary.c_str(), folder, name.c_str()) != 0) {
      const int error = errno;
      ::unlinkat(folder, temporary.c_str(), 0);
      throw io::IoError(error, "rename a link to", target_path(pair, name));
    }
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  bool take_folder(const Pair& pair, const std::string& name, int level) {
    const auto source = pair.source.below(name);
    if (!source) return false;  // gone meanwhile
    auto old = there(pair, name);
    bool changed = false;
    if (old && !S_ISDIR(old->st_mode)) {
      clear_way(pair, name, *old);
      old.reset();
    }
    const bool missing = !old;
    if (missing && spec_.options.dry_run) run_.say("make " + target_path(pair, name));
    if (missing && !spec_.options.dry_run) {
      pair.target->make(name, 0700);
      changed = true;
    }
    auto target = pair.target == nullptr ? std::nullopt : pair.target->below(name);
    if (!target && !spec_.options.dry_run) throw io::IoError(ENOTDIR, "go into", target_path(pair, name));
    mirror({.source = *source, .target = target ? &*target : nullptr, .relative = pair.relative + name + "/"},
           level + 1);
    if (!spec_.options.dry_run) imitate(*source, *target);
    return changed;
  }

  static void imitate(const Folder& source, const Folder& target) {
    const struct ::stat like = source.status();
    mode_t mode = like.st_mode & 07777U;
    if (::fchown(target.fd(), like.st_uid, like.st_gid) != 0) {
      if (errno != EPERM) throw io::IoError(errno, "chown", target.path());
      mode &= 01777U;
    }
    if (::fchmod(target.fd(), mode) != 0) throw io::IoError(errno, "chmod", target.path());
    const std::array<timespec, 2> times{like.st_atim, like.st_mtim};
    if (::futimens(target.fd(), times.data()) != 0) throw io::IoError(errno, "set the times of", target.path());
  }

  /// What only the target has; what is left out is neither copied nor removed.
  bool remove_extra(const Pair& pair) {
    bool changed = false;
    pair.target->each([&](const char* name, unsigned char) {
      run_.check();
      if (pair.source.look(name)) return;
      const auto status = pair.target->look(name);
      if (!status || left_out(pair, name, S_ISDIR(status->st_mode))) return;
      remove_one(pair, name, *status, 0);
      changed = true;
    });
    return changed;
  }

  /// Whether it is gone: a folder stays that holds what is left out.
  // NOLINTNEXTLINE(misc-no-recursion)
  bool remove_one(const Pair& pair, const std::string& name, const struct ::stat& status, int level) {
    const bool folder = S_ISDIR(status.st_mode);
    const auto before = removed_;
    if (folder && !spec_.options.exclude.empty() && !remove_inside(pair, name, level)) return false;
    removed_ = before + 1;  // a folder counts once
    if (spec_.options.dry_run) {
      run_.say("delete " + target_path(pair, name));
    } else if (folder) {
      remove_tree(*pair.target, name, run_.checker());
    } else {
      pair.target->remove(name);
    }
    return true;
  }

  /// Whether nothing is left in it.
  // NOLINTNEXTLINE(misc-no-recursion)
  bool remove_inside(const Pair& pair, const std::string& name, int level) {
    if (level > most_levels) throw io::IoError(ELOOP, "go deeper than 256 folders into", target_path(pair, name));
    const auto folder = pair.target->below(name);
    if (!folder) return true;  // gone meanwhile
    const std::string relative = pair.relative + name + "/";
    const Pair inside{.source = pair.source, .target = &*folder, .relative = relative};
    bool empty = true;
    folder->each([&](const char* each, unsigned char) {
      run_.check();
      const auto status = folder->look(each);
      if (!status) return;
      empty =
          !left_out(inside, each, S_ISDIR(status->st_mode)) && remove_one(inside, each, *status, level + 1) && empty;
    });
    return empty;
  }

  std::string sentence() const {
    const bool dry = spec_.options.dry_run;
    std::string text = (dry ? "would copy " : "copied ") + copied_.text() + "; " + std::to_string(same_) +
                       (same_ == 1 ? " was" : " were") + " the same";
    if (spec_.remove) text += dry ? "; would delete " : "; deleted ";
    if (spec_.remove) text += std::to_string(removed_);
    if (passed_over_ > 0) text += "; passed over " + std::to_string(passed_over_) + " that are no files";
    return text;
  }

  const SyncSpec& spec_;
  FileRun& run_;
  Tally copied_;
  std::uint64_t same_ = 0;
  std::uint64_t removed_ = 0;
  std::uint64_t passed_over_ = 0;
};

constexpr std::array<std::string_view, 2> comparisons{"time", "checksum"};

SyncSpec read_sync(ParameterReader& reader, const ActionContext& context) {
  SyncSpec spec;
  spec.from = read_path(reader, "from", context);
  spec.to = read_path(reader, "to", context);
  spec.remove = reader.flag("delete");
  spec.by_checksum = reader.choice("compare") == 1;
  spec.allow_empty = reader.flag("allow_empty");
  spec.options = read_options(reader);
  if (spec.remove && spec.to == "/") reader.complain("to", "delete: true and the root folder as a target");
  return spec;
}

}  // namespace

ActionForm file_sync_form() {
  return {"sync",
          "makes a folder like another one, copying what differs",
          {{.name = "from", .value = "a path", .meaning = "a folder", .required = true},
           {.name = "to", .value = "a path", .meaning = "the folder that becomes like it", .required = true},
           {.name = "delete",
            .type = ParameterType::flag,
            .fallback = "false",
            .meaning = "whether what only the target has is removed"},
           {.name = "compare",
            .type = ParameterType::choice,
            .fallback = "time",
            .meaning = "what differs: size and time, or SHA-256",
            .choices = comparisons},
           {.name = "allow_empty",
            .type = ParameterType::flag,
            .fallback = "false",
            .meaning = "whether an empty source is meant; else it is an error"},
           exclude_parameter,
           dry_run_parameter,
           fsync_parameter},
          [](ParameterReader& reader, const ActionContext& context) {
            auto work = [spec = read_sync(reader, context)](FileRun& run) { return Mirror(spec, run).run(); };
            return file_action("sync", std::move(work), context);
          }};
}

}  // namespace belfry::jobs
