#include "ledger/live_runs.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "io/fd_keeper_message.hpp"
#include "io/output_mirror.hpp"
#include "ledger/error.hpp"
#include "ledger/live_record.hpp"
#include "ledger/local_id.hpp"

namespace belfry::ledger {
namespace {

constexpr std::size_t segment_records = 64;
constexpr std::size_t segment_size = segment_records * sizeof(LiveRecord);

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw LedgerError(path.string() + ": " + what);
}

[[noreturn]] void fail_errno(const std::filesystem::path& path, const char* operation) {
  fail(path, std::string(operation) + ": " + std::strerror(errno));
}

/// Where a process number means what it meant when it was written.
std::string this_place(std::string boot) {
  if (boot.empty()) std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  std::error_code ignored;
  return boot + " " + std::filesystem::read_symlink("/proc/self/ns/pid", ignored).string();
}

io::Fd open_table(const std::filesystem::path& path) {
  io::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!file) fail_errno(path, "open");
  struct ::stat about{};
  if (::fstat(file.get(), &about) != 0) fail_errno(path, "stat");
  if (!S_ISREG(about.st_mode)) fail(path, "this is not a file; remove it");
  if (about.st_uid != ::geteuid()) {
    fail(path, "the table of running jobs belongs to another user (" + std::to_string(about.st_uid) +
                   "); somebody has put it there, remove it");
  }
  if ((about.st_mode & 077U) != 0) fail(path, "others may read or write the table of running jobs; remove it");
  return file;
}

constexpr std::uint32_t low_half = 0xffff;

/// A keeper that was not told yet of the next attempt has the descriptors of the one before.
std::uint32_t label_of(LiveRecord& record, std::uint32_t label) noexcept {
  const auto attempt = static_cast<std::uint32_t>(load_word(record.attempt) >> 1U);
  return attempt << 16U | (label & low_half);
}

std::int64_t count_of(WallTime time) noexcept { return time.time_since_epoch().count(); }

WallTime time_of(std::int64_t count) noexcept { return WallTime(Duration(count)); }

