#include "jobs/exec_run.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "async/sleep.hpp"
#include "io/output_mirror.hpp"
#include "io/poller.hpp"

namespace belfry::jobs {

namespace {

io::Fd open_input(const ExecSpec& spec) {
  if (const auto* text = std::get_if<StdinText>(&spec.standard_input))
    return io::make_memory_file("belfry-stdin", text->text);
  const auto* file = std::get_if<StdinFile>(&spec.standard_input);
  if (file == nullptr) return {};
  const std::string path =
      file->path.starts_with('/') || spec.working_dir.empty() ? file->path : spec.working_dir + "/" + file->path;
  io::Fd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));  // a FIFO must not stop the loop
  if (!opened) throw std::system_error(errno, std::generic_category(), path);
  ::fcntl(opened.get(), F_SETFL, 0);
  return opened;
}

/// Says in the memory that outlives us which pipe is kept there.
void note_source(std::span<std::byte> memory, const io::Fd& pipe) {
  struct ::stat about{};
  if (!memory.empty() && ::fstat(pipe.get(), &about) == 0) io::OutputMirror(memory).set_source(about.st_ino);
}

/// What a later daemon needs of an attempt, in Report::keep.
enum Label : std::uint32_t {
  leader = 1,
  output = 2,
  error = 3,
  shim = 4,
  output_memory = 5,
  error_memory = 6,
  answer = 7,
  sign = 8,
  held = 9
};

constexpr std::size_t halves = 2;  // of a mirror that is as large as the budget, which is kept in halves

/// The memory that the earlier daemon went on in when that of the table had become too small; usually none.
std::optional<io::SharedMemory> memory_of(io::Fd kept) {
  if (!kept) return std::nullopt;
  try {
    io::SharedMemory memory(std::move(kept));
    memory.close_file();  // the keeper has it
    return memory;
  } catch (const std::exception&) {  // not one of ours, or there is no room for it: the table's has the ends
    return std::nullopt;
  }
}

}  // namespace

bool ExecRun::start(const io::LaunchSpec& launch, std::span<const std::string> environment) {
  try {
    return attach_and_launch(launch, environment);
  } catch (const std::system_error& error) {
    const std::string command = launch.argv.empty() ? "an empty command" : launch.argv.front();
    report_.message =
        "cannot start " + command + ": " + error.code().message() + " (its standard streams: " + error.what() + ")";
    return false;
  }
}

bool ExecRun::attach_and_launch(const io::LaunchSpec& launch, std::span<const std::string> environment) {
  const io::Fd input = open_input(spec_);
  io::Fd script;
  if (const auto* text = std::get_if<Script>(&spec_.command)) {
    script = io::make_memory_file("belfry-script", text->text);
  }
  if (spec_.judge_answer) {
    answer_.reset(::memfd_create("belfry-answer", MFD_CLOEXEC));
    if (!answer_) throw std::system_error(errno, std::generic_category(), "memfd_create");
  }
  auto [output, error] = io::Poller::of_current_loop()->take_stream_pipes();
  io::Pipe shim;
  if (spec_.needs_shim()) shim = io::make_pipe();
  note_source(report_.kept_output, output.read_end);  // before there is a process that might have to be adopted
  note_source(report_.kept_error, error.read_end);
  auto process = io::Process::start(launch, {.standard_input = input.get(),
                                             .standard_output = output.write_end.get(),
                                             .standard_error = error.write_end.get(),
                                             .report = shim.write_end.get(),
                                             .script = script ? script.get() : answer_.get(),
                                             .held = true,
                                             .environment = environment});
  if (!process) {
    report_.message = process.error().message;
    return false;
  }
  process_.emplace(std::move(*process));
  shim_report_ = std::move(shim.read_end);
  if (report_.launched) report_.launched(process_->mark());
  bool kept = false;
  if (report_.keep) {
    std::vector<io::LabelledFd> needed{{.label = Label::leader, .fd = process_->pidfd()},
                                       {.label = Label::output, .fd = output.read_end.get()},
                                       {.label = Label::error, .fd = error.read_end.get()}};
    if (shim_report_) needed.push_back({.label = Label::shim, .fd = shim_report_.get()});
    if (answer_) needed.push_back({.label = Label::answer, .fd = answer_.get()});
    kept = report_.keep(needed, false);
  }
  process_->release(kept ? io::Streams::kept : io::Streams::lasting);
  capture(std::move(output.read_end), std::move(error.read_end));
  return true;
}

