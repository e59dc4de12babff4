#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "io/io_error.hpp"
#include "jobs/archive_file.hpp"
#include "jobs/archive_paths.hpp"
#include "jobs/file_forms.hpp"
#include "jobs/file_transfer.hpp"

namespace belfry::jobs {

namespace {

struct ExtractSpec {
  std::string from;
  std::string to;
  std::uint64_t max_bytes = 0;
  std::uint64_t max_files = 0;
  bool replace = false;
  bool keep_owner = false;
  bool dry_run = false;
  bool fsync = true;
};

/// A folder beside its final name, which is removed with all that is in it unless it is put in place.
class FolderInMaking {
 public:
  FolderInMaking(const Folder& parent, const std::string& name) : parent_(parent), name_(temporary_name(name)) {
    if (::mkdirat(parent.fd(), name_.c_str(), 0700) != 0) {
      throw io::IoError(errno, "make a folder beside", parent.path_of(name));
    }
  }
  FolderInMaking(const FolderInMaking&) = delete;
  FolderInMaking& operator=(const FolderInMaking&) = delete;
  ~FolderInMaking() {
    try {
      if (!name_.empty()) remove_tree(parent_, name_, [] {});
    } catch (const std::exception&) {  // the first error says more
    }
  }

  Folder open() const {
    auto folder = parent_.below(name_);
    if (!folder) throw io::IoError(ENOTDIR, "go into", parent_.path_of(name_));
    return std::move(*folder);
  }

  /// Takes the place of `name`: of nothing, of an empty folder, or, if `replace`, of a full one, which is then removed.
  void put_at(const std::string& name, bool replace) {
    const int folder = parent_.fd();
    if (::renameat(folder, name_.c_str(), folder, name.c_str()) == 0) {
      name_.clear();
      return;
    }
    if ((errno != ENOTEMPTY && errno != EEXIST) || !replace) {
      throw io::IoError(errno, "rename a folder to", parent_.path_of(name));
    }
    if (::renameat2(folder, name_.c_str(), folder, name.c_str(), RENAME_EXCHANGE) != 0) {
      throw io::IoError(errno, "exchange folders with", parent_.path_of(name));
    }
    remove_tree(parent_, name_, [] {});  // the old one now
    name_.clear();
  }

 private:
  const Folder& parent_;
  std::string name_;
};

class Extraction {
 public:
  Extraction(const ExtractSpec& spec, FileRun& run) : spec_(spec), run_(run) {}

  std::string extract() {
    const io::Fd file(::open(spec_.from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) throw io::IoError(errno, "open", spec_.from);
    struct ::stat status{};
    if (::fstat(file.get(), &status) != 0) throw io::IoError(errno, "stat", spec_.from);
    if (!S_ISREG(status.st_mode)) throw io::IoError(EINVAL, "extract what is no regular file:", spec_.from);
    ArchiveReader reader(file.get(), spec_.from);
    run_.progress().expect_bytes(static_cast<std::uint64_t>(status.st_size));
    if (spec_.dry_run) return list(reader);
    const Folder parent = open_or_make(folder_of(spec_.to), spec_.fsync);
    const std::string name = name_of(spec_.to);
    check_free(parent, name);
    FolderInMaking making(parent, name);
    const Folder root = making.open();
    take_all(reader, root);
    finish_folders(root);
    if (::fchmod(root.fd(), 0755) != 0) throw io::IoError(errno, "chmod", spec_.to);
    if (spec_.fsync) root.sync();
    run_.check();
    making.put_at(name, spec_.replace);
    if (spec_.fsync) parent.sync();
    return "extracted " + done_.text() + " to " + spec_.to;
  }

 private:
  void check_free(const Folder& parent, const std::string& name) const {
    const auto there = parent.look(name);
    if (!there) return;
    const auto folder = parent.below(name);
    if (!folder) throw std::runtime_error("cannot extract to " + spec_.to + ": it is no folder");
    if (!spec_.replace && !folder->is_empty()) {
      throw std::runtime_error(spec_.to +
                               " exists and is not empty; replace: true puts what is extracted in its place");
    }
  }

  [[noreturn]] void refuse(const ArchiveEntry& entry, const std::string& why) const {
    throw std::runtime_error(spec_.from + ": " + entry.name + " " + why + "; nothing was extracted");
  }

  std::string checked_path(const ArchiveEntry& entry) {
    run_.check();
    if (++entries_ > spec_.max_files) {
      throw std::runtime_error(spec_.from + " holds more than max_files, " + std::to_string(spec_.max_files) +
                               "; nothing was extracted");
    }
    const auto path = inner_path(entry.name);
    run_.progress().next_file();
    if (!path) refuse(entry, "leads out of the folder");
    if (std::ranges::count(*path, '/') >= most_levels) refuse(entry, "lies deeper than 256 folders");
    if (path->empty() && entry.type != EntryType::folder) refuse(entry, "has no name");
    return *path;
  }

  /// Checks all that extract() does; instead of a folder to put it into, what is a folder in it and what is not is kept
  /// in mind.
  std::string list(ArchiveReader& reader) {
    if (const auto parent = Folder::open_if_there(folder_of(spec_.to))) check_free(*parent, name_of(spec_.to));
    ArchiveEntry entry;
    while (reader.next(entry)) {
      const std::string path = checked_path(entry);
      if (path.empty()) continue;
      const bool is_folder = entry.type == EntryType::folder;
      note_folders(is_folder ? path + "/" : path);
      if (is_folder) continue;
      if (const auto before = listed_.find(path); before != listed_.end() && before->second == EntryType::folder) {
        refuse(entry, "is a folder as well");
      }
      const std::uint64_t size = list_one(reader, path, entry);
      listed_.insert_or_assign(path, entry.type);
      run_.say("extract " + joined(spec_.to, path));
      done_.add(size);
    }
    return "would extract " + done_.text() + " to " + spec_.to;
  }

  /// The folders above the last slash.
  void note_folders(const std::string& path) {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const std::string above = path.substr(0, slash);
      if (listed_.try_emplace(above, EntryType::folder).first->second != EntryType::folder) {
        throw io::IoError(ENOTDIR, "go into", joined(spec_.to, above));
      }
    }
  }

