#include "jobs/archive_file.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <new>
#include <stdexcept>
#include <utility>

#include "io/io_error.hpp"

namespace belfry::jobs {

namespace {

struct FreeEntry {
  void operator()(archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
};

constexpr std::size_t block_size = std::size_t{128} << 10U;

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

std::string text_or_empty(const char* text) { return text != nullptr ? text : ""; }

}  // namespace

ArchiveFormat archive_format(std::string_view name) {
  if (name.ends_with(".tar")) return ArchiveFormat::tar;
  if (name.ends_with(".tar.gz") || name.ends_with(".tgz")) return ArchiveFormat::tar_gzip;
  if (name.ends_with(".tar.zst") || name.ends_with(".tzst")) return ArchiveFormat::tar_zstd;
  if (name.ends_with(".zip")) return ArchiveFormat::zip;
  return ArchiveFormat::none;
}

void FreeWriter::operator()(archive* writer) const noexcept {
  ::archive_write_fail(writer);  // nothing more is written: the file is given up, or finished already
  ::archive_write_free(writer);
}

void FreeReader::operator()(archive* reader) const noexcept { ::archive_read_free(reader); }

ArchiveWriter::ArchiveWriter(int file, std::string path, ArchiveFormat format)
    : path_(std::move(path)), writer_(::archive_write_new()) {
  if (!writer_) throw std::bad_alloc();
  archive* const writer = writer_.get();
  if (format == ArchiveFormat::zip) {
    check(::archive_write_set_format_zip(writer));
  } else {
    check(::archive_write_set_format_pax_restricted(writer));
  }
  if (format == ArchiveFormat::tar_gzip) check(::archive_write_add_filter_gzip(writer));
  if (format == ArchiveFormat::tar_zstd) check(::archive_write_add_filter_zstd(writer));
  check(::archive_write_set_bytes_in_last_block(writer, 1));
  check(::archive_write_open_fd(writer, file));
}

void ArchiveWriter::check(int result) const {
  if (result < ARCHIVE_WARN) fail(writer_.get(), "write", path_);
}

void ArchiveWriter::add(const std::string& name, const struct ::stat& status, const std::string& leads_to) {
  const std::unique_ptr<archive_entry, FreeEntry> entry(::archive_entry_new());
  if (!entry) throw std::bad_alloc();
  ::archive_entry_copy_stat(entry.get(), &status);
  ::archive_entry_set_nlink(entry.get(), 1);  // each name is a file of its own
  ::archive_entry_copy_pathname(entry.get(), name.c_str());
  if (S_ISLNK(status.st_mode)) ::archive_entry_copy_symlink(entry.get(), leads_to.c_str());
  if (!S_ISREG(status.st_mode)) ::archive_entry_set_size(entry.get(), 0);
  check(::archive_write_header(writer_.get(), entry.get()));
}

void ArchiveWriter::write(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const auto written = ::archive_write_data(writer_.get(), bytes.data(), bytes.size());
    if (written <= 0) fail(writer_.get(), "write", path_);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void ArchiveWriter::finish() { check(::archive_write_close(writer_.get())); }

ArchiveReader::ArchiveReader(int file, std::string path) : path_(std::move(path)), reader_(::archive_read_new()) {
  if (!reader_) throw std::bad_alloc();
  archive* const reader = reader_.get();
  check(::archive_read_support_filter_gzip(reader));
  check(::archive_read_support_filter_zstd(reader));
  check(::archive_read_support_format_tar(reader));
  check(::archive_read_support_format_zip(reader));
  check(::archive_read_open_fd(reader, file, block_size));
}

void ArchiveReader::check(int result) const {
  if (result < ARCHIVE_WARN) fail(reader_.get(), "read the archive", path_);
}

bool ArchiveReader::next(ArchiveEntry& entry) {
  archive_entry* found = nullptr;
  const int result = ::archive_read_next_header(reader_.get(), &found);
  if (result == ARCHIVE_EOF) return false;
  check(result);
  entry.name = text_or_empty(::archive_entry_pathname(found));
  entry.type = type_of(found);
  entry.leads_to = text_or_empty(entry.type == EntryType::hard_link ? ::archive_entry_hardlink(found)
                                                                    : ::archive_entry_symlink(found));
  entry.status = *::archive_entry_stat(found);
  return true;
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