void ExecRun::capture(io::Fd output, io::Fd error) {
  HeldBack held = held_back();
  if (OutputPath::needed(spec_) || hiding_.any()) {
    path_.emplace(spec_, attempt_, hiding_, std::move(held), text_of(take_kept(Label::sign)),
                  [this](const std::string& sentence) { keep_sign(sentence); });
  }
  capture(Stream::output, std::move(output));
  capture(Stream::error, std::move(error));
}

void ExecRun::capture(Stream stream, io::Fd pipe) {
  const bool first = stream == Stream::output;
  std::optional<io::OutputCapture>& capture = first ? output_ : error_;
  std::optional<io::SharedMemory>& memory = first ? output_memory_ : error_memory_;
  const std::span<std::byte> in_table = first ? report_.kept_output : report_.kept_error;
  const io::OutputMirror mirror(in_table);
  const io::OutputMirror larger = memory ? io::OutputMirror(memory->bytes(), halves) : io::OutputMirror();
  const bool in_larger = memory && larger.total() >= mirror.total();
  if (!in_larger) memory.reset();
  const io::OutputMirror::Kept before = in_larger ? larger.read() : mirror.read();  // usually nothing
  io::HeadTailBuffer buffer(spec_.output_budget);
  buffer.resume(before.head, before.tail, before.total);
  io::OutputCapture::Enlarge enlarge;
  if (in_larger) {
    enlarge = [larger](const auto&) { return larger; };
  } else if (!in_table.empty() && report_.keep) {
    enlarge = enlarge_into(memory, first ? Label::output_memory : Label::error_memory);
  }
  io::OutputCapture::Through through;
  io::OutputCapture::Reading reading;
  if (path_) {
    path_->resume(stream, before);
    through = [this, stream](auto bytes, bool end) { return path_->pass(stream, bytes, end); };
    if (hiding_.any()) reading = [this, stream](bool begins) { path_->reading(stream, begins); };
  }
  capture.emplace(std::move(pipe), std::move(buffer), mirror, std::move(enlarge), std::move(through),
                  std::move(reading));
}

/// Whoever has some had something to hide, whatever the declaration says now.
HeldBack ExecRun::held_back() {
  HeldBack kept(take_kept(Label::held));
  if (kept.there() && !hiding_.texts) hiding_.unknown = true;
  if (kept.there() || !hiding_.any()) return kept;
  return HeldBack::keep_new(report_, Label::held, hiding_.taken_over);
}

/// Most jobs print so little that the table has room for it; for the others there is memory as large as their budget.
io::OutputCapture::Enlarge ExecRun::enlarge_into(std::optional<io::SharedMemory>& memory, std::uint32_t label) {
  return [this, &memory, label](const io::OutputMirror::Kept& so_far) {
    if (so_far.head.size() + so_far.tail.size() < so_far.total) return io::OutputMirror();  // it has a gap already
    try {
      memory.emplace(io::OutputMirror::size_for(spec_.output_budget));
    } catch (const std::system_error&) {
      return io::OutputMirror();  // no descriptor, no memory: the ends are kept
    }
    const io::LabelledFd kept{.label = label, .fd = memory->fd()};
    if (!report_.keep({&kept, 1}, true)) {
      memory.reset();
      return io::OutputMirror();
    }
    memory->close_file();  // the mapping is enough for us
    io::OutputMirror larger(memory->bytes(), halves);
    larger.append(so_far.head);
    larger.append(so_far.tail);
    return larger;
  };
}

io::Fd ExecRun::take_kept(std::uint32_t label) const {
  const auto found = std::ranges::find(report_.kept, label, &io::KeptFd::label);
  return found == report_.kept.end() ? io::Fd() : std::move(found->fd);
}

