// Tracing of belfryd, wired: what the event stream tells becomes spans, and a task of serve() brings them to the
// collector that the configuration names, if it names one.
//
// Loop thread only, but for what collector() gives. Never on the way of a slot: spans wait in a bounded queue in
// memory.
#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/event.hpp"
#include "async/task.hpp"
#include "daemon/config/tracing_reader.hpp"
#include "daemon/trace/span_exporter.hpp"
#include "daemon/trace/span_source.hpp"
#include "daemon/trace/trace_counts.hpp"
#include "engine/event.hpp"
#include "io/transfers.hpp"
#include "observe/log.hpp"

namespace belfry::daemon {

class Tracing {
 public:
  /// `ledger_id`: the ids of traces are made of it. `version`: of this program. The log must outlive it.
  Tracing(observe::Log& log, std::string_view ledger_id, std::string version, SpanExporter::Post post = io::send);
  Tracing(const Tracing&) = delete;
  Tracing& operator=(const Tracing&) = delete;

  /// Listens from here on. *this must outlive the stream. REQUIRES: before the engine is resumed.
  void subscribe(engine::EventStream& events);

  /// Puts what a configuration says into force; none: off. What waits goes the new way; when it is switched off, what
  /// waits is tried once more the old way. Before serve() as well: spans wait.
  void apply(const std::optional<TracingSettings>& settings);

  bool on() const noexcept { return on_; }

  /// Exports, until it is cancelled. Once.
  async::Task<> serve();

  /// Before this process ends, or becomes another one: returns when all that waits is exported or given up, or after
  /// `patience`, when the log is told of what is lost. REQUIRES: serve() is under way.
  async::Task<> settle(time::Duration patience);

  /// settle() for the last time: what is still there is dropped and counted. give_up() ends it at once.
  async::Task<> finish(time::Duration patience);
  void give_up() { no_patience_.set(); }

  /// For /metrics.
  std::shared_ptr<prometheus::Collectable> collector() const { return counts_; }

 private:
  void observe(const engine::Event& event);
  void warn_of_waiting();
  void keep_transfers();

  observe::Log& log_;
  std::shared_ptr<TraceCounts> counts_ = std::make_shared<TraceCounts>();
  SpanSource source_;
  SpanExporter exporter_;
  bool on_ = false;
  bool serving_ = false;
  async::Event no_patience_;                  // set: finish() is to end
  std::shared_ptr<io::Transfers> transfers_;  // kept from one batch to the next
};

}  // namespace belfry::daemon
