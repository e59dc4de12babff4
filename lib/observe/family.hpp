// Builds what a scrape answers: metric families of prometheus-cpp, from plain figures. Pure; any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "observe/family_source.hpp"

namespace belfry::observe {

/// One label of a sample; both views must live until the sample is added.
using LabelView = std::pair<std::string_view, std::string_view>;

/// A metric family under construction: one name, one help text, its samples.
class FamilyBuilder {
 public:
  FamilyBuilder(prometheus::MetricType type, std::string_view name, std::string_view help);

  static FamilyBuilder counter(std::string_view name, std::string_view help);
  static FamilyBuilder gauge(std::string_view name, std::string_view help);
  static FamilyBuilder histogram(std::string_view name, std::string_view help);

  void reserve(std::size_t samples) { family_.metric.reserve(samples); }

  /// A sample of a counter or a gauge.
  FamilyBuilder& add(std::initializer_list<LabelView> labels, double value);

  /// A sample of a histogram: `counts` per bucket, not cumulated, one more than `bounds` (the last is +Inf).
  FamilyBuilder& add(std::initializer_list<LabelView> labels, std::span<const double> bounds,
                     std::span<const std::uint64_t> counts, double sum);

  /// An exemplar of a bucket of the sample that was added last. REQUIRES: no later bucket of it has one yet.
  void exemplify(std::size_t bucket, const Exemplar& exemplar);

  /// Hands the family over; families without samples are left out. A vector takes no exemplars.
  void move_to(std::vector<prometheus::MetricFamily>& out);
  void move_to(FamilySink& out);

 private:
  prometheus::ClientMetric& sample(std::initializer_list<LabelView> labels);

  prometheus::MetricFamily family_;
  std::vector<BucketExemplar> exemplars_;
};

/// A span in seconds, the base unit of every metric.
inline double seconds(std::chrono::nanoseconds span) noexcept { return std::chrono::duration<double>(span).count(); }

/// An instant as Unix time in seconds.
inline double timestamp(std::chrono::sys_time<std::chrono::nanoseconds> at) noexcept {
  return seconds(at.time_since_epoch());
}

}  // namespace belfry::observe
