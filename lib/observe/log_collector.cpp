#include "observe/collectors.hpp"
#include "observe/family.hpp"
#include "observe/log.hpp"

namespace belfry::observe {

namespace {

class LogCollector final : public prometheus::Collectable {
 public:
  explicit LogCollector(const Log& log) : log_(log) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> out;
    FamilyBuilder::counter("belfry_log_dropped_lines_total",
                           "Lines of the daemon's log that could not be written in time.")
        .add({}, static_cast<double>(log_.dropped()))
        .move_to(out);
    return out;
  }

 private:
  const Log& log_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> log_collector(const Log& log) { return std::make_shared<LogCollector>(log); }

}  // namespace belfry::observe
