// The spans that wait for the collector of traces, and their way there: in batches, one after the other, each tried
// until it is taken, refused, or there is no time left.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/task.hpp"
#include "daemon/config/tracing_reader.hpp"
#include "daemon/notify/delivery.hpp"
#include "daemon/trace/otlp.hpp"
#include "daemon/trace/trace_counts.hpp"
#include "observe/log.hpp"
#include "observe/rate_limit.hpp"

namespace belfry::daemon {

/// Loop thread only. Bounded: a span that finds no room drives out the oldest one that waits; a batch under way is
/// beside that. An idle daemon is not woken by it.
class SpanExporter {
 public:
  static constexpr std::size_t most_of_batch = 512;
  static constexpr time::Duration first_pause = std::chrono::seconds{1};    ///< between two tries, then doubled
  static constexpr time::Duration longest_pause = std::chrono::minutes{1};  ///< whatever the collector asks for

  using Answer = std::expected<io::HttpAnswer, io::TransferFailure>;
  using Post = std::function<async::Task<Answer>(io::HttpRequest)>;

  /// `resource`: all but the name of the service. `log` and `counts` must outlive it.
  SpanExporter(observe::Log& log, TraceCounts& counts, TraceResource resource, Post post);

  /// Where to, and how; what waits goes there, and a pause between two tries is over. REQUIRES: called
  /// before serve().
  void change(const TracingSettings& settings);

  /// Never waits.
  void put(Span span);

  /// Exports, until it is cancelled; then what waits is dropped, and counted. Once.
  async::Task<> serve();

  /// From now on nothing waits for others to be sent with, there are no pauses, and what is not taken at once is given
  /// up; until relax().
  void hurry();
  void relax();

  /// Returns when nothing waits and nothing is under way.
  async::Task<> emptied();

  std::size_t size() const noexcept { return waiting_.size() + under_way_; }

 private:
  async::Task<> gather();
  async::Task<> export_batch();
  async::Task<std::string> encode(std::vector<Span> spans);
  async::Task<Delivery> send(const std::string& body);
  std::vector<Span> take_batch();
  void note(const Delivery& delivery);
  void note_delay(const Delivery& delivery, time::Duration pause);
  void note_rejected(std::size_t rejected);
  void warn(const char* message, const std::string& reason, observe::LogFields fields);
  void drop_first();
  void drop_all() noexcept;
  void tell_size() noexcept { counts_.queued.set(size()); }

  observe::Log& log_;
  TraceCounts& counts_;
  TraceResource resource_;
  Post post_;
  observe::RateLimit limit_{std::chrono::minutes{1}};
  io::HttpRequest request_;  // all but its body
  std::string origin_;
  time::Duration interval_{};
  std::size_t queue_limit_ = 0;
  std::deque<Span> waiting_;
  std::size_t under_way_ = 0;
  std::size_t rejected_ = 0;  // of the batch that was taken last
  bool failing_ = false;      // the last try failed
  async::Event something_;    // waits
  async::Event go_;           // no more waiting for others
  async::Event hurry_;        // no waiting for anything
  async::Event changed_;      // the settings, since the last try
  async::Event empty_;
};

}  // namespace belfry::daemon
