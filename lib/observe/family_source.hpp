// A source of /metrics that hands over one family after the other, so that a page of many jobs is never in memory
// twice.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstddef>
#include <vector>

#include "observe/exemplar.hpp"

namespace belfry::observe {

/// An exemplar of one bucket of a family: prometheus-cpp's families have no place for it.
struct BucketExemplar {
  std::size_t metric = 0;  ///< its index in the family
  std::size_t bucket = 0;  ///< its index in the metric
  Exemplar exemplar;
};

/// Takes the families of a page as they are collected. Used by one thread at a time.
class FamilySink {
 public:
  FamilySink() = default;
  FamilySink(const FamilySink&) = delete;
  FamilySink& operator=(const FamilySink&) = delete;
  virtual ~FamilySink() = default;

  /// `exemplars` are sorted by metric and bucket.
  virtual void take(prometheus::MetricFamily&& family, const std::vector<BucketExemplar>& exemplars) = 0;
};

/// Beside what every Collectable does: collects into a sink, with exemplars. Any thread.
class FamilySource : public prometheus::Collectable {
 public:
  virtual void collect(FamilySink& out) const = 0;

  /// All of them at once, without exemplars.
  std::vector<prometheus::MetricFamily> Collect() const final;
};

}  // namespace belfry::observe
