#include "daemon/config/read_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "jobs/digest.hpp"

namespace belfry::daemon {
namespace {

class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

Complaint cannot_be_read(int error, std::string hint = "") {
  return {"cannot be read: " + std::generic_category().message(error), "", std::move(hint)};
}

std::string open_hint(int error, const std::filesystem::path& path) {
  if (error == ENOENT) return "name the file with --config";
  if (error == EACCES) return "look with: namei -l " + quotable(path.native(), 200);
  if (error == ENXIO) return "this is a socket, a FIFO or a device: name a regular file";
  return "";
}

// Whoever may write the file may run anything as root.
std::expected<void, Complaint> check_writers(const struct stat& status, const std::filesystem::path& path) {
  if (::geteuid() != 0) return {};
  const auto name = quotable(path.native(), 200);
  if (status.st_uid != 0) {
    return std::unexpected(Complaint{
        "belongs to user " + std::to_string(status.st_uid) + ", who could run anything as root by changing it",
        "a file of root", "chown root " + name + ", or run belfryd as that user"});
  }
  const bool others = (status.st_mode & S_IWOTH) != 0;
  const bool group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
  if (others || group) {
    return std::unexpected(Complaint{"others than root may change it, and so could run anything as root",
                                     "a file that only root may write", "chmod go-w " + name});
  }
  return {};
}

std::expected<std::string, Complaint> read_all(int descriptor, std::size_t limit) {
  std::string text;
  while (text.size() <= limit) {
    const auto before = text.size();
    constexpr std::size_t step = std::size_t{64} << 10U;
    text.resize(before + step);
    const auto count = ::read(descriptor, text.data() + before, step);
    if (count < 0 && errno == EINTR) {
      text.resize(before);
      continue;
    }
    if (count < 0) return std::unexpected(cannot_be_read(errno));
    text.resize(before + static_cast<std::size_t>(count));
    if (count == 0) return text;
  }
  return std::unexpected(Complaint{"the file is larger than " + std::to_string(limit >> 20U) + " MiB",
                                   "at most " + std::to_string(limit) + " bytes",
                                   "split the jobs over several daemons, or move data out of the file"});
}

std::string state_of(const std::expected<std::string, Complaint>& text) {
  return text ? jobs::sha256(*text) : text.error().message;
}

std::string state_of_program(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::generic_category().message(errno);
  const auto text = [](auto number) { return std::to_string(number) + " "; };
  return text(status.st_dev) + text(status.st_ino) + text(status.st_size) + text(status.st_mtim.tv_sec) +
         text(status.st_mtim.tv_nsec) + text(status.st_ctim.tv_sec) + text(status.st_ctim.tv_nsec);
}

}  // namespace

std::expected<std::string, Complaint> read_config_file(const std::filesystem::path& path, std::size_t limit) {
  const OpenFile file(path);
  if (file.get() < 0) return std::unexpected(cannot_be_read(errno, open_hint(errno, path)));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return std::unexpected(cannot_be_read(errno));
  if (S_ISDIR(status.st_mode)) return std::unexpected(cannot_be_read(EISDIR, "name the file in it"));
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(Complaint{"cannot be read: not a regular file", "a regular file"});
  }
  if (auto checked = check_writers(status, path); !checked) return std::unexpected(std::move(checked.error()));
  return read_all(file.get(), limit);
}

std::expected<std::string, Complaint> read_source(const std::filesystem::path& path, std::size_t limit,
                                                  std::vector<SourceFile>& files) {
  auto text = read_config_file(path, limit);
  files.push_back({.path = std::filesystem::absolute(path), .state = state_of(text), .program = false});
  return text;
}

void note_program(const std::filesystem::path& path, std::vector<SourceFile>& files) {
  files.push_back({.path = path, .state = state_of_program(path), .program = true});
}

bool still_as_read(const std::vector<SourceFile>& files, std::size_t limit) {
  return std::ranges::all_of(files, [limit](const SourceFile& file) {
    const auto now = file.program ? state_of_program(file.path) : state_of(read_config_file(file.path, limit));
    return now == file.state;
  });
}

}  // namespace belfry::daemon