std::optional<int> integer(const MaybeNumber& number) noexcept {
  const auto value = number.get();
  return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

CapturedStream captured(std::span<std::byte> memory) {
  io::OutputMirror::Kept kept = io::OutputMirror(memory).read();
  const std::uint64_t dropped = kept.total - kept.head.size() - kept.tail.size();
  return {
      .head = std::move(kept.head), .tail = std::move(kept.tail), .total_bytes = kept.total, .dropped_bytes = dropped};
}

void write_start(LiveStart& start, const RunStarted& run) noexcept {
  start.of = run.run;
  start.caused_by.set(run.caused_by);
  start.queue = run.waits.queue.count();
  start.precondition = run.waits.precondition.count();
  start.ledger = run.waits.ledger.count();
}

void write_end(LiveEnd& end, const AttemptEnded& ended) noexcept {
  end.ended_at = count_of(ended.ended_at);
  end.exit_code.set(ended.exit_code);
  end.signal.set(ended.signal);
  end.attempts = ended.attempt;
  end.user_cpu = ended.usage.user_cpu.count();
  end.system_cpu = ended.usage.system_cpu.count();
  end.max_rss_bytes = ended.usage.max_rss_bytes;
  end.orphans = ended.orphans;
  end.lingering_pipe = ended.lingering_pipe ? 1 : 0;
  end.outcome.set(to_string(ended.outcome));
  end.message.set(ended.message);
}

void write_end(LiveEnd& end, const RunEnded& ended) noexcept {
  end.ended_at = count_of(ended.ended_at);
  end.exit_code.set(ended.exit_code);
  end.signal.set(ended.signal);
  end.attempts = ended.attempts;
  end.outcome.set(to_string(ended.outcome));
  end.message.set(ended.message);
}

AttemptEnded read_attempt_end(LiveRecord& record, const LiveRun& run) {
  const LiveEnd& end = record.attempt_end;
  return {.run = run.started.run,
          .job = run.started.job,
          .attempt = run.attempt,
          .started_at = run.attempt_started_at,
          .ended_at = time_of(end.ended_at),
          .outcome = outcome_from(end.outcome.get()).value_or(Outcome::lost),
          .exit_code = integer(end.exit_code),
          .signal = integer(end.signal),
          .message = std::string(end.message.get()),
          .usage = {.user_cpu = Duration(end.user_cpu),
                    .system_cpu = Duration(end.system_cpu),
                    .max_rss_bytes = end.max_rss_bytes,
                    .read_bytes = record.read_bytes,
                    .written_bytes = record.written_bytes,
                    .memory_peak_bytes = record.memory_peak_bytes.get()},
          .standard_output = captured(record.output),
          .standard_error = captured(record.error),
          .orphans = static_cast<int>(end.orphans),
          .lingering_pipe = end.lingering_pipe == 1};
}

RunEnded read_run_end(const LiveEnd& end, const RunStarted& started) {
  return {.run = started.run,
          .job = started.job,
          .trigger = started.trigger,
          .scheduled_at = started.scheduled_at,
          .started_at = started.started_at,
          .ended_at = time_of(end.ended_at),
          .outcome = outcome_from(end.outcome.get()).value_or(Outcome::lost),
          .exit_code = integer(end.exit_code),
          .signal = integer(end.signal),
          .attempts = static_cast<int>(end.attempts),
          .message = std::string(end.message.get())};
}

LiveRun read_run(LiveRecord& record) {
  LiveRun run;
  run.started.run = record.run;
  run.started.job = record.job.get();
  run.started.trigger = run_trigger_from(record.trigger.get()).value_or(RunTrigger::schedule);
  if (const auto slot = record.scheduled_at.get()) run.started.scheduled_at = time_of(*slot);
  run.started.started_at = time_of(record.started_at);
  run.started.generation = record.generation;
  if (const LiveStart& start = record.start; start.of == record.run) {
    run.started.caused_by = start.caused_by.get();
    run.started.waits = {
        .queue = Duration(start.queue), .precondition = Duration(start.precondition), .ledger = Duration(start.ledger)};
  }
  const std::uint64_t attempt = load_word(record.attempt);
  run.attempt = static_cast<int>(attempt >> 1U);
  if (run.attempt > 0) {
    LiveAttempt& newest = record.newest();
    run.attempt_started_at = time_of(newest.started_at);
    const std::uint64_t pid = load_word(newest.pid);
    if (pid != 0) run.process = io::ProcessMark{.pid = static_cast<pid_t>(pid), .start_ticks = newest.start_ticks};
    if ((attempt & 1U) != 0) run.attempt_ended = read_attempt_end(record, run);
  }
  if (load_word(record.state) == LiveRecord::over) run.ended = read_run_end(record.run_end, run.started);
  return run;
}

}  // namespace

std::unique_ptr<LiveRuns> LiveRuns::open(const std::string& ledger_path, const LiveRunsOptions& options) {
  auto path = options.folder / ("belfry-" + std::to_string(::geteuid()) + "-" + local_id(ledger_path));
  io::Fd file = open_table(path);
  std::unique_ptr<LiveRuns> table(new LiveRuns(std::move(path), std::move(file)));
  table->read_or_renew(this_place(options.boot), ledger_path);
  if (!options.keeper.empty()) table->open_keeper(options.keeper);
  return table;
}

void LiveRuns::open_keeper(const std::string& program) {
  try {
    keeper_ = io::FdKeeper::open(path_.string() + io::keeper_door_suffix, program);
    no_keeper_.clear();
    for (const RunId run : keeper_->owners()) {
      if (!index_.contains(run)) keeper_->drop(run);  // over and durable, which the keeper had not been told
    }
  } catch (const std::exception& error) {
    no_keeper_ = error.what();
  }
}

