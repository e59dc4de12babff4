#include "io/launch_pad.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <mutex>
#include <utility>

#include "io/exec_path.hpp"

namespace belfry::io {

namespace {

constexpr int first_number = 5;  // above the standard streams, the report and the script
constexpr std::size_t usual_count = 16;
constexpr timespec patience{.tv_sec = 0, .tv_nsec = 5'000'000};
constexpr std::size_t text_kept = 65536;  // a pad does not hold on to the memory of one that was unusually long

// A descriptor that lies above those that a program is given.
Fd lifted(Fd fd) {
  if (!fd || fd.get() >= first_number) return fd;
  return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, first_number));
}

// /dev/null, open from the first launch to the end of the process; -1: errno says why not.
int null_device() {
  static std::mutex mutex;
  static Fd null;
  const std::scoped_lock lock(mutex);
  if (!null) null = lifted(Fd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  return null.get();
}

// Whether this process has a terminal that its children would inherit. It does not come by one later: belfry opens
// none.
bool has_terminal() {
  static const bool found = [] {
    const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    return static_cast<bool>(terminal);
  }();
  return found;
}

std::size_t size_of(std::span<const std::string> strings) {
  std::size_t size = 0;
  for (const auto& string : strings) size += string.size() + 1;
  return size;
}

std::array<int, 5> sources_of(const LaunchContext& context) {
  return {context.standard_input, context.standard_output, context.standard_error, context.report, context.script};
}

}  // namespace

/// Never destroyed: at the end of the process a child may still stand on a pad.
struct LaunchPad::All {
  std::mutex mutex;
  std::vector<std::unique_ptr<LaunchPad>> pads;
  std::size_t next = 0;

  static All& instance() {
    static All& all = *new All;
    return all;
  }

  // The first one: what was used last is warm.
  LaunchPad* find_free() {
    const auto found = std::ranges::find_if(pads, [](const auto& pad) { return !pad->taken(); });
    return found == pads.end() ? nullptr : found->get();
  }

  // Until one of them is free, each in its turn, or patience ends.
  void wait() {
    next = (next + 1) % pads.size();
    ::syscall(SYS_futex, &pads[next]->busy_, FUTEX_WAIT, 1, &patience, nullptr, 0);
  }

  std::expected<LaunchPad*, int> add() {
    std::unique_ptr<LaunchPad> pad(new LaunchPad);
    if (const int error = pad->open(); error != 0) return std::unexpected(error);
    return pads.emplace_back(std::move(pad)).get();
  }

  std::expected<LaunchPad*, int> take() {
    const std::scoped_lock lock(mutex);
    LaunchPad* pad = find_free();
    if (pad == nullptr && pads.size() >= usual_count) {
      wait();
      pad = find_free();
    }
    if (pad == nullptr) {
      const auto added = add();
      if (!added) return added;
      pad = *added;
    }
    pad->busy_.store(1, std::memory_order_relaxed);
    return pad;
  }
};

bool LaunchPad::reserve() noexcept {
  auto& all = All::instance();
  const std::scoped_lock lock(all.mutex);
  while (all.pads.size() < usual_count) {
    if (!all.add()) return false;
  }
  return true;
}

int LaunchPad::open() {
  plan_.null = null_device();
  if (plan_.null < 0) return errno;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) return errno;
  outbox_.reset(ends[1]);
  inbox_ = lifted(Fd(ends[0]));
  if (!inbox_) return errno;
  plan_.inbox = inbox_.get();
  byte_ = {.iov_base = &letter_, .iov_len = 1};
  message_.msg_iov = &byte_;
  message_.msg_iovlen = 1;
  message_.msg_control = control_.data();
  plan_.streams = &message_;
  plan_.received = reinterpret_cast<const int*>(CMSG_DATA(reinterpret_cast<cmsghdr*>(control_.data())));
  return 0;
}

