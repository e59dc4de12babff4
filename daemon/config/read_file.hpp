// Reads the configuration file itself, with care for what a path may lead to.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>

#include "daemon/config/error_list.hpp"

namespace belfry::daemon {

/// The bytes of a regular file of at most `limit` bytes. Never waits: a FIFO, a socket or a device is refused. As root,
/// a file that others than root may change is refused, because its jobs would run as root.
std::expected<std::string, Complaint> read_config_file(const std::filesystem::path& path, std::size_t limit);

}  // namespace belfry::daemon
