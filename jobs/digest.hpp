// SHA-256, on the calling thread: of files for a thread pool, never for the loop's thread.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

namespace belfry::jobs {

/// The SHA-256 of the file's bytes (FIPS 180-4) in lower-case hexadecimal. Throws io::IoError; when `stop` is
/// requested it stops with ECANCELED. `bytes` is increased by the size read.
std::string sha256_of_file(const std::stop_token& stop, const std::string& path, std::uint64_t& bytes);

/// The same of an open file, from where it stands.
std::string sha256_of_file(const std::stop_token& stop, int file, const std::string& path, std::uint64_t& bytes);

/// The same of bytes in memory.
std::string sha256(std::string_view bytes);

/// One line of sha256sum(1)'s output, "<digest>  <name>\n": a name with a backslash or a line break is escaped as
/// there.
std::string sha256sum_line(const std::string& digest, const std::string& name);

}  // namespace belfry::jobs
