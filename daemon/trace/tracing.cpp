#include "daemon/trace/tracing.hpp"

#include <utility>

#include "async/timeout.hpp"
#include "daemon/notify/host_name.hpp"
#include "daemon/until_set.hpp"

namespace belfry::daemon {
Tracing::Tracing(observe::Log& log, std::string_view ledger_id, std::string version, SpanExporter::Post post)
    : log_(log),
      source_(std::string(ledger_id)),
      exporter_(
          log, *counts_,
          {.service_name = {}, .version = std::move(version), .instance = std::string(ledger_id), .host = host_name()},
          std::move(post)) {}

void Tracing::subscribe(engine::EventStream& events) {
  events.subscribe([this](const engine::Event& event) { observe(event); });
}

void Tracing::observe(const engine::Event& event) {
  if (!on_) return;
  for (Span& span : source_.on(event)) exporter_.put(std::move(span));
}

void Tracing::apply(const std::optional<TracingSettings>& settings) {
  on_ = settings.has_value();
  counts_->shown.set(on_);
  if (settings) {
    exporter_.relax();
    exporter_.change(*settings);
  } else {
    source_.forget();
    exporter_.hurry();
  }
  if (serving_) keep_transfers();
}

/// What libcurl has read stays. Who traces nothing has no libcurl in memory.
void Tracing::keep_transfers() {
  if (on_ && !transfers_) transfers_ = io::Transfers::of_current_loop();
}

async::Task<> Tracing::serve() {
  struct NoTransfers {
    Tracing& tracing;
    ~NoTransfers() {
      tracing.serving_ = false;
      tracing.transfers_.reset();
    }
  } const no_transfers{*this};
  serving_ = true;
  keep_transfers();
  co_await exporter_.serve();
}

async::Task<> Tracing::settle(time::Duration patience) {
  exporter_.hurry();
  co_await async::move_on_after(patience, exporter_.emptied());
  if (on_) exporter_.relax();
  warn_of_waiting();
}

void Tracing::warn_of_waiting() {
  if (exporter_.size() == 0) return;
  log_.warning("traces were not exported before the end", {{"dropped", exporter_.size()}});
}

async::Task<> Tracing::finish(time::Duration patience) {
  if (exporter_.size() > 0 && !no_patience_.is_set()) {
    auto settled = settle(patience);
    co_await unless_set(no_patience_, std::move(settled));
  }
  if (no_patience_.is_set()) warn_of_waiting();
}

}  // namespace belfry::daemon