std::expected<Child, PadError> LaunchPad::launch(const LaunchSpec& spec, const LaunchContext& context,
                                                 std::shared_ptr<ChildAnswer> answer) {
  const auto taken = All::instance().take();
  if (!taken) return std::unexpected(PadError{LaunchStep::streams, taken.error()});
  LaunchPad& pad = **taken;
  pad.answer_ = std::move(answer);
  pad.write_plan(spec, context);
  if (const int error = pad.send_streams(context); error != 0) {
    pad.busy_.store(0, std::memory_order_release);
    return std::unexpected(PadError{LaunchStep::streams, error});
  }
  pad.busy_.store(1, std::memory_order_release);  // what was written is for the child, and for the next one's thread
  const Child child = start_child(pad.plan_, pad.stack_.data() + pad.stack_.size(), pad.busy_);
  if (child.pid >= 0) return child;
  const PadError error{LaunchStep::process, errno};
  pad.busy_.store(0, std::memory_order_release);
  return std::unexpected(error);
}

void LaunchPad::write_plan(const LaunchSpec& spec, const LaunchContext& context) {
  const auto candidates = exec_candidates(spec.argv.empty() ? std::string_view() : std::string_view(spec.argv.front()),
                                          environment_value(spec.environment, "PATH", default_search_path));
  text_.clear();
  if (text_.capacity() > text_kept) text_.shrink_to_fit();
  text_.reserve(size_of(spec.argv) + size_of(spec.environment) + size_of(context.environment) + size_of(candidates) +
                spec.working_dir.size() + 1);
  lists_.clear();
  const auto list = [this](std::initializer_list<std::span<const std::string>> parts) {
    const std::size_t begin = lists_.size();
    for (const auto& part : parts) {
      for (const auto& string : part) lists_.push_back(keep(string));
    }
    lists_.push_back(nullptr);
    return begin;
  };
  const std::size_t argv = list({spec.argv});
  const std::size_t envp = list({spec.environment, context.environment});
  const std::size_t paths = list({candidates});
  plan_.argv = &lists_[argv];
  plan_.envp = &lists_[envp];
  plan_.paths = &lists_[paths];
  plan_.working_dir = spec.working_dir.empty() ? nullptr : keep(spec.working_dir);
  plan_.report = context.report >= 0;
  plan_.kept = context.script >= 0 ? script_fd + 1 : plan_.report ? report_fd + 1 : report_fd;
  plan_.has_terminal = has_terminal();
  plan_.answer = answer_.get();
  plan_.parent = context.held ? ::getpid() : 0;
}

const char* LaunchPad::keep(std::string_view string) {
  const std::size_t begin = text_.size();
  text_.insert(text_.end(), string.begin(), string.end());
  text_.push_back('\0');
  return text_.data() + begin;
}

int LaunchPad::send_streams(const LaunchContext& context) noexcept {
  if (!plan_.arrived) ::recv(inbox_.get(), &letter_, 1, 0);  // a signal or an error ended the last child before
  const auto sources = sources_of(context);
  std::array<int, 5> sent{};
  plan_.target_count = 0;
  for (std::size_t target = 0; target < sources.size(); ++target) {
    if (sources[target] < 0) continue;
    const auto index = static_cast<std::size_t>(plan_.target_count++);
    sent[index] = sources[target];
    plan_.targets[index] = static_cast<int>(target);
  }
  message_.msg_controllen = control_.size();
  plan_.arrived = plan_.target_count == 0;
  if (plan_.arrived) return 0;
  const std::size_t size = static_cast<std::size_t>(plan_.target_count) * sizeof(int);
  auto* header = reinterpret_cast<cmsghdr*>(control_.data());
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(header), sent.data(), size);
  msghdr message = message_;
  message.msg_controllen = CMSG_SPACE(size);
  return ::sendmsg(outbox_.get(), &message, MSG_NOSIGNAL) < 0 ? errno : 0;
}

}  // namespace belfry::io
