// The page of /metrics: the figures of all sources as text.
#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <string>
#include <vector>

namespace belfry::observe {

/// Collects from each source and writes the text format 0.0.4. Any thread.
std::string text_page(const std::vector<std::shared_ptr<prometheus::Collectable>>& sources);

}  // namespace belfry::observe
