// The page of /metrics: the figures of all sources, written down.
#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <string>
#include <vector>

#include "observe/page_writer.hpp"

namespace belfry::observe {

using Sources = std::vector<std::shared_ptr<prometheus::Collectable>>;

/// Collects from each source and writes it down. Any thread.
std::string metrics_page(const Sources& sources, PageFormat format, bool gzip);

/// As plain text. Any thread.
inline std::string text_page(const Sources& sources) { return metrics_page(sources, PageFormat::text, false); }

}  // namespace belfry::observe
