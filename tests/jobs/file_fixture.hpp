// What the tests of file jobs share: a folder of its own, and the action run in it.
#pragma once

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <expected>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>

#include "action_fixture.hpp"
#include "jobs/file.hpp"
#include "support/file_text.hpp"
#include "support/temp_dir.hpp"

namespace belfry::test {

namespace stdfs = std::filesystem;

inline void write(const stdfs::path& path, const std::string& text) {
  stdfs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

/// The names below a folder, so that leftovers show.
inline std::set<std::string> names(const stdfs::path& folder) {
  std::set<std::string> all;
  for (const auto& entry : stdfs::recursive_directory_iterator(folder)) {
    if (!entry.is_directory()) all.insert(entry.path().lexically_relative(folder).string());
  }
  return all;
}

class FileFolder : public TempDir {
 public:
  explicit FileFolder(std::size_t threads = 2, const stdfs::path& in = stdfs::temp_directory_path())
      : TempDir(in), pool_(async::ThreadPoolOptions("test").threads(threads)) {}

  Ran run(const std::string& operation, const jobs::ParameterMap& parameters) {
    const auto action = make(operation, parameters);
    if (!action) FAIL(action.error().message);
    return run_action(*action);
  }
  std::expected<std::shared_ptr<const engine::Action>, jobs::ParameterError> make(
      const std::string& operation, const jobs::ParameterMap& parameters) {
    return make_action(jobs::file_kind(), {.kind = "file", .form = operation, .parameters = parameters},
                       {.pool = &pool_, .working_dir = path()});
  }
  async::ThreadPool& pool() noexcept { return pool_; }

 private:
  async::ThreadPool pool_;
};

/// A file system of its own with little room; the test passes over where mounting is not permitted.
class SmallDisk {
 public:
  explicit SmallDisk(stdfs::path at) : at_(std::move(at)) {
    stdfs::create_directories(at_);
    mounted_ = ::mount("none", at_.c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  stdfs::path at_;
  bool mounted_ = false;
};

}  // namespace belfry::test