  std::uint64_t list_one(ArchiveReader& reader, const std::string& path, const ArchiveEntry& entry) {
    check_kind(path, entry);
    if (entry.type == EntryType::hard_link) {
      const auto other = listed_.find(inner_path(entry.leads_to).value_or(""));
      const bool is_file =
          other != listed_.end() && (other->second == EntryType::file || other->second == EntryType::hard_link);
      if (!is_file) refuse(entry, "is a hard link to no file, " + entry.leads_to);
    }
    if (entry.type != EntryType::file) return 0;
    std::uint64_t end = 0;
    take_content(reader, entry, end, [](std::span<const char>, std::uint64_t) {});
    return end;
  }

  void take_all(ArchiveReader& reader, const Folder& root) {
    ArchiveEntry entry;
    while (reader.next(entry)) {
      const std::string path = checked_path(entry);
      if (path.empty()) continue;
      if (entry.type == EntryType::folder) {
        root.at(path, true);
        folders_.emplace_back(path, entry.status);
        continue;
      }
      const Folder folder = root.at(folder_of(path), true);
      const std::string name = name_of(path);
      const auto before = folder.look(name);
      if (before && S_ISDIR(before->st_mode)) refuse(entry, "is a folder as well");
      if (before) folder.remove(name);  // in a tar the last one counts
      take_one(reader, root, folder, name, path, entry);
    }
  }

  void take_one(ArchiveReader& reader, const Folder& root, const Folder& folder, const std::string& name,
                const std::string& path, const ArchiveEntry& entry) {
    check_kind(path, entry);
    if (entry.type == EntryType::file) return take_file(reader, folder, name, entry);
    if (entry.type == EntryType::hard_link) return take_hard_link(root, folder, name, entry);
    if (::symlinkat(entry.leads_to.c_str(), folder.fd(), name.c_str()) != 0) {
      throw io::IoError(errno, "make the link", folder.path_of(name));
    }
    done_.add(0);
  }

  void check_kind(const std::string& path, const ArchiveEntry& entry) const {
    if (entry.type == EntryType::other) refuse(entry, "is a device, a FIFO or a socket");
    if (entry.type == EntryType::link && !link_stays_inside(path, entry.leads_to)) {
      refuse(entry, "is a link out of the folder, to " + entry.leads_to);
    }
    if (entry.type != EntryType::hard_link) return;
    const auto other = inner_path(entry.leads_to);
    if (!other || other->empty()) refuse(entry, "is a hard link out of the folder, to " + entry.leads_to);
  }

  /// `end`: its size, to be; holes included.
  void take_content(ArchiveReader& reader, const ArchiveEntry& entry, std::uint64_t& end,
                    const std::function<void(std::span<const char>, std::uint64_t)>& take) {
    while (true) {
      run_.check();
      run_.progress().reach(reader.position());
      std::uint64_t offset = 0;
      const auto bytes = reader.read(offset);
      if (bytes.empty()) break;
      end = std::max(end, offset + bytes.size());
      count(end);
      take(bytes, offset);
    }
    // A hole at the end of a sparse file comes as nothing.
    end = std::max(end, static_cast<std::uint64_t>(std::max<off_t>(entry.status.st_size, 0)));
    count(end);
  }