void LiveRuns::read_or_renew(const std::string& place, const std::string& ledger_path) {
  struct ::stat about{};
  if (::fstat(file_.get(), &about) != 0) fail_errno(path_, "stat");
  const auto size = static_cast<std::size_t>(about.st_size);
  const bool whole = size >= sizeof(LiveHeader) && (size - sizeof(LiveHeader)) % segment_size == 0;
  if (!whole && ::ftruncate(file_.get(), 0) != 0) fail_errno(path_, "truncate");
  if (const int error = ::posix_fallocate(file_.get(), 0, sizeof(LiveHeader)); error != 0) {
    fail(path_, std::string("no memory for the table of running jobs: ") + std::strerror(error));
  }
  void* const address = ::mmap(nullptr, sizeof(LiveHeader), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (address == MAP_FAILED) fail_errno(path_, "mmap");
  header_ = static_cast<LiveHeader*>(address);
  const bool valid = whole && load_word(header_->layout) == live_layout && header_->place.get() == place;
  whole_ = valid && load_word(header_->unsettled) == 0;
  if (!valid) renew(place, ledger_path);
  const std::size_t segments = valid ? (size - sizeof(LiveHeader)) / segment_size : 0;
  for (std::size_t number = 0; number < segments; ++number) {
    if (!map_segment()) fail_errno(path_, "no memory for the table of running jobs");
  }
  if (segments == 0 && !map_segment()) fail_errno(path_, "no memory for the table of running jobs");
  mapped_ = true;
}

void LiveRuns::renew(const std::string& place, const std::string& ledger_path) {
  store_word(header_->layout, 0);
  if (::ftruncate(file_.get(), sizeof(LiveHeader)) != 0) fail_errno(path_, "truncate");
  header_->newest_run = 0;
  header_->unsettled = 1;
  header_->place.set(place);
  header_->ledger.set(ledger_path);
  store_word(header_->layout, live_layout);
}

/// Maps one more piece of the file, which is made longer if need be. Its memory is taken now: tmpfs that is full would
/// answer a store with SIGBUS. False: errno says why not.
bool LiveRuns::map_segment() noexcept {
  const auto offset = static_cast<off_t>(sizeof(LiveHeader) + segments_.size() * segment_size);
  if (const int error = ::posix_fallocate(file_.get(), offset, segment_size); error != 0) {
    errno = error;
    return false;
  }
  void* const address = ::mmap(nullptr, segment_size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), offset);
  if (address == MAP_FAILED) return false;
  auto* const records = static_cast<LiveRecord*>(address);
  segments_.push_back(records);
  for (std::size_t i = segment_records; i-- > 0;) {
    LiveRecord& record = records[i];
    const std::uint64_t state = load_word(record.state);
    if (state == LiveRecord::running || state == LiveRecord::over) {
      index_.insert_or_assign(record.run, &record);
    } else {
      free_.push_back(&record);
    }
  }
  return true;
}

LiveRuns::~LiveRuns() {
  if (mapped_ && index_.empty()) {
    if (keeper_) keeper_->end();
    ::unlink(path_.c_str());
  }
  for (LiveRecord* segment : segments_) ::munmap(segment, segment_size);
  if (header_ != nullptr) ::munmap(header_, sizeof(LiveHeader));
}

std::vector<LiveRun> LiveRuns::left() const {
  std::vector<LiveRun> runs;
  runs.reserve(index_.size());
  for (const auto& [number, record] : index_) runs.push_back(read_run(*record));
  std::ranges::sort(runs, {}, [](const LiveRun& run) { return run.started.run; });
  return runs;
}

void LiveRuns::settled() noexcept { store_word(header_->unsettled, 0); }

RunId LiveRuns::newest_run() const noexcept { return static_cast<RunId>(load_word(header_->newest_run)); }

LiveRecord* LiveRuns::find(RunId run) const noexcept {
  const auto found = index_.find(run);
  return found == index_.end() ? nullptr : found->second;
}

bool LiveRuns::begin(const RunStarted& run) noexcept {
  if (run.job.size() > longest_job) return false;
  forget(run.run);
  if (free_.empty() && !map_segment()) return false;
  LiveRecord& record = *free_.back();
  free_.pop_back();
  record.attempt = 0;
  record.run = run.run;
  record.started_at = count_of(run.started_at);
  record.scheduled_at.set(run.scheduled_at ? std::optional(count_of(*run.scheduled_at)) : std::nullopt);
  record.generation = run.generation;
  write_start(record.start, run);
  record.trigger.set(to_string(run.trigger));
  record.job.set(run.job);
  io::OutputMirror::clear(record.output);
  io::OutputMirror::clear(record.error);
  if (run.run > newest_run()) store_word(header_->newest_run, static_cast<std::uint64_t>(run.run));
  store_word(record.state, LiveRecord::running);
  index_.insert_or_assign(run.run, &record);
  return true;
}

