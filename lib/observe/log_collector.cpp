#include <utility>

#include "io/journal_feed.hpp"
#include "observe/collectors.hpp"
#include "observe/family.hpp"
#include "observe/log.hpp"

namespace belfry::observe {

namespace {

class LogCollector final : public prometheus::Collectable {
 public:
  LogCollector(const Log& log, std::shared_ptr<const io::JournalFeed> feed) : log_(log), feed_(std::move(feed)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> out;
    FamilyBuilder::counter("belfry_log_dropped_lines_total",
                           "Lines of the daemon's log that could not be written in time.")
        .add({}, static_cast<double>(log_.dropped()))
        .move_to(out);
    FamilyBuilder::counter(
        "belfry_journal_lines_total",
        "Lines that programs printed for the journal: what it took, and what it did not take in time.")
        .add({{"result", "sent"}}, static_cast<double>(feed_->sent()))
        .add({{"result", "dropped"}}, static_cast<double>(feed_->dropped()))
        .move_to(out);
    return out;
  }

 private:
  const Log& log_;
  std::shared_ptr<const io::JournalFeed> feed_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> log_collector(const Log& log, std::shared_ptr<const io::JournalFeed> feed) {
  return std::make_shared<LogCollector>(log, std::move(feed));
}

}  // namespace belfry::observe
