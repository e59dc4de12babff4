#include "observe/log.hpp"

#include <spdlog/logger.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "observe/log_writer.hpp"

namespace belfry::observe {

namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

bool is_journal(int fd) {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat file{};
  if (stream == nullptr || ::fstat(fd, &file) != 0) return false;
  return std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino) == stream;
}

}  // namespace

LogFormat detect_format(int fd) {
  if (is_journal(fd)) return LogFormat::journal;
  if (::isatty(fd) == 0) return LogFormat::json;
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  const bool plain =
      (no_colour != nullptr && *no_colour != '\0') || terminal == nullptr || std::string_view(terminal) == "dumb";
  return plain ? LogFormat::text : LogFormat::colour;
}

Log::Log(LogOptions options)
    : options_(std::move(options)), format_(options_.format.value_or(detect_format(options_.fd))) {
  std::unique_ptr<LogOutput> output;
  if (format_ == LogFormat::journal && is_journal(options_.fd)) output = JournalOutput::connect(options_.journal);
  native_ = output != nullptr;
  if (!native_) output = std::make_unique<StreamOutput>(options_.fd);
  writer_ = std::make_unique<LogWriter>(std::move(output), options_.capacity);
  logger_ = std::make_shared<spdlog::logger>("belfry", std::make_shared<LogWriterSink>(*writer_));
  set_level(options_.level);
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view message, const LogFields& fields) {
  if (!enabled(level)) return;
  const std::string line = formatted({.at = options_.wall_now(), .level = level, .message = message, .fields = fields});
  logger_->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

std::string Log::formatted(const LogRecord& record) const {
  return native_ ? journal_record(record) : format(record, format_);
}

void Log::set_level(LogLevel level) noexcept { logger_->set_level(spdlog_level(level)); }

bool Log::enabled(LogLevel level) const noexcept { return logger_->should_log(spdlog_level(level)); }

void Log::flush() { writer_->flush(); }

std::uint64_t Log::dropped() const noexcept { return writer_->dropped(); }

}  // namespace belfry::observe
