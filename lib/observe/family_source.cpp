#include "observe/family_source.hpp"

#include <utility>

namespace belfry::observe {

namespace {

class Gathered final : public FamilySink {
 public:
  std::vector<prometheus::MetricFamily> families;

  void take(prometheus::MetricFamily&& family, const std::vector<BucketExemplar>& /*exemplars*/) override {
    families.push_back(std::move(family));
  }
};

}  // namespace

std::vector<prometheus::MetricFamily> FamilySource::Collect() const {
  Gathered gathered;
  collect(gathered);
  return std::move(gathered.families);
}

}  // namespace belfry::observe
