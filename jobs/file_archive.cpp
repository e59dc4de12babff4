#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <stdexcept>
#include <vector>

#include "io/io_error.hpp"
#include "jobs/archive_file.hpp"
#include "jobs/file_forms.hpp"
#include "jobs/file_transfer.hpp"

namespace belfry::jobs {

namespace {

constexpr std::size_t copy_block = std::size_t{256} << 10U;
constexpr std::size_t most_entries = 1'000'000;

struct ArchiveSpec {
  std::vector<PathPattern> from;
  std::string to;
  ArchiveFormat format = ArchiveFormat::none;
  bool overwrite = true;
  FileOptions options;
};

struct Member {
  std::size_t pattern = 0;
  std::string relative;
  bool folder = false;
  std::uint64_t size = 0;
  bool operator==(const Member&) const = default;
  auto operator<=>(const Member&) const = default;
};

/// Two files of one name would be one when they are unpacked; what several patterns name counts once.
std::vector<Member> without_clashes(std::vector<Member> members, const ArchiveSpec& spec) {
  if (spec.from.size() < 2) return members;
  std::map<std::string, const Member*> known;
  std::vector<Member> result;
  for (const auto& member : members) {
    const auto path_of = [&spec](const Member& each) { return joined(spec.from[each.pattern].base(), each.relative); };
    const auto [first, is_new] = known.try_emplace(member.relative, &member);
    if (is_new) {
      result.push_back(member);
    } else if (path_of(*first->second) != path_of(member) && !(member.folder && first->second->folder)) {
      throw std::runtime_error(path_of(*first->second) + " and " + path_of(member) + " would both be " +
                               member.relative + " in the archive: nothing was written; make an archive of each");
    }
  }
  return result;
}

/// Folders, files and links; a folder that is named without wildcards with all that is in it.
std::vector<Member> list_members(const ArchiveSpec& spec, FileRun& run) {
  std::vector<Member> members;
  for (std::size_t number = 0; number < spec.from.size(); ++number) {
    const PathPattern& pattern = spec.from[number];
    const auto take = [&](const Found& found) {
      if (!found.is_file() && !found.is_folder() && !found.is_link()) return;
      if (joined(pattern.base(), found.relative) == spec.to) return;  // it cannot hold itself
      if (members.size() == most_entries) throw io::IoError(E2BIG, "archive", pattern.text());
      members.push_back({.pattern = number,
                         .relative = found.relative,
                         .folder = found.is_folder(),
                         .size = found.is_file() ? found.size() : 0});
    };
    bool whole = false;
    const bool any = walk(pattern, spec.options.exclude, run.stop(), [&](const Found& found) {
      take(found);
      whole = pattern.literal() && found.is_folder();
    });
    if (!any && pattern.literal()) throw io::IoError(ENOENT, "find", pattern.text());
    if (!whole) continue;
    const std::string name = members.back().relative;
    walk(PathPattern::all_below(pattern.text()), spec.options.exclude, run.stop(), [&](const Found& found) {
      Found below = found;
      below.relative = name + "/" + found.relative;
      take(below);
    });
  }
  std::ranges::sort(members);
  return without_clashes(std::move(members), spec);
}

class Archiver {
 public:
  Archiver(const ArchiveSpec& spec, FileRun& run) : spec_(spec), run_(run) {}

  std::string archive() {
    const auto members = list_members(spec_, run_);
    if (members.empty()) return "nothing to archive: no file matches, " + spec_.to + " was not written";
    if (spec_.options.dry_run) {
      for (const auto& member : members) run_.say("archive " + path_of(member));
      return "would archive " + count_files(members.size()) + " into " + spec_.to;
    }
    std::uint64_t bytes = 0;
    for (const auto& member : members) bytes += member.size;
    run_.progress().expect(members.size(), bytes);
    const Folder folder = open_or_make(folder_of(spec_.to), spec_.options.fsync);
    AtomicFile target(folder, name_of(spec_.to));
    ArchiveWriter writer(target.fd(), spec_.to, spec_.format);
    for (const auto& member : members) add(member, writer);
    writer.finish();
    const off_t size = ::lseek(target.fd(), 0, SEEK_END);
    if (size < 0) throw io::IoError(errno, "write", spec_.to);
    target.set_mode(0640);
    run_.check();
    const bool sync = spec_.options.fsync;
    target.commit({.overwrite = spec_.overwrite, .sync = sync, .sync_folder = sync});
    return "archived " + done_.text() + " to " + format_size(static_cast<std::uint64_t>(size));
  }

