// Blocking and on one thread: a worker does one thing at a time.
#include "io/process_pool_worker.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "io/fd_message.hpp"
#include "io/launch.hpp"
#include "io/process_pool.hpp"
#include "io/process_pool_frame.hpp"

namespace belfry::io {

namespace {

using detail::Frame;
using detail::FrameHeader;
using detail::FrameKind;
using detail::FrameReader;

// The pool has checked its own limit; here only what a length can say counts, and memory grows with what really came.
constexpr std::size_t no_limit = std::numeric_limits<std::uint32_t>::max();

/// Nothing at the orderly end of the stream; throws at any other.
std::optional<Frame> receive_frame(int socket, std::vector<Fd>& fds) {
  FrameReader reader(no_limit);
  std::vector<char> bytes(65536);
  while (!reader.complete()) {
    const ReceivedFds received = receive_fds(socket, bytes.data(), std::min(reader.wanted(), bytes.size()));
    for (std::size_t i = 0; i < received.count; ++i) fds.emplace_back(received.fds[i]);
    const ssize_t got = received.bytes;
    if (got <= 0 && reader.empty()) return std::nullopt;
    if (got <= 0) throw std::runtime_error("the pool's frame was cut off");
    if (const auto wrong = reader.take(bytes.data(), static_cast<std::size_t>(got))) throw std::runtime_error(*wrong);
  }
  if (reader.frame().header.kind != FrameKind::call || reader.frame().header.buffers != fds.size()) {
    throw std::runtime_error("the pool sent no call");
  }
  return reader.finish();
}

bool send_frame(int socket, FrameKind kind, std::uint32_t call, std::string_view payload) {
  FrameHeader header;
  header.call = call;
  header.kind = kind;
  const std::string bytes = detail::encode(header, {}, payload);
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto count = send_fds(socket, bytes.data() + sent, bytes.size() - sent, {});
    if (count < 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

bool serve(int socket, const WorkerFunctions& functions, Frame frame, std::vector<Fd> fds) {
  const std::uint32_t number = frame.header.call;
  try {
    const WorkerFunctions::Function& function = functions.find(frame.name());
    WorkerCall call;
    for (Fd& fd : fds) call.buffers.emplace_back(std::move(fd));
    call.argument = std::move(frame).payload();
    const std::string value = function(call);
    if (value.size() > no_limit) throw std::length_error("a result of 4 GiB or more: use a shared buffer");
    return send_frame(socket, FrameKind::value, number, value);
  } catch (const std::exception& error) {
    return send_frame(socket, FrameKind::error, number, error.what());
  } catch (...) {
    return send_frame(socket, FrameKind::error, number, "an exception of unknown type");
  }
}

}  // namespace

void WorkerFunctions::add(const std::string& name, Function function) {
  if (name.empty() || name.size() > detail::longest_name) {
    throw std::invalid_argument("the name of a worker function has 1 to 1,000 bytes");
  }
  const auto [place, added] = functions_.try_emplace(name);
  if (!added) throw std::invalid_argument("there are two worker functions named " + name);
  place->second = std::move(function);
}

const WorkerFunctions::Function& WorkerFunctions::find(const std::string& name) const {
  if (const auto found = functions_.find(name); found != functions_.end()) return found->second;
  std::string known;
  for (const auto& [other, function] : functions_) known += (known.empty() ? "" : ", ") + other;
  throw std::out_of_range("no worker function is named " + name + "; there are: " + (known.empty() ? "none" : known));
}

bool is_worker(int argc, char** argv) noexcept { return argc >= 2 && argv[1] == worker_flag; }

int run_worker(const WorkerFunctions& functions) {
  constexpr int failed = 2;
  const Fd socket(report_fd);
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) return failed;
  ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!send_frame(socket.get(), FrameKind::hello, 0, {})) return 0;
  try {
    for (;;) {
      std::vector<Fd> fds;
      std::optional<Frame> frame = receive_frame(socket.get(), fds);
      if (!frame || !serve(socket.get(), functions, std::move(*frame), std::move(fds))) return 0;
    }
  } catch (const std::exception&) {
    return failed;
  }
}

}  // namespace belfry::io
