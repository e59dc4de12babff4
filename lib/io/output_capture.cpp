#include "io/output_capture.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace belfry::io {

namespace {

constexpr std::size_t bytes_each_turn = 1U << 20U;
constexpr std::size_t bytes_each_turn_through = 128U << 10U;  // each byte of them is looked at
constexpr std::size_t bytes_to_drain =
    16U << 20U;  // more than a pipe can hold (pipe-max-size), unless someone still writes

}  // namespace

OutputCapture::OutputCapture(Fd pipe, HeadTailBuffer buffer, OutputMirror mirror, Enlarge enlarge, Through through,
                             Reading reading)
    : poller_(Poller::of_current_loop()),
      pipe_(std::move(pipe)),
      buffer_(std::move(buffer)),
      mirror_(mirror),
      enlarge_(std::move(enlarge)),
      through_(std::move(through)),
      reading_(std::move(reading)) {
  if (!pipe_) ended_.set();
}

OutputCapture::~OutputCapture() {
  if (self_) *self_ = nullptr;
  through_ = nullptr;  // what it refers to may have gone
  close();
}

void OutputCapture::watch() {
  if (!pipe_ || watched_) return;
  poller_->add(pipe_.get(), EPOLLIN, *this);
  watched_ = true;
}

async::Task<> OutputCapture::ended() {
  watch();
  co_await ended_.wait();
}

void OutputCapture::drain() {
  if (pipe_) read_some(bytes_to_drain);
}

void OutputCapture::on_ready(std::uint32_t) {
  if (!pipe_ || read_some(through_ ? bytes_each_turn_through : bytes_each_turn)) return;
  if (!self_) self_ = std::make_shared<OutputCapture*>(this);
  poller_->loop().call_soon([self = self_] {
    if (*self != nullptr) (*self)->on_ready(EPOLLIN);
  });
}

bool OutputCapture::read_some(std::size_t limit) {
  if (reading_) reading_(true);
  const bool empty = read_pieces(limit);
  if (reading_) reading_(false);
  return empty;
}

bool OutputCapture::read_pieces(std::size_t limit) {
  const auto block = poller_->scratch();
  for (std::size_t total = 0; total < limit;) {
    const ssize_t got = ::read(pipe_.get(), block.data(), block.size());
    if (got > 0) {
      take({block.data(), static_cast<std::size_t>(got)});
      total += static_cast<std::size_t>(got);
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    finish();  // end of file; a pipe knows no other error
    return true;
  }
  return false;
}

void OutputCapture::take(std::span<const char> bytes) {
  if (through_) bytes = through_(bytes, false);
  if (!bytes.empty()) keep(bytes);
}

/// Whoever dies in between leaves the newest bytes in one of the two mirrors: that with the larger total.
void OutputCapture::keep(std::span<const char> bytes) {
  const bool grows = enlarge_ && mirror_.is_too_small_for(buffer_.total() + bytes.size());
  const OutputMirror::Kept so_far = grows ? mirror_.read() : OutputMirror::Kept();
  if (!grows) larger_.append(bytes);
  mirror_.append(bytes);
  if (grows) {
    larger_ = std::exchange(enlarge_, nullptr)(so_far);
    larger_.append(bytes);
  }
  buffer_.append(bytes);
}

void OutputCapture::finish() {
  if (auto through = std::exchange(through_, nullptr)) {
    if (reading_) reading_(true);
    if (const auto last = through({}, true); !last.empty()) keep(last);
    if (reading_) reading_(false);
  }
  close();
}

void OutputCapture::close() {
  if (!pipe_) return;
  if (watched_) poller_->remove(pipe_.get(), *this);
  pipe_.reset();
  ended_.set();
}

}  // namespace belfry::io
