#include "jobs/checksum_list.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <vector>

#include "io/io_error.hpp"
#include "jobs/atomic_file.hpp"
#include "jobs/digest.hpp"
#include "jobs/parameters.hpp"

namespace belfry::jobs {

namespace {

constexpr std::size_t digest_length = 64;
constexpr std::streamsize longest_line = 16384;  // a digest, and a name in which each byte is escaped

std::string plural(std::uint64_t count, const std::string& word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

std::string shown_name(const std::string& file, const std::string& relative_to) {
  const std::string folder = relative_to.ends_with('/') ? relative_to : relative_to + "/";
  return !relative_to.empty() && file.starts_with(folder) ? file.substr(folder.size()) : file;
}

struct Line {
  std::string digest;
  std::string name;
};

/// "\\" and "\n" as sha256sum writes them where a line starts with a backslash.
std::optional<std::string> unescaped(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      name += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    constexpr std::string_view letters = "\\nr";
    constexpr std::string_view meant = "\\\n\r";
    const auto which = letters.find(text[i]);
    if (which == std::string_view::npos) return std::nullopt;
    name += meant[which];
  }
  return name;
}

std::optional<Line> parse(std::string_view line) {
  const bool escaped = line.starts_with('\\');
  if (escaped) line.remove_prefix(1);
  if (line.size() < digest_length + 3 || line[digest_length] != ' ') return std::nullopt;
  if (line[digest_length + 1] != ' ' && line[digest_length + 1] != '*') return std::nullopt;
  Line result{.digest = std::string(line.substr(0, digest_length)), .name = {}};
  for (char& c : result.digest) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c | 0x20);
  }
  if (result.digest.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  const auto name = line.substr(digest_length + 2);
  const auto plain = escaped ? unescaped(name) : std::optional(std::string(name));
  if (!plain) return std::nullopt;
  result.name = *plain;
  return result;
}

/// What is wrong with a file; empty: nothing.
std::string compare(const std::stop_token& stop, const Line& line, const std::string& path, std::uint64_t& bytes) {
  try {
    return sha256_of_file(stop, path, bytes) == line.digest ? "" : "FAILED";
  } catch (const io::IoError& error) {
    if (error.code().value() == ECANCELED) throw;
    return "FAILED open or read";
  }
}

}  // namespace

std::string write_checksums(const std::stop_token& stop, std::vector<std::string> files, const ChecksumList& list) {
  std::erase(files, list.output);
  // An empty list would take the place of one that is still of use, and sha256sum refuses it.
  if (files.empty()) return "nothing to sum: no file matches, " + list.output + " was not written";
  AtomicFile target(list.output);
  std::uint64_t bytes = 0;
  for (const auto& file : files) {
    target.write(sha256sum_line(sha256_of_file(stop, file, bytes), shown_name(file, list.relative_to)));
  }
  target.set_mode(0644);
  target.commit({.overwrite = true, .sync = list.sync, .sync_folder = list.sync});
  return "SHA-256 of " + plural(files.size(), "file") + ", " + format_size(bytes) + ", in " + list.output;
}

Verified verify_checksums(const std::stop_token& stop, const std::string& list, const std::string& base,
                          const std::function<void(std::string_view)>& say) {
  std::error_code unknown;  // a FIFO would hold a thread for ever, a device has no end
  if (std::filesystem::exists(list, unknown) && !std::filesystem::is_regular_file(list, unknown))
    throw io::IoError(EINVAL, "read what is no regular file:", list);
  std::ifstream lines(list);
  if (!lines) throw io::IoError(errno, "open", list);
  Verified result;
  std::vector<char> text(longest_line);
  for (std::uint64_t number = 1; lines.getline(text.data(), longest_line); ++number) {
    if (stop.stop_requested()) throw io::IoError(ECANCELED, "read", list);
    const auto line = parse(text.data());
    if (!line) {
      throw std::runtime_error(list + ":" + std::to_string(number) +
                               ": not a line of sha256sum: 64 hexadecimal digits, two spaces and a name are expected");
    }
    const std::string wrong = compare(stop, *line, (std::filesystem::path(base) / line->name).string(), result.bytes);
    if (wrong.empty()) {
      ++result.right;
      continue;
    }
    if (result.wrong++ == 0) result.first_wrong = line->name + ": " + wrong;
    say(line->name + ": " + wrong);
  }
  if (lines.bad()) throw io::IoError(EIO, "read", list);
  if (!lines.eof()) throw std::runtime_error(list + ": a line is too long for one of sha256sum");
  if (result.right + result.wrong == 0) throw std::runtime_error(list + " is empty: there is nothing to verify");
  return result;
}

}  // namespace belfry::jobs
