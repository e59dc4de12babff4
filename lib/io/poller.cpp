#include "io/poller.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "async/io_step.hpp"

namespace belfry::io {

namespace {

constexpr std::size_t scratch_size = 64U << 10U;

/// How long events may wait while tasks are ready: a thousand runs due at the same second are launched before the ends
/// of the first ones are looked at, yet the pipes of others are read meanwhile. Measured by bench_firing.
constexpr std::int64_t patience_while_busy = 5'000'000;  // ns

thread_local std::weak_ptr<Poller> latest;

void check(int result, const char* operation) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), operation);
}

}  // namespace

std::shared_ptr<Poller> Poller::of_current_loop() {
  auto& loop = async::Loop::current();
  auto poller = latest.lock();
  if (!poller || &poller->loop_ != &loop) {
    poller.reset(new Poller(loop));
    latest = poller;
  }
  return poller;
}

Poller::Poller(async::Loop& loop) : loop_(loop), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  check(uv_poll_init(loop.uv(), handle_.get(), epoll_.get()), "uv_poll_init");
  handle_.opened();
  handle_->data = this;
  uv_poll_start(handle_.get(), UV_READABLE,
                [](uv_poll_t* ready, int, int) { static_cast<Poller*>(ready->data)->dispatch(); });
}

Poller::~Poller() { handle_.close(); }  // before the descriptor is closed

void Poller::add(int fd, std::uint32_t events, PollHandler& handler) {
  epoll_event event{};
  event.events = events | EPOLLET;
  event.data.ptr = &handler;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

void Poller::remove(int fd, PollHandler& handler) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  std::replace(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(found_count_), &handler,
               static_cast<PollHandler*>(nullptr));
}

std::span<char> Poller::scratch() {
  scratch_.resize(scratch_size);
  return scratch_;
}

StreamPipes Poller::take_stream_pipes() {
  if (auto pipes = std::exchange(prepared_, std::nullopt)) return *std::move(pipes);
  Pipe output = make_pipe();
  return {std::move(output), make_pipe()};
}

void Poller::prepare_stream_pipes() noexcept {
  if (prepared_) return;
  try {
    prepared_ = take_stream_pipes();
  } catch (const std::system_error&) {  // EMFILE: whoever starts a program is told
  }
}

void Poller::dispatch() {
  std::array<epoll_event, std::tuple_size_v<decltype(found_)>> events;
  const std::int64_t now = loop_.now_ns();
  if (loop_.busy() && now - dispatched_at_ < patience_while_busy) return;  // libuv asks again in the next turn
  dispatched_at_ = now;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  found_count_ = static_cast<std::size_t>(std::max(count, 0));
  for (std::size_t i = 0; i < found_count_; ++i) found_[i] = static_cast<PollHandler*>(events[i].data.ptr);
  const auto alive = latest.lock();  // a handler may let go of the last one
  for (std::size_t i = 0; i < found_count_; ++i) {
    if (found_[i] == nullptr) continue;
    const async::IoStep step(loop_);
    found_[i]->on_ready(events[i].events);
  }
  found_count_ = 0;
}

}  // namespace belfry::io
