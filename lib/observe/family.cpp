#include "observe/family.hpp"

#include <limits>

namespace belfry::observe {

using prometheus::MetricType;

FamilyBuilder::FamilyBuilder(MetricType type, std::string_view name, std::string_view help) {
  family_.type = type;
  family_.name = name;
  family_.help = help;
}

FamilyBuilder FamilyBuilder::counter(std::string_view name, std::string_view help) {
  return {MetricType::Counter, name, help};
}

FamilyBuilder FamilyBuilder::gauge(std::string_view name, std::string_view help) {
  return {MetricType::Gauge, name, help};
}

FamilyBuilder FamilyBuilder::histogram(std::string_view name, std::string_view help) {
  return {MetricType::Histogram, name, help};
}

FamilyBuilder& FamilyBuilder::add(std::initializer_list<LabelView> labels, double value) {
  prometheus::ClientMetric& metric = sample(labels);
  if (family_.type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return *this;
}

FamilyBuilder& FamilyBuilder::add(std::initializer_list<LabelView> labels, std::span<const double> bounds,
                                  std::span<const std::uint64_t> counts, double sum) {
  prometheus::ClientMetric::Histogram& histogram = sample(labels).histogram;
  histogram.bucket.reserve(counts.size());
  std::uint64_t cumulated = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    cumulated += counts[i];
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({.cumulative_count = cumulated, .upper_bound = bound});
  }
  histogram.sample_count = cumulated;
  histogram.sample_sum = sum;
  return *this;
}

void FamilyBuilder::exemplify(std::size_t bucket, const Exemplar& exemplar) {
  exemplars_.push_back({.metric = family_.metric.size() - 1, .bucket = bucket, .exemplar = exemplar});
}

void FamilyBuilder::move_to(std::vector<prometheus::MetricFamily>& out) {
  if (!family_.metric.empty()) out.push_back(std::move(family_));
}

void FamilyBuilder::move_to(FamilySink& out) {
  if (!family_.metric.empty()) out.take(std::move(family_), exemplars_);
}

prometheus::ClientMetric& FamilyBuilder::sample(std::initializer_list<LabelView> labels) {
  prometheus::ClientMetric& metric = family_.metric.emplace_back();
  metric.label.reserve(labels.size());
  for (const auto& [name, value] : labels) metric.label.push_back({std::string(name), std::string(value)});
  return metric;
}

}  // namespace belfry::observe
