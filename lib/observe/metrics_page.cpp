#include "observe/metrics_page.hpp"

#include <utility>

#include "observe/family_source.hpp"

namespace belfry::observe {

std::string metrics_page(const Sources& sources, PageFormat format, bool gzip) {
  PageWriter writer(format, gzip);
  for (const auto& source : sources) {
    if (const auto* const stepwise = dynamic_cast<const FamilySource*>(source.get())) {
      stepwise->collect(writer);
      continue;
    }
    for (prometheus::MetricFamily& family : source->Collect()) writer.take(std::move(family), {});
  }
  return writer.finish();
}

}  // namespace belfry::observe
