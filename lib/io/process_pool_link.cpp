#include "io/process_pool_link.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <utility>

#include "io/fd_message.hpp"
#include "io/launch.hpp"
#include "io/process_pool.hpp"

extern "C" char** environ;  // NOLINT(readability-redundant-declaration): environ(7) has no header by default

namespace belfry::io::detail {

PoolWorker::Start PoolWorker::start(const std::string& program, const std::string& pool) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);  // blocking: a worker has nothing else to do
  if (::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "fcntl(O_NONBLOCK)");
  }
  LaunchSpec spec;
  spec.argv = {program, std::string(worker_flag), pool};
  for (char** entry = environ; *entry != nullptr; ++entry) spec.environment.emplace_back(*entry);
  auto process =
      Process::start(spec, {.standard_output = STDOUT_FILENO, .standard_error = STDERR_FILENO, .report = theirs.get()});
  if (!process) throw std::runtime_error("process pool " + pool + ": " + process.error().message);
  return {std::move(ours), std::move(*process)};
}

PoolWorker::PoolWorker(const std::string& program, const std::string& pool, std::size_t message_limit)
    : PoolWorker(start(program, pool), message_limit) {}

PoolWorker::PoolWorker(Start start, std::size_t message_limit)
    : socket_(std::move(start.socket)),
      process_(std::move(start.process)),
      watcher_(socket_.get(), FdWatcher::Interest::both),
      message_limit_(message_limit) {}

bool PoolWorker::usable() const noexcept {
  pollfd now{socket_.get(), POLLIN, 0};
  if (!in_step_) return false;
  if (::poll(&now, 1, 0) == 0) return true;
  return !greeted_ && (now.revents & (POLLHUP | POLLERR)) == 0;  // only the greeting may come unasked
}

async::Task<std::string> PoolWorker::call(std::string function, std::string argument, std::vector<int> descriptors) {
  in_step_ = false;
  if (!greeted_) {
    const Frame greeting = co_await receive();
    if (greeting.header.kind != FrameKind::hello) throw LinkBroken("it did not greet as a worker does");
    greeted_ = true;
  }
  FrameHeader header;
  header.kind = FrameKind::call;
  header.call = ++calls_;
  header.buffers = static_cast<std::uint8_t>(descriptors.size());
  co_await send(encode(header, function, argument), std::move(descriptors));
  Frame answer = co_await receive();
  const FrameKind kind = answer.header.kind;
  if (kind != FrameKind::value && kind != FrameKind::error) throw LinkBroken("it sent what is no answer");
  if (answer.header.call != calls_) throw LinkBroken("it sent the answer of another call");
  in_step_ = true;
  std::string payload = std::move(answer).payload();
  if (kind == FrameKind::error) throw WorkerError(payload);
  co_return payload;
}

// A worker that is gone is noticed by receive(), which knows how it ended.
async::Task<> PoolWorker::send(std::string bytes, std::vector<int> descriptors) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto count = send_fds(socket_.get(), bytes.data() + sent, bytes.size() - sent, descriptors);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
      descriptors.clear();  // they went with the first byte
    } else if (errno == EAGAIN) {
      co_await watcher_.writable();
    } else {
      co_return;
    }
  }
}

// Descriptors that a worker sends come without room for them and are closed by the kernel.
async::Task<Frame> PoolWorker::receive() {
  FrameReader reader(message_limit_);
  std::string bytes;
  while (!reader.complete()) {
    bytes.resize(reader.wanted());
    const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (got > 0) {
      const std::optional<std::string> wrong = reader.take(bytes.data(), static_cast<std::size_t>(got));
      if (wrong) throw LinkBroken("it sent " + *wrong);
    } else if (got < 0 && errno == EAGAIN) {
      co_await watcher_.readable();
    } else if (got == 0 || errno != EINTR) {
      throw LinkBroken(reader.empty() ? "it ended without an answer" : "it ended in the middle of its answer");
    }
  }
  co_return reader.finish();
}

void PoolWorker::hang_up() noexcept { ::shutdown(socket_.get(), SHUT_WR); }

void PoolWorker::kill() noexcept { process_.signal_group(SIGKILL); }

async::Task<std::string> PoolWorker::ended() {
  const ExitStatus status = co_await process_.wait();
  if (status.failure) co_return status.failure->message;
  if (status.signal) co_return "was killed by signal " + std::to_string(*status.signal);
  co_return "exited with status " + std::to_string(status.exit_code.value_or(0));
}

}  // namespace belfry::io::detail