async::Task<bool> ExecRun::adopt(io::ProcessMark process, std::string marker) {
  if (process.pid == 0) {
    const auto leader = co_await io::find_leader(marker);
    if (!leader) {
      report_.message = "belfryd was killed before it was known to have started";
      co_return false;
    }
    process = *leader;
  }
  std::optional<io::Process> found = io::Process::adopt(process);
  if (found) process_.emplace(*std::move(found));
  shim_report_ = take_kept(Label::shim);
  answer_ = take_kept(Label::answer);
  output_memory_ = memory_of(take_kept(Label::output_memory));
  error_memory_ = memory_of(take_kept(Label::error_memory));
  const io::Fd leader = take_kept(Label::leader);
  io::ForeignTree tree{.leader = process, .marker = std::move(marker)};
  co_await find_output(tree);
  if (process_) co_return true;
  co_await end_what_is_left(std::move(tree));
  const auto status = io::Process::status_of(leader);
  if (status) judge(*status);
  over_ = status || hear_answer();
  if (!over_) report_.message = "it ended while no belfryd ran, so how it ended is unknown";
  report_tree();
  co_return over_;
}

/// Its own pipes first; where nobody kept them, those of the processes that can write into them.
async::Task<> ExecRun::find_output(const io::ForeignTree& tree) {
  const std::uint64_t output = io::OutputMirror(report_.kept_output).source();
  const std::uint64_t error = io::OutputMirror(report_.kept_error).source();
  std::vector<io::ProcessMark> holders{tree.leader};
  io::Fd output_end = take_kept(Label::output);
  io::Fd error_end = take_kept(Label::error);
  if (!output_end) output_end = io::reopen_pipe(holders, output);
  if (!error_end) error_end = io::reopen_pipe(holders, error);
  if (!output_end || !error_end) {  // the leader has redirected its own, and others of the tree may have them
    holders = co_await io::members_of(tree);
    if (!output_end) output_end = io::reopen_pipe(holders, output);
    if (!error_end) error_end = io::reopen_pipe(holders, error);
  }
  capture(std::move(output_end), std::move(error_end));
}

/// The leader has gone: its tree may end its last words, as ever.
async::Task<> ExecRun::end_what_is_left(io::ForeignTree tree) {
  co_await drain();
  if (group_.there()) co_await end_group(tree.leader.pid);
  const io::Process::Reach reach = reach_of(spec_.kill_mode);
  if (reach == io::Process::Reach::group) tree.marker.clear();
  if (reach != io::Process::Reach::leader) {
    io::Survivors swept = co_await io::kill_foreign_tree(std::move(tree));
    survivors_.add(std::move(swept));
  }
  report_output();
}

/// Those who are due at the same time are launched before anything is watched. A short job is over by then, and what it
/// has printed is in its pipes. (To leave the pipes alone for longer, until most are over, costs more than it saves:
/// who is woken by the first word is awake when the end comes.) The last one's process is let go first: the kernel
/// often leaves it on our processor, where it would begin only when we sleep, a tenth of its start later.
async::Task<> ExecRun::ended() {
  co_await async::yield();
  const auto poller = io::Poller::of_current_loop();
  if (!poller->loop().busy()) ::sched_yield();
  if (!process_->is_over()) watch_output();
  poller->prepare_stream_pipes();
  co_await process_->ended();
}

void ExecRun::watch_output() {
  output_->watch();
  error_->watch();
}

/// Where it was printed may have been dropped when a later daemon takes over.
void ExecRun::keep_sign(const std::string& sentence) {
  if (!report_.keep) return;
  try {
    const io::Fd memory = io::make_memory_file("belfry-sign", sentence);
    const io::LabelledFd kept{.label = Label::sign, .fd = memory.get()};
    report_.keep({&kept, 1}, false);
  } catch (const std::system_error&) {  // no descriptor, no memory: then it is known to this daemon alone
  }
}

}  // namespace belfry::jobs
