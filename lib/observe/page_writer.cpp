#include "observe/page_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace belfry::observe {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::string_view kTotal = "_total";

template <class... Format>
void append_digits(std::string& out, double value, Format... format) {
  std::array<char, 32> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init): to_chars fills it
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), value, format...).ptr);
}

void append_number(std::string& out, double value) {
  if (std::isfinite(value)) {
    append_digits(out, value);
  } else if (std::isnan(value)) {
    out += "NaN";
  } else {
    out += value > 0 ? "+Inf" : "-Inf";
  }
}

/// As a label: "1.0", not "1"; "0.0001", not "1e-04".
void append_bound(std::string& out, double value) {
  if (!std::isfinite(value)) {
    append_number(out, value);
    return;
  }
  const std::size_t begin = out.size();
  append_digits(out, value, std::chars_format::general);
  if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    out += c;
  }
}

std::string_view type_of(MetricType type, PageFormat format) noexcept {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Histogram:
      return "histogram";
    case MetricType::Summary:
      return "summary";
    case MetricType::Untyped:
      break;
  }
  return format == PageFormat::open_metrics ? "unknown" : "untyped";
}

std::string_view unit_of(std::string_view name) noexcept {
  for (const std::string_view unit : {"seconds", "bytes"}) {
    if (name.size() > unit.size() && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_') return unit;
  }
  return {};
}

}  // namespace

const char* content_type(PageFormat format) noexcept {
  return format == PageFormat::open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                            : "text/plain; version=0.0.4; charset=utf-8";
}

PageWriter::PageWriter(PageFormat format, bool gzip) : format_(format) {
  if (gzip) gzip_.emplace();
}

void PageWriter::take(MetricFamily&& family, const std::vector<BucketExemplar>& exemplars) {
  name_ = family.name;
  const bool open_metrics = format_ == PageFormat::open_metrics;
  const bool counter = family.type == MetricType::Counter;
  if (open_metrics && counter && name_.ends_with(kTotal)) name_.remove_suffix(kTotal.size());
  next_exemplar_ = exemplars.begin();
  last_exemplar_ = exemplars.end();
  write_head(family);
  for (std::size_t i = 0; i < family.metric.size(); ++i) {
    const ClientMetric& metric = family.metric[i];
    labels_.clear();
    for (const auto& [label, value] : metric.label) {
      if (!labels_.empty()) labels_ += ',';
      labels_ += label;
      labels_ += "=\"";
      append_escaped(labels_, value, true);
      labels_ += '"';
    }
    switch (family.type) {
      case MetricType::Counter:
        write_sample(open_metrics ? kTotal : "", metric.counter.value);
        break;
      case MetricType::Gauge:
        write_sample("", metric.gauge.value);
        break;
      case MetricType::Untyped:
        write_sample("", metric.untyped.value);
        break;
      case MetricType::Histogram:
        write_histogram(metric.histogram, i);
        break;
      case MetricType::Summary:
        write_summary(metric.summary);
        break;
    }
  }
  if (gzip_) {
    gzip_->append(out_);
    out_.clear();
  }
}

std::string PageWriter::finish() {
  if (format_ == PageFormat::open_metrics) out_ += "# EOF\n";
  if (!gzip_) return std::move(out_);
  gzip_->append(out_);
  return gzip_->finish();
}

void PageWriter::write_head(const MetricFamily& family) {
  const auto line = [&](std::string_view keyword, std::string_view rest, bool escape) {
    out_ += "# ";
    out_ += keyword;
    out_ += ' ';
    out_ += name_;
    out_ += ' ';
    if (escape) {
      append_escaped(out_, rest, format_ == PageFormat::open_metrics);
    } else {
      out_ += rest;
    }
    out_ += '\n';
  };
  if (!family.help.empty()) line("HELP", family.help, true);
  line("TYPE", type_of(family.type, format_), false);
  if (format_ != PageFormat::open_metrics) return;
  if (const std::string_view unit = unit_of(name_); !unit.empty()) line("UNIT", unit, false);
}

void PageWriter::write_sample(std::string_view suffix, double value) {
  out_ += name_;
  out_ += suffix;
  if (!labels_.empty()) {
    out_ += '{';
    out_ += labels_;
    out_ += '}';
  }
  out_ += ' ';
  append_number(out_, value);
  out_ += '\n';
}

/// A sample with one label more, without the end of its line.
void PageWriter::write_labelled(std::string_view suffix, std::string_view label, double bound, double value) {
  out_ += name_;
  out_ += suffix;
  out_ += '{';
  if (!labels_.empty()) {
    out_ += labels_;
    out_ += ',';
  }
  out_ += label;
  out_ += "=\"";
  append_bound(out_, bound);
  out_ += "\"} ";
  append_number(out_, value);
}

void PageWriter::write_histogram(const ClientMetric::Histogram& histogram, std::size_t metric) {
  for (std::size_t i = 0; i < histogram.bucket.size(); ++i) {
    const ClientMetric::Bucket& bucket = histogram.bucket[i];
    write_labelled("_bucket", "le", bucket.upper_bound, static_cast<double>(bucket.cumulative_count));
    if (next_exemplar_ != last_exemplar_ && next_exemplar_->metric == metric && next_exemplar_->bucket == i) {
      if (format_ == PageFormat::open_metrics) write_exemplar(next_exemplar_->exemplar);
      ++next_exemplar_;
    }
    out_ += '\n';
  }
  write_sample("_sum", histogram.sample_sum);
  write_sample("_count", static_cast<double>(histogram.sample_count));
}

void PageWriter::write_summary(const ClientMetric::Summary& summary) {
  for (const ClientMetric::Quantile& quantile : summary.quantile) {
    write_labelled("", "quantile", quantile.quantile, quantile.value);
    out_ += '\n';
  }
  write_sample("_sum", summary.sample_sum);
  write_sample("_count", static_cast<double>(summary.sample_count));
}

void PageWriter::write_exemplar(const Exemplar& exemplar) {
  out_ += " # {run=\"";
  out_ += std::to_string(exemplar.run);
  out_ += "\"} ";
  append_number(out_, exemplar.value);
  out_ += ' ';
  append_number(out_, exemplar.at);
}

}  // namespace belfry::observe
