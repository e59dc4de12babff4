#include "daemon/trace/span_exporter.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "async/cancel.hpp"
#include "async/loop.hpp"
#include "async/time_slice.hpp"
#include "async/timeout.hpp"
#include "daemon/until_set.hpp"
#include "time/duration.hpp"

namespace belfry::daemon {
namespace {

/// Of an answer; one that says that spans were rejected is far smaller.
constexpr std::size_t most_of_answer = std::size_t{16} << 10U;

io::HttpRequest request_to(const TracingSettings& settings) {
  io::HttpRequest request{.method = "POST",
                          .url = traces_url(settings.endpoint.text),
                          .headers = {"Content-Type: application/json"},
                          .body = {},
                          .timeout = settings.timeout,
                          .ca_file = settings.ca_file,
                          .most_body = most_of_answer};
  for (const HttpHeader& header : settings.headers) request.headers.push_back(header.name + ": " + header.value.text);
  return request;
}

}  // namespace

SpanExporter::SpanExporter(observe::Log& log, TraceCounts& counts, TraceResource resource, Post post)
    : log_(log), counts_(counts), resource_(std::move(resource)), post_(std::move(post)) {
  empty_.set();
}

void SpanExporter::change(const TracingSettings& settings) {
  request_ = request_to(settings);
  origin_ = io::origin_of(request_.url);
  resource_.service_name = settings.service_name;
  interval_ = settings.interval;
  queue_limit_ = static_cast<std::size_t>(settings.queue_limit);
  while (waiting_.size() > queue_limit_) drop_first();
  tell_size();
  go_.set();
  changed_.set();
}

void SpanExporter::put(Span span) {
  if (waiting_.size() >= queue_limit_) drop_first();
  waiting_.push_back(std::move(span));
  empty_.clear();
  something_.set();
  if (waiting_.size() >= most_of_batch) go_.set();
  tell_size();
}

async::Task<> SpanExporter::serve() {
  struct DropAtEnd {
    SpanExporter& exporter;
    ~DropAtEnd() { exporter.drop_all(); }
  };
  [[maybe_unused]] const DropAtEnd drop_at_end{*this};
  for (;;) {
    while (!waiting_.empty()) {
      co_await gather();
      co_await export_batch();
    }
    empty_.set();
    something_.clear();
    co_await something_.wait();
  }
}

/// Until a batch is full, or its first span has waited long enough.
async::Task<> SpanExporter::gather() {
  if (hurry_.is_set() || waiting_.size() >= most_of_batch) co_return;
  go_.clear();
  co_await async::move_on_after(interval_, until_set(go_));
}

async::Task<> SpanExporter::export_batch() {
  std::vector<Span> spans = take_batch();
  const std::string body = co_await encode(std::move(spans));
  const auto attempt = [this, &body] {
    changed_.clear();
    return send(body);
  };
  const TryPolicy policy{
      .retries = std::numeric_limits<int>::max(),
      .delay = first_pause,
      .longest = longest_pause,
      .on_pause = [this](const Delivery& delivery, time::Duration pause) { note_delay(delivery, pause); }};
  const Delivery delivery = co_await deliver(attempt, policy, {&hurry_, &changed_});
  const std::size_t count = std::exchange(under_way_, 0);
  const std::size_t rejected = delivery.ok() ? rejected_ : count;
  counts_.exported.add(count - rejected);
  counts_.failed.add(rejected);
  note(delivery);
  if (delivery.ok() && rejected > 0) note_rejected(rejected);
  tell_size();
}

std::vector<Span> SpanExporter::take_batch() {
  under_way_ = std::min(waiting_.size(), most_of_batch);
  const auto end = std::next(waiting_.begin(), static_cast<std::ptrdiff_t>(under_way_));
  std::vector<Span> spans(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return spans;
}

/// Half a thousand spans take some milliseconds: jobs that are due meanwhile do not wait for them.
async::Task<std::string> SpanExporter::encode(std::vector<Span> spans) {
  TraceDocument document(resource_);
  async::TimeSlice slice(std::chrono::milliseconds{1});
  for (const Span& span : spans) {
    document.add(span);
    co_await slice.pause();
  }
  co_return std::move(document).finish();
}

/// One try.
async::Task<Delivery> SpanExporter::send(const std::string& body) {
  const std::size_t spans = under_way_;
  Delivery delivery;
  try {
    io::HttpRequest request = request_;  // that of now, should it change
    request.body = body;
    const std::string origin = origin_;
    const Answer answer = co_await post_(std::move(request));
    delivery = trace_delivery(answer, origin);
    rejected_ = answer ? rejected_spans(answer->body, spans) : 0;
  } catch (const async::Cancelled&) {
    throw;
  } catch (const std::exception& error) {  // no descriptor, no memory: it may work later
    delivery = {.result = Delivery::Result::unfinished, .detail = error.what()};
  }
  if (delivery.result == Delivery::Result::unfinished && hurry_.is_set()) delivery.result = Delivery::Result::refused;
  co_return delivery;
}

void SpanExporter::note(const Delivery& delivery) {
  if (delivery.ok()) {
    if (std::exchange(failing_, false)) log_.info("traces are exported again", {{"collector", origin_}});
    return;
  }
  failing_ = true;
  warn("traces were not exported and are lost", delivery.detail, {{"tries", delivery.tries}});
}

/// There may be many tries, and no end of them.
void SpanExporter::note_delay(const Delivery& delivery, time::Duration pause) {
  failing_ = true;
  warn("traces could not be exported and are kept", delivery.detail,
       {{"waiting", size()}, {"next_try_in", time::format_duration(std::chrono::ceil<std::chrono::seconds>(pause))}});
}

/// Why is in the answer, which may hold what we sent: it is not for the log.
void SpanExporter::note_rejected(std::size_t rejected) {
  warn("the collector rejected spans", origin_ + " says so, and its log says why", {{"spans", rejected}});
}

void SpanExporter::warn(const char* message, const std::string& reason, observe::LogFields fields) {
  const auto held_back = limit_.admit(message + ('\0' + reason), async::Loop::current().wall_now());
  if (!held_back) return;
  fields.emplace(fields.begin(), "reason", reason);
  if (*held_back > 0) fields.emplace_back("more_since_last_line", *held_back);
  log_.warning(message, fields);
}

void SpanExporter::hurry() {
  hurry_.set();
  go_.set();
}

void SpanExporter::relax() { hurry_.clear(); }

async::Task<> SpanExporter::emptied() { co_await empty_.wait(); }

void SpanExporter::drop_first() {
  waiting_.pop_front();
  counts_.dropped.add(1);
  warn("spans were dropped", "too many wait (tracing.queue_limit)", {});
}

void SpanExporter::drop_all() noexcept {
  counts_.dropped.add(size());
  waiting_.clear();
  under_way_ = 0;
  empty_.set();
  tell_size();
}

}  // namespace belfry::daemon
