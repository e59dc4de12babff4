// The archives of the forms `archive` and `extract`: libarchive behind two classes. Private to them. Blocking.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct archive;
struct archive_entry;

namespace belfry::jobs {

enum class ArchiveFormat : std::uint8_t { none, tar, tar_gzip, tar_zstd, zip };

/// By the name's ending: .tar, .tar.gz, .tgz, .tar.zst, .tzst, .zip; none of them: none.
ArchiveFormat archive_format(std::string_view name);

struct FreeReader {
  void operator()(archive* reader) const noexcept;
};

/// Writes an archive into an open file. Every member throws std::runtime_error with a whole sentence, or io::IoError.
class ArchiveWriter {
 public:
  /// `path` is for messages.
  ArchiveWriter(int file, std::string path, ArchiveFormat format);

  /// A file (whose content then follows by write(), exactly status.st_size bytes), a folder, or a link to `leads_to`.
  void add(const std::string& name, const struct ::stat& status, const std::string& leads_to = {});
  void write(std::span<const char> bytes);
  void finish();
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;
  ~ArchiveWriter();

 private:
  void check(std::int64_t result) const;
  std::int64_t write_out(std::span<const char> bytes) noexcept;

  int file_;
  std::string path_;
  archive* writer_;
  std::int64_t left_ = 0;  // of the content of the file that was added
  int error_ = 0;          // of write(2): libarchive is not told of it, see write_out()
  bool given_up_ = false;
};

enum class EntryType : std::uint8_t { file, folder, link, hard_link, other };

struct ArchiveEntry {
  std::string name;
  EntryType type = EntryType::other;
  std::string leads_to;  ///< of links of both kinds
  struct ::stat status;  ///< mode, owner and times, as the archive says
};

/// Reads an archive of one of the formats, whichever it is.
class ArchiveReader {
 public:
  ArchiveReader(int file, std::string path);

  /// The next entry; false at the end. A tar without its end is one that was cut short: an error.
  bool next(ArchiveEntry& entry);
  /// The next bytes of its content, valid until the next call; `offset`: where they belong; empty at the end.
  std::span<const char> read(std::uint64_t& offset);
  /// How many bytes of the file, compressed as it is, have been read.
  std::uint64_t position() const noexcept;

 private:
  void check(int result) const;

  std::string path_;
  std::unique_ptr<archive, FreeReader> reader_;
  bool begun_ = false;
};

}  // namespace belfry::jobs