void LiveRuns::attempt(RunId run, int number, WallTime started_at) noexcept {
  LiveRecord* const record = find(run);
  if (record == nullptr) return;
  if (keeper_ && number > 1) {
    keeper_->drop(run);
    if (large_.erase(run) > 0) keeper_->flush();
  }
  LiveAttempt& next = record->attempts[static_cast<std::size_t>(number) % 2];
  store_word(next.pid, 0);
  next.started_at = count_of(started_at);
  io::OutputMirror::clear(record->output);  // before: the output of the last one must not be taken for this one's
  io::OutputMirror::clear(record->error);
  store_word(record->attempt, static_cast<std::uint64_t>(number) << 1U);
}

void LiveRuns::launched(RunId run, const io::ProcessMark& process) noexcept {
  LiveRecord* const record = find(run);
  if (record == nullptr) return;
  LiveAttempt& newest = record->newest();
  newest.start_ticks = process.start_ticks;
  store_word(newest.pid, static_cast<std::uint64_t>(process.pid));
}

void LiveRuns::attempt_ended(const AttemptEnded& ended) noexcept {
  LiveRecord* const record = find(ended.run);
  const std::uint64_t now = static_cast<std::uint64_t>(ended.attempt) << 1U;
  if (record == nullptr || load_word(record->attempt) != now) return;
  write_end(record->attempt_end, ended);
  record->read_bytes = ended.usage.read_bytes;
  record->written_bytes = ended.usage.written_bytes;
  record->memory_peak_bytes.set(ended.usage.memory_peak_bytes);
  store_word(record->attempt, now | 1U);
}

void LiveRuns::ended(const RunEnded& ended) noexcept {
  LiveRecord* const record = find(ended.run);
  if (record == nullptr || load_word(record->state) == LiveRecord::over) return;
  write_end(record->run_end, ended);
  store_word(record->state, LiveRecord::over);
}

void LiveRuns::forget(RunId run) noexcept {
  const auto found = index_.find(run);
  if (found == index_.end()) return;
  store_word(found->second->state, LiveRecord::free);
  free_.push_back(found->second);
  index_.erase(found);
  if (!keeper_) return;
  keeper_->drop(run);
  large_.erase(run);
}

void LiveRuns::tell_keeper() noexcept {
  if (keeper_) keeper_->flush();
}

bool LiveRuns::keep(RunId run, std::span<const io::LabelledFd> fds, bool large) noexcept {
  LiveRecord* const record = find(run);
  if (record == nullptr || !keeper_ || fds.size() > io::KeeperMessage::most_fds) return false;
  std::array<io::LabelledFd, io::KeeperMessage::most_fds> marked{};
  std::ranges::transform(fds, marked.begin(), [record](const io::LabelledFd& fd) {
    return io::LabelledFd{.label = label_of(*record, fd.label), .fd = fd.fd};
  });
  if (!keeper_->keep(run, {marked.data(), fds.size()})) return false;
  if (large) large_.insert(run);
  return true;
}

std::vector<io::KeptFd> LiveRuns::take_kept(RunId run) {
  LiveRecord* const record = find(run);
  if (record == nullptr || !keeper_) return {};
  std::vector<io::KeptFd> kept = keeper_->take(run);
  std::erase_if(kept, [record](const io::KeptFd& fd) { return fd.label != label_of(*record, fd.label & low_half); });
  for (io::KeptFd& fd : kept) fd.label &= low_half;
  return kept;
}

std::array<std::span<std::byte>, 2> LiveRuns::output(RunId run) noexcept {
  LiveRecord* const record = find(run);
  if (record == nullptr) return {};
  return {record->output, record->error};
}

}  // namespace belfry::ledger
