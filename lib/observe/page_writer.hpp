// Writes metric families down, as Prometheus' text format 0.0.4 or as OpenMetrics 1.0.0.
//
// prometheus-cpp writes only the former, and writes the bound 1 of a bucket as le="1". OpenMetrics wants le="1.0",
// which is another series to Prometheus. Both formats are written here with the same numbers, so that a series is the
// same by whichever it was scraped.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observe/family_source.hpp"
#include "observe/gzip.hpp"

namespace belfry::observe {

enum class PageFormat : std::uint8_t {
  text,         ///< "text/plain; version=0.0.4"
  open_metrics  ///< "application/openmetrics-text; version=1.0.0": with units, exemplars and an end
};

/// What the answer's Content-Type says of it.
const char* content_type(PageFormat format) noexcept;

/// Not thread-safe. Timestamps of samples are not written: belfry has none.
class PageWriter final : public FamilySink {
 public:
  /// `gzip`: compress what is written, as it comes.
  PageWriter(PageFormat format, bool gzip);

  void take(prometheus::MetricFamily&& family, const std::vector<BucketExemplar>& exemplars) override;

  /// The page. REQUIRES: called once, last.
  std::string finish();

 private:
  void write_head(const prometheus::MetricFamily& family);
  void write_sample(std::string_view suffix, double value);
  void write_histogram(const prometheus::ClientMetric::Histogram& histogram, std::size_t metric);
  void write_summary(const prometheus::ClientMetric::Summary& summary);
  void write_labelled(std::string_view suffix, std::string_view label, double bound, double value);
  void write_exemplar(const Exemplar& exemplar);

  PageFormat format_;
  std::optional<GzipStream> gzip_;
  std::string out_;

  // Of the family that is being written.
  std::string_view name_;  // before any suffix
  std::string labels_;     // of the metric, without braces
  std::vector<BucketExemplar>::const_iterator next_exemplar_;
  std::vector<BucketExemplar>::const_iterator last_exemplar_;
};

}  // namespace belfry::observe
