// libuv's stat in our words. Private to fs.cpp and fs_file.cpp.
#pragma once

#include <sys/stat.h>
#include <uv.h>

#include "io/fs.hpp"

namespace belfry::io::fs {

inline FileTime to_time(const uv_timespec_t& time) {
  return FileTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

inline FileType type_of_mode(std::uint64_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return FileType::regular;
    case S_IFDIR:
      return FileType::folder;
    case S_IFLNK:
      return FileType::link;
    default:
      return FileType::other;
  }
}

inline Stat to_stat(const uv_stat_t& from) {
  Stat stat;
  stat.type = type_of_mode(from.st_mode);
  stat.mode = static_cast<mode_t>(from.st_mode & 07777U);
  stat.owner = static_cast<uid_t>(from.st_uid);
  stat.group = static_cast<gid_t>(from.st_gid);
  stat.size = from.st_size;
  stat.device = from.st_dev;
  stat.inode = from.st_ino;
  stat.accessed = to_time(from.st_atim);
  stat.modified = to_time(from.st_mtim);
  return stat;
}

}  // namespace belfry::io::fs
