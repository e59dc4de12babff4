#include "jobs/file_transfer.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "io/io_error.hpp"
#include "jobs/file_content.hpp"

namespace belfry::jobs {

namespace {

constexpr std::size_t most_transfers = 1'000'000;

bool is_folder(const std::string& path) { return Folder::open_if_there(path).has_value(); }

/// A target that is the source of another one would be gone before its turn comes.
void check_sources_stay(const std::vector<Transfer>& transfers, const TransferSpec& spec,
                        const std::string& target_base) {
  const auto plain = [](const std::string& path) { return std::filesystem::path(path).lexically_normal().string(); };
  std::map<std::string, const Transfer*> sources;
  for (const auto& each : transfers) sources.emplace(plain(joined(spec.from[each.pattern].base(), each.from)), &each);
  for (const auto& each : transfers) {
    const auto found = sources.find(plain(joined(target_base, each.to)));
    if (found == sources.end() || found->second == &each) continue;
    throw std::runtime_error(joined(spec.from[each.pattern].base(), each.from) + " would replace " + found->first +
                             ", which is a source, too: nothing was done; leave the target out of `from` with exclude");
  }
}

/// Two sources of one name would replace each other; a source that several patterns name counts once.
std::vector<Transfer> without_clashes(std::vector<Transfer> transfers, const TransferSpec& spec,
                                      const std::string& target_base) {
  std::map<std::string, std::string> source_of;
  std::vector<Transfer> result;
  for (auto& transfer : transfers) {
    std::string source = joined(spec.from[transfer.pattern].base(), transfer.from);
    const auto [first, is_new] = source_of.try_emplace(transfer.to, source);
    if (!is_new && first->second == source) continue;
    if (!is_new) {
      throw std::runtime_error(first->second + " and " + source + " have the same target " +
                               joined(target_base, transfer.to) +
                               ": nothing was done; give each of them its own folder");
    }
    result.push_back(std::move(transfer));
  }
  return result;
}

void collect(const TransferSpec& spec, std::size_t number, bool into_folder, FileRun& run,
             std::vector<Transfer>& transfers) {
  const PathPattern& pattern = spec.from[number];
  const auto take = [&](const Found& found) {
    if (!pattern.literal() && !found.is_file()) return;
    if (transfers.size() == most_transfers) throw io::IoError(E2BIG, "expand", pattern.text());
    transfers.push_back({.pattern = number,
                         .from = found.relative,
                         .to = into_folder ? found.relative : name_of(spec.to),
                         .size = found.size()});
  };
  const bool any = walk(pattern, spec.options.exclude, run.stop(), take);
  if (!any && pattern.literal()) throw io::IoError(ENOENT, "find", pattern.text());
}

}  // namespace

std::vector<ParameterInfo> transfer_parameters() {
  return {
      {.name = "from",
       .value = "a path, a glob or a list of them",
       .meaning = "the files",
       .required = true,
       .list = true},
      {.name = "to", .value = "a path", .meaning = "the target; with a slash at its end, a folder", .required = true},
      {.name = "overwrite",
       .type = ParameterType::flag,
       .fallback = "true",
       .meaning = "false: an existing target is an error"},
      exclude_parameter,
      dry_run_parameter,
      fsync_parameter};
}

TransferSpec read_transfer(ParameterReader& reader, const ActionContext& context) {
  TransferSpec spec;
  spec.from = read_patterns(reader, "from", context);
  spec.to = read_path(reader, "to", context);
  spec.overwrite = reader.flag("overwrite");
  spec.options = read_options(reader);
  return spec;
}

TransferPlan plan_transfers(const TransferSpec& spec, FileRun& run) {
  const bool into_folder =
      spec.from.size() > 1 || spec.to.ends_with('/') || !spec.from.front().literal() || is_folder(spec.to);
  TransferPlan plan;
  plan.target_base = into_folder ? spec.to : folder_of(spec.to);
  for (std::size_t number = 0; number < spec.from.size(); ++number) {
    collect(spec, number, into_folder, run, plan.transfers);
  }
  std::ranges::sort(plan.transfers, {}, [](const Transfer& each) { return std::tie(each.pattern, each.from); });
  if (spec.from.size() > 1) plan.transfers = without_clashes(std::move(plan.transfers), spec, plan.target_base);
  check_sources_stay(plan.transfers, spec, plan.target_base);
  std::uint64_t bytes = 0;
  for (const auto& transfer : plan.transfers) bytes += transfer.size;
  run.progress().expect(plan.transfers.size(), bytes);
  const auto base = Folder::open_if_there(plan.target_base);
  for (const auto& transfer : plan.transfers) {
    run.check();
    if (base) check_target(*base, transfer.to);
  }
  return plan;
}

const Folder& Sides::source(const Transfer& transfer) {
  Open& open = sources_[transfer.pattern];
  if (!open.base) open.base = Folder::open(spec_.from[transfer.pattern].base());
  std::string relative = folder_of(transfer.from);
  if (!open.folder || open.relative != relative) {
    if (taken_ && open.folder) leave(*open.folder);
    open.folder = open.base->at(relative, false);
    open.relative = std::move(relative);
  }
  return *open.folder;
}

const Folder& Sides::target(const Transfer& transfer) {
  const bool sync = spec_.options.fsync;
  if (!target_.base) target_.base = open_or_make(plan_.target_base, sync);
  std::string relative = folder_of(transfer.to);
  if (!target_.folder || target_.relative != relative) {
    if (target_.folder) leave(*target_.folder);
    target_.folder = target_.base->at(relative, true, [sync](const Folder& above) {
      if (sync) above.sync();
    });
    target_.relative = std::move(relative);
  }
  return *target_.folder;
}

void Sides::leave(const Folder& folder) const {
  if (spec_.options.fsync) folder.sync();
}

void Sides::finish() {
  if (target_.folder) leave(*target_.folder);
  for (const Open& open : sources_) {
    if (taken_ && open.folder) leave(*open.folder);
  }
}

Folder open_or_make(const std::string& path, bool sync) {
  std::string_view trimmed = path;
  while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.remove_suffix(1);
  const std::string folder(trimmed);
  if (auto there = Folder::open_if_there(folder)) return std::move(*there);
  if (folder == "/") throw io::IoError(ENOENT, "open the folder", folder);
  const Folder above = open_or_make(folder_of(folder), sync);
  return above.at(name_of(folder), true, [sync](const Folder& made_in) {
    if (sync) made_in.sync();
  });
}

std::uint64_t copy_file(const Folder& source, const std::string& source_name, bool follow, const Folder& target,
                        const std::string& name, const CommitOptions& options, const FileRun& run) {
  const std::string source_path = source.path_of(source_name);
  const io::Fd in =
      follow ? io::Fd(::openat(source.fd(), source_name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY))
             : source.open_file(source_name);
  if (!in) throw io::IoError(errno, "open", source_path);
  struct ::stat like{};
  if (::fstat(in.get(), &like) != 0) throw io::IoError(errno, "stat", source_path);
  if (!S_ISREG(like.st_mode)) throw io::IoError(EINVAL, "copy what is no regular file:", source_path);
  AtomicFile out(target, name);
  const auto size = copy_content(in.get(), source_path, out.fd(), out.path(), [&run](std::uint64_t at) {
    run.check();
    run.progress().reach(at);
  });
  out.imitate(like);
  out.commit(options);
  run.progress().finish(size);
  return size;
}

}  // namespace belfry::jobs
