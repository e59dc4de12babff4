#include "observe/journal_output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "observe/log.hpp"
#include "support/journald.hpp"
#include "support/temp_dir.hpp"

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;

using Record = test::JournalFields;
using test::Journald;

/// A file that JOURNAL_STREAM names.
struct Stream {
  test::TempDir folder;
  int fd = -1;

  Stream() {
    fd = ::open((folder / "stream").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat file{};
    REQUIRE(::fstat(fd, &file) == 0);
    ::setenv("JOURNAL_STREAM", (std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino)).c_str(), 1);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    ::unsetenv("JOURNAL_STREAM");
    ::close(fd);
  }

  std::string socket() const { return (folder / "socket").string(); }
  LogOptions options() const {
    LogOptions options;
    options.fd = fd;
    options.journal = socket();
    return options;
  }
  std::string text() const {
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(::pread(fd, text.data(), text.size(), 0), 0)));
    return text;
  }
};

TEST_CASE("a record under journald has its fields by name, and the line as its message") {
  const Stream stream;
  const Journald journald(stream.socket());
  Log log(stream.options());
  log.warning("run ended", {{"job", "backup"}, {"run", 12}, {"duration_seconds", 1.5}, {"watched", true}});
  log.flush();
  const Record record = journald.receive().value();
  CHECK(record == Record{{"MESSAGE", "run ended  job=backup run=12 duration_seconds=1.5 watched=true"},
                         {"PRIORITY", "4"},
                         {"SYSLOG_IDENTIFIER", "observe_test"},
                         {"JOB", "backup"},
                         {"RUN", "12"},
                         {"DURATION_SECONDS", "1.5"},
                         {"WATCHED", "true"}});
  CHECK(stream.text().empty());
  CHECK(log.dropped() == 0);
}

TEST_CASE("text of others cannot break out of its field") {
  const LogFields fields{{"reason", "first\nPRIORITY=0\n\nJOB=root"}, {"job", "a=b \"c\""}};
  const Record record =
      test::parse_journal(journal_record({.at = {}, .level = LogLevel::info, .message = "m\nn", .fields = fields}));
  CHECK(record.at("REASON") == "first\nPRIORITY=0\n\nJOB=root");
  CHECK(record.at("JOB") == "a=b \"c\"");
  CHECK(record.at("PRIORITY") == "6");
  CHECK(record.at("MESSAGE") == R"(m\nn  reason="first\nPRIORITY=0\n\nJOB=root" job="a=b \"c\"")");
}

TEST_CASE("a record has a bound: fields that are too long for it are left out") {
  const LogFields fields{{"stack", std::string(20'000, 'x')}, {"job", "backup"}};
  const std::string datagram =
      journal_record({.at = {}, .level = LogLevel::info, .message = std::string(20'000, 'm'), .fields = fields});
  CHECK(datagram.size() < 17'000);
  const Record record = test::parse_journal(datagram);
  CHECK(record.at("MESSAGE").size() == 8192);
  CHECK(record.at("JOB") == "backup");
  CHECK_FALSE(record.contains("STACK"));
}

TEST_CASE("without a journal's socket its stream gets lines with priorities") {
  const Stream stream;
  Log log(stream.options());
  log.warning("run ended", {{"job", "backup"}});
  log.flush();
  CHECK(stream.text() == "<4>run ended  job=backup\n");
}

TEST_CASE("another output than the journal's gets lines although a journald listens") {
  const Stream stream;
  const Journald journald(stream.socket());
  ::setenv("JOURNAL_STREAM", "1:1", 1);
  LogOptions options = stream.options();
  options.format = LogFormat::journal;
  Log log(options);
  log.info("here");
  log.flush();
  CHECK(stream.text() == "<6>here\n");
  CHECK_FALSE(journald.receive().has_value());
}

TEST_CASE("a journald that was started anew gets what follows; what nobody can take is counted") {
  const Stream stream;
  std::optional<Journald> journald(stream.socket());
  Log log(stream.options());
  journald.reset();
  std::filesystem::remove(stream.socket());
  log.info("lost");
  log.flush();
  CHECK(log.dropped() == 1);
  journald.emplace(stream.socket());
  log.info("kept");
  log.flush();
  CHECK(journald->receive().value().at("MESSAGE") == "kept");
  CHECK(log.dropped() == 1);
}

TEST_CASE("a journald that stands still never stalls the writer: records are dropped and counted") {
  const Stream stream;
  const Journald journald(stream.socket());
  LogOptions options = stream.options();
  options.capacity = 16;
  constexpr std::uint64_t kLines = 5000;  // its queue has room for fewer
  std::uint64_t dropped = 0;
  {
    Log log(options);
    for (std::uint64_t i = 0; i < kLines; ++i) log.info(std::string(1000, 'x'));
    log.flush();
    dropped = log.dropped();
  }
  std::uint64_t received = 0;
  while (journald.receive()) ++received;
  CHECK(dropped > 0);
  CHECK(received + dropped == kLines);
}

}  // namespace
}  // namespace belfry::observe
