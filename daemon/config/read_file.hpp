// Reads the configuration file itself, with care for what a path may lead to.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/config/error_list.hpp"

namespace belfry::daemon {

/// The bytes of a regular file of at most `limit` bytes. Never waits: a FIFO, a socket or a device is refused. As root,
/// a file that others than root may change is refused, because its jobs would run as root.
std::expected<std::string, Complaint> read_config_file(const std::filesystem::path& path, std::size_t limit);

/// A file that a configuration is made of, as it was read. Plain value.
struct SourceFile {
  std::filesystem::path path;  ///< absolute
  std::string state;           ///< the SHA-256 of what it held, or why it could not be read
  bool program = false;        ///< it is loaded, not read: `state` is which file it is, its size and its times
  friend bool operator==(const SourceFile&, const SourceFile&) = default;
};

/// read_config_file(), noted in `files`.
std::expected<std::string, Complaint> read_source(const std::filesystem::path& path, std::size_t limit,
                                                  std::vector<SourceFile>& files);

/// Notes a program that a configuration is made of, such as a plugin, which may be large.
void note_program(const std::filesystem::path& path, std::vector<SourceFile>& files);

/// Whether each of the files would be read as it was then. `limit` as above. Reads them all; any thread.
bool still_as_read(const std::vector<SourceFile>& files, std::size_t limit);

}  // namespace belfry::daemon