 private:
  std::string path_of(const Member& member) const { return joined(spec_.from[member.pattern].base(), member.relative); }

  void add(const Member& member, ArchiveWriter& writer) {
    run_.check();
    const std::string name = name_of(member.relative);
    const Folder folder = Folder::open(spec_.from[member.pattern].base()).at(folder_of(member.relative), false);
    const auto status = folder.look(name);
    if (!status) return;  // gone meanwhile
    if (S_ISLNK(status->st_mode)) {
      writer.add(member.relative, *status, folder.link_target(name));
    } else if (S_ISREG(status->st_mode)) {
      add_file(folder, name, member.relative, writer);
    } else if (S_ISDIR(status->st_mode)) {
      writer.add(member.relative + "/", *status);
      return run_.progress().finish(0);
    }
    const auto size = S_ISREG(status->st_mode) ? static_cast<std::uint64_t>(status->st_size) : 0;
    done_.add(size);
    run_.progress().finish(size);
  }

  /// As many bytes as its size was when it was opened: one that grows is cut there, one that shrinks is an error.
  void add_file(const Folder& folder, const std::string& name, const std::string& relative, ArchiveWriter& writer) {
    const io::Fd file = folder.open_file(name);
    struct ::stat status{};
    if (::fstat(file.get(), &status) != 0) throw io::IoError(errno, "stat", folder.path_of(name));
    if (!S_ISREG(status.st_mode)) throw io::IoError(EINVAL, "archive what is no regular file:", folder.path_of(name));
    writer.add(relative, status);
    block_.resize(copy_block);
    for (off_t left = status.st_size; left > 0;) {
      run_.check();
      const auto wanted = static_cast<std::size_t>(std::min(left, static_cast<off_t>(block_.size())));
      const ssize_t got = ::read(file.get(), block_.data(), wanted);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw io::IoError(errno, "read", folder.path_of(name));
      if (got == 0) throw std::runtime_error(folder.path_of(name) + " became shorter while it was archived");
      writer.write({block_.data(), static_cast<std::size_t>(got)});
      left -= got;
      run_.progress().reach(static_cast<std::uint64_t>(status.st_size - left));
    }
  }

  const ArchiveSpec& spec_;
  FileRun& run_;
  std::vector<char> block_;
  Tally done_;
};

ArchiveSpec read_archive(ParameterReader& reader, const ActionContext& context) {
  ArchiveSpec spec;
  spec.from = read_patterns(reader, "from", context);
  spec.to = read_path(reader, "to", context);
  spec.format = archive_format(spec.to);
  if (spec.format == ArchiveFormat::none) {
    reader.complain("to", "to says the format by its ending: .tar, .tar.gz, .tar.zst or .zip, not '" + spec.to + "'");
  }
  spec.overwrite = reader.flag("overwrite");
  spec.options = read_options(reader);
  return spec;
}

}  // namespace

ActionForm file_archive_form() {
  auto parameters = transfer_parameters();
  parameters[0].meaning = "the files; a folder stands for all that is in it";
  parameters[1].meaning = "the archive: NAME.tar, .tar.gz, .tar.zst or .zip";
  return {"archive", "packs files and folders into a tar or zip archive", std::move(parameters),
          [](ParameterReader& reader, const ActionContext& context) {
            auto work = [spec = read_archive(reader, context)](FileRun& run) { return Archiver(spec, run).archive(); };
            return file_action("archive", std::move(work), context);
          }};
}

}  // namespace belfry::jobs
