#include "jobs/archive_file.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <utility>

#include "io/io_error.hpp"

namespace belfry::jobs {

namespace {

struct FreeEntry {
  void operator()(archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
};

constexpr std::size_t archive_block = std::size_t{128} << 10U;
constexpr std::int64_t tar_block = 512;
constexpr std::int64_t most_filled_up = std::int64_t{64} << 20U;  // bytes

[[noreturn]] void fail(archive* which, const std::string& what, const std::string& path) {
  const char* const text = ::archive_error_string(which);
  throw std::runtime_error("cannot " + what + " " + path + ": " + (text != nullptr ? text : "unknown error"));
}

EntryType type_of(archive_entry* entry) {
  if (::archive_entry_hardlink(entry) != nullptr) return EntryType::hard_link;
  switch (::archive_entry_filetype(entry)) {
    case AE_IFREG:
      return EntryType::file;
    case AE_IFDIR:
      return EntryType::folder;
    case AE_IFLNK:
      return EntryType::link;
    default:
      return EntryType::other;
  }
}

/// The name as it is, or, where this locale has no way to write it, as UTF-8.
std::string first_of(const char* plain, const char* utf8) {
  if (plain != nullptr) return plain;
  return utf8 != nullptr ? utf8 : "";
}

}  // namespace

ArchiveFormat archive_format(std::string_view name) {
  if (name.ends_with(".tar")) return ArchiveFormat::tar;
  if (name.ends_with(".tar.gz") || name.ends_with(".tgz")) return ArchiveFormat::tar_gzip;
  if (name.ends_with(".tar.zst") || name.ends_with(".tzst")) return ArchiveFormat::tar_zstd;
  if (name.ends_with(".zip")) return ArchiveFormat::zip;
  return ArchiveFormat::none;
}

void FreeReader::operator()(archive* reader) const noexcept { ::archive_read_free(reader); }

ArchiveWriter::ArchiveWriter(int file, std::string path, ArchiveFormat format)
    : file_(file), path_(std::move(path)), writer_(::archive_write_new()) {
  if (writer_ == nullptr) throw std::bad_alloc();
  const auto write = [](archive*, void* self, const void* bytes, std::size_t size) -> la_ssize_t {
    return static_cast<ArchiveWriter*>(self)->write_out({static_cast<const char*>(bytes), size});
  };
  try {
    check(format == ArchiveFormat::zip ? ::archive_write_set_format_zip(writer_)
                                       : ::archive_write_set_format_pax_restricted(writer_));
    if (format == ArchiveFormat::tar_gzip) check(::archive_write_add_filter_gzip(writer_));
    if (format == ArchiveFormat::tar_zstd) check(::archive_write_add_filter_zstd(writer_));
    check(::archive_write_set_bytes_in_last_block(writer_, 1));
    check(::archive_write_open(writer_, this, nullptr, write, nullptr));
  } catch (...) {
    ::archive_write_free(writer_);
    throw;
  }
}

/// libarchive frees its compressors only in the end of an archive, so one that is given up is ended, too: into nothing.
/// A large rest of a file would be filled up with zeros by that; then what a compressor holds, a quarter of a megabyte,
/// is lost.
ArchiveWriter::~ArchiveWriter() {
  given_up_ = true;
  if (left_ > most_filled_up) ::archive_write_fail(writer_);
  ::archive_write_free(writer_);
}

/// Never tells libarchive of an error, for then it would not free its compressors: check() throws it.
std::int64_t ArchiveWriter::write_out(std::span<const char> bytes) noexcept {
  const auto size = static_cast<std::int64_t>(bytes.size());
  while (!bytes.empty() && !given_up_ && error_ == 0) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  return size;
}

void ArchiveWriter::check(std::int64_t result) const {
  if (error_ != 0) throw io::IoError(error_, "write", path_);
  if (result < ARCHIVE_WARN) fail(writer_, "write", path_);
}

void ArchiveWriter::add(const std::string& name, const struct ::stat& status, const std::string& leads_to) {
  const std::unique_ptr<archive_entry, FreeEntry> entry(::archive_entry_new());
  if (!entry) throw std::bad_alloc();
  ::archive_entry_copy_stat(entry.get(), &status);
  ::archive_entry_set_nlink(entry.get(), 1);  // each name is a file of its own
  ::archive_entry_copy_pathname(entry.get(), name.c_str());
  if (S_ISLNK(status.st_mode)) ::archive_entry_copy_symlink(entry.get(), leads_to.c_str());
  if (!S_ISREG(status.st_mode)) ::archive_entry_set_size(entry.get(), 0);
  check(::archive_write_header(writer_, entry.get()));
  left_ = S_ISREG(status.st_mode) ? status.st_size : 0;
}

void ArchiveWriter::write(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const auto written = ::archive_write_data(writer_, bytes.data(), bytes.size());
    check(written);
    if (written <= 0) fail(writer_, "write", path_);
    left_ -= written;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void ArchiveWriter::finish() { check(::archive_write_close(writer_)); }

ArchiveReader::ArchiveReader(int file, std::string path) : path_(std::move(path)), reader_(::archive_read_new()) {
  if (!reader_) throw std::bad_alloc();
  archive* const reader = reader_.get();
  check(::archive_read_support_filter_gzip(reader));
  check(::archive_read_support_filter_zstd(reader));
  check(::archive_read_support_format_tar(reader));
  check(::archive_read_support_format_zip(reader));
  check(::archive_read_open_fd(reader, file, archive_block));
}

void ArchiveReader::check(int result) const {
  if (result < ARCHIVE_WARN) fail(reader_.get(), "read the archive", path_);
}

bool ArchiveReader::next(ArchiveEntry& entry) {
  archive* const reader = reader_.get();
  archive_entry* found = nullptr;
  if (begun_) check(::archive_read_data_skip(reader));
  begun_ = true;
  const std::int64_t before = ::archive_filter_bytes(reader, 0);
  const int result = ::archive_read_next_header(reader, &found);
  if (result == ARCHIVE_EOF) {
    // What libarchive takes for an end, too, is that nothing comes any more; padding before that is no end.
    const bool tar = (::archive_format(reader) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
    if (tar && ::archive_filter_bytes(reader, 0) - before < tar_block) {
      throw std::runtime_error("cannot read the archive " + path_ + ": it ends without its end: it was cut short");
    }
    return false;
  }
  check(result);
  entry.name = first_of(::archive_entry_pathname(found), ::archive_entry_pathname_utf8(found));
  entry.type = type_of(found);
  entry.leads_to = entry.type == EntryType::hard_link
                       ? first_of(::archive_entry_hardlink(found), ::archive_entry_hardlink_utf8(found))
                       : first_of(::archive_entry_symlink(found), ::archive_entry_symlink_utf8(found));
  entry.status = *::archive_entry_stat(found);
  return true;
}

std::uint64_t ArchiveReader::position() const noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(::archive_filter_bytes(reader_.get(), -1), 0));
}

std::span<const char> ArchiveReader::read(std::uint64_t& offset) {
  const void* bytes = nullptr;
  std::size_t size = 0;
  la_int64_t at = 0;
  const int result = ::archive_read_data_block(reader_.get(), &bytes, &size, &at);
  if (result == ARCHIVE_EOF) return {};
  check(result);
  offset = static_cast<std::uint64_t>(at);
  return {static_cast<const char*>(bytes), size};
}

}  // namespace belfry::jobs
