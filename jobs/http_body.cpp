#include "jobs/http_body.hpp"

#include <new>
#include <utility>

namespace belfry::jobs {

namespace {

constexpr std::size_t most_waiting = std::size_t{1} << 20U;  // bytes that wait to be written to the file

}  // namespace

io::HttpBodySink::Take HttpBody::take(int status, std::span<const char> piece) noexcept {
  if (passing_over_ && status >= 300 && status < 400) return Take::more;
  const bool saving = use_ == Use::file && spec_.expect.status.contains(status);
  try {
    if (saving && waiting_.size() >= most_waiting) return Take::wait;
    if (total_ + piece.size() > spec_.max_bytes) {
      too_large_ = true;
      return Take::stop;
    }
    total_ += piece.size();
    if (saving) {
      waiting_.append(piece.begin(), piece.end());
      wake_.set();
    } else if (use_ != Use::text) {
      output_.append(piece);
    }
    if (use_ == Use::text || spec_.expect.reads_body()) text_.append(piece.begin(), piece.end());
  } catch (const std::bad_alloc&) {
    return Take::stop;
  }
  return Take::more;
}

void HttpBody::close() noexcept {
  closed_ = true;
  wake_.set();
}

async::Task<> HttpBody::write_to(SavedFile& file) {
  while (!closed_ || !waiting_.empty()) {
    if (waiting_.empty()) {
      wake_.clear();
      co_await wake_.wait();
      continue;
    }
    co_await file.write(std::exchange(waiting_, {}));
    resume();
  }
}

void HttpBody::report(engine::Report& report) const {
  report.standard_output = {.head = output_.head(),
                            .tail = output_.tail(),
                            .total_bytes = output_.total(),
                            .dropped_bytes = output_.dropped()};
}

}  // namespace belfry::jobs