  void take_file(ArchiveReader& reader, const Folder& folder, const std::string& name, const ArchiveEntry& entry) {
    const io::Fd file(::openat(folder.fd(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) throw io::IoError(errno, "create", folder.path_of(name));
    std::uint64_t size = 0;
    std::uint64_t written = 0;
    take_content(reader, entry, size, [&](std::span<const char> bytes, std::uint64_t offset) {
      write(file.get(), folder.path_of(name), bytes, offset);
      written = std::max(written, offset + bytes.size());
    });
    if (size > written && ::ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
      throw io::IoError(errno, "write", folder.path_of(name));
    }
    dress(file.get(), folder.path_of(name), entry.status);
    if (spec_.fsync && ::fsync(file.get()) != 0) throw io::IoError(errno, "fsync", folder.path_of(name));
    done_.add(size);
  }

  /// The bytes of a file under way, holes included, count at once: a bomb is not let to fill the disk first.
  void count(std::uint64_t of_this_file) const {
    if (done_.bytes + of_this_file <= spec_.max_bytes) return;
    throw std::runtime_error(spec_.from + " holds more than max_bytes, " + format_size(spec_.max_bytes) +
                             "; nothing was extracted");
  }

  static void write(int file, const std::string& path, std::span<const char> bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw io::IoError(errno, "write", path);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
  }

  /// Owner, mode and time, as far as they are asked for.
  void dress(int file, const std::string& path, const struct ::stat& like) const {
    mode_t mode = like.st_mode & 0777U;
    if (spec_.keep_owner) {
      if (::fchown(file, like.st_uid, like.st_gid) != 0) throw io::IoError(errno, "chown", path);
      mode = like.st_mode & 07777U;
    }
    if (::fchmod(file, mode) != 0) throw io::IoError(errno, "chmod", path);
    const std::array<timespec, 2> times{timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, like.st_mtim};
    if (::futimens(file, times.data()) != 0) throw io::IoError(errno, "set the times of", path);
  }

  void take_hard_link(const Folder& root, const Folder& folder, const std::string& name, const ArchiveEntry& entry) {
    const std::string path = inner_path(entry.leads_to).value_or("");
    const Folder other = root.at(folder_of(path), false);
    const auto status = other.look(name_of(path));
    if (!status || !S_ISREG(status->st_mode)) refuse(entry, "is a hard link to no file, " + entry.leads_to);
    if (::linkat(other.fd(), name_of(path).c_str(), folder.fd(), name.c_str(), 0) != 0) {
      throw io::IoError(errno, "link to " + other.path_of(name_of(path)), folder.path_of(name));
    }
    done_.add(0);
  }

  /// From the deepest on, and at the end: a folder that may not be written into, or whose time is kept, is full then.
  void finish_folders(const Folder& root) {
    std::ranges::sort(folders_, std::ranges::greater{}, &std::pair<std::string, struct ::stat>::first);
    for (const auto& [path, status] : folders_) {
      run_.check();
      const Folder folder = root.at(path, false);
      if (spec_.fsync) folder.sync();
      dress(folder.fd(), folder.path(), status);
    }
  }

  const ExtractSpec& spec_;
  FileRun& run_;
  std::vector<std::pair<std::string, struct ::stat>> folders_;
  std::map<std::string, EntryType> listed_;  // of a dry run
  std::uint64_t entries_ = 0;
  Tally done_;
};

ExtractSpec read_extract(ParameterReader& reader, const ActionContext& context) {
  ExtractSpec spec;
  spec.from = read_path(reader, "from", context);
  spec.to = read_path(reader, "to", context);
  while (spec.to.size() > 1 && spec.to.ends_with('/')) spec.to.pop_back();
  if (spec.to == "/") reader.complain("to", "to is the root folder; name a folder that may be replaced as a whole");
  spec.max_bytes = reader.size("max_bytes");
  spec.max_files = static_cast<std::uint64_t>(reader.integer("max_files"));
  spec.replace = reader.flag("replace");
  spec.keep_owner = reader.flag("keep_owner");
  spec.dry_run = reader.flag("dry_run");
  spec.fsync = reader.flag("fsync");
  return spec;
}

}  // namespace

ActionForm file_extract_form() {
  return {"extract",
          "unpacks a tar or zip archive into a folder, all of it or nothing",
          {{.name = "from", .value = "a path", .meaning = "the archive", .required = true},
           {.name = "to", .value = "a path", .meaning = "the folder; missing or empty", .required = true},
           {.name = "replace",
            .type = ParameterType::flag,
            .fallback = "false",
            .meaning = "whether a folder that is not empty is replaced as a whole"},
           {.name = "max_bytes",
            .type = ParameterType::size,
            .fallback = "10G",
            .meaning = "an archive of more, unpacked, is refused",
            .least = 1},
           {.name = "max_files",
            .type = ParameterType::integer,
            .fallback = "100000",
            .meaning = "an archive of more entries is refused",
            .least = 1,
            .most = 10'000'000},
           {.name = "keep_owner",
            .type = ParameterType::flag,
            .fallback = "false",
            .meaning = "whether owner, group and set-user-ID are those of the archive"},
           dry_run_parameter,
           fsync_parameter},
          [](ParameterReader& reader, const ActionContext& context) {
            auto work = [spec = read_extract(reader, context)](FileRun& run) {
              return Extraction(spec, run).extract();
            };
            return file_action("extract", std::move(work), context);
          }};
}

}  // namespace belfry::jobs
