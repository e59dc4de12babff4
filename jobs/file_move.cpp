#include <fcntl.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>

#include "io/io_error.hpp"
#include "jobs/file_forms.hpp"
#include "jobs/file_transfer.hpp"

namespace belfry::jobs {

namespace {

bool same(const struct ::stat& one, const struct ::stat& other) noexcept {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/// A rename between two names of the same file does nothing (rename(2)).
void remove_other_name(const Folder& source, const std::string& from, const Folder& target, const std::string& to) {
  const auto left = source.look(from);
  const auto there = target.look(to);
  if (!left || !there || !same(*left, *there)) return;
  if (from == to && same(source.status(), target.status())) return;  // it was moved to where it is
  source.remove(from);
}

/// Whether a rename did it; no: another file system.
bool renamed(const Folder& source, const std::string& from, const Folder& target, const std::string& to,
             bool overwrite) {
  check_target(target, to);
  if (overwrite && ::renameat(source.fd(), from.c_str(), target.fd(), to.c_str()) == 0) {
    remove_other_name(source, from, target, to);
    return true;
  }
  if (overwrite && errno != EXDEV) throw io::IoError(errno, "rename to " + target.path_of(to), source.path_of(from));
  if (overwrite) return false;
  try {
    rename_to_new(source, from, target, to);
    return true;
  } catch (const io::IoError& error) {
    if (error.code().value() != EXDEV) throw;
  }
  return false;
}

void move_file(const Folder& source, const std::string& from, const Folder& target, const std::string& to,
               std::uint64_t size, const TransferSpec& spec, FileRun& run) {
  if (renamed(source, from, target, to, spec.overwrite)) return run.progress().finish(size);
  const auto status = source.look(from);
  if (!status || !S_ISREG(status->st_mode)) {
    throw io::IoError(EXDEV, "move to another file system what is no regular file:", source.path_of(from));
  }
  // The copy is durable before the original goes.
  const bool sync = spec.options.fsync;
  copy_file(source, from, false, target, to, {.overwrite = spec.overwrite, .sync = sync, .sync_folder = sync}, run);
  const auto now = source.look(from);
  if (!now || !same(*now, *status) || now->st_size != status->st_size ||
      now->st_mtim.tv_sec != status->st_mtim.tv_sec || now->st_mtim.tv_nsec != status->st_mtim.tv_nsec) {
    throw std::runtime_error(source.path_of(from) + " changed while it was copied to " + target.path_of(to) +
                             ", so it was not removed");
  }
  source.remove(from);
}

std::string move_files(const TransferSpec& spec, FileRun& run) {
  const auto plan = plan_transfers(spec, run);
  if (plan.transfers.empty()) return "nothing to move: no file matches";
  Tally done;
  Sides sides(spec, plan, true);
  for (const auto& transfer : plan.transfers) {
    run.check();
    done.add(transfer.size);
    if (spec.options.dry_run) {
      run.say("move " + joined(spec.from[transfer.pattern].base(), transfer.from) + " to " +
              joined(plan.target_base, transfer.to));
      continue;
    }
    const Folder& source = sides.source(transfer);
    const Folder& target = sides.target(transfer);
    move_file(source, name_of(transfer.from), target, name_of(transfer.to), transfer.size, spec, run);
  }
  if (spec.options.dry_run) return "would move " + done.text();
  sides.finish();
  return "moved " + done.text();
}

}  // namespace

ActionForm file_move_form() {
  return {"move", "moves files, across file systems too", transfer_parameters(),
          [](ParameterReader& reader, const ActionContext& context) {
            auto work = [spec = read_transfer(reader, context)](FileRun& run) { return move_files(spec, run); };
            return file_action("move", std::move(work), context);
          }};
}

}  // namespace belfry::jobs
