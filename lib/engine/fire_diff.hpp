// Which fires differ between two generations of the catalog, over a span of time: what an edit does to the days to
// come. Pure, and bounded in work whatever the triggers are: for a thread of a pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/job.hpp"

namespace belfry::engine {

/// The fires of one job that are only before, or only after. Slots on a day off are no fires: nothing starts then.
struct FireChange {
  std::string job;
  std::string timezone;  ///< in which they are meant: of the new declaration, if there is one
  std::uint64_t vanishing = 0;
  std::uint64_t appearing = 0;
  std::vector<WallTime> first_vanishing;  ///< the first few of them
  std::vector<WallTime> first_appearing;
  WallTime compared_until;  ///< the end of the span, or where the limit of work was reached: there may be more after it

  friend bool operator==(const FireChange&, const FireChange&) = default;
};

struct FireDiffOptions {
  WallTime from;   ///< fires after this
  WallTime until;  ///< and not after this
  /// Time zones have the same rules before and after, and calendars the same days off: then jobs with the same
  /// declaration are due at the same times, and are not walked through.
  bool same_rules = true;
  std::size_t shown = 3;           ///< how many fires of each kind are listed
  std::size_t most_each = 20'000;  ///< fires that are looked at for one job
  std::size_t most = 2'000'000;    ///< and for all jobs together, shared out evenly; but each job gets `least_each`
  std::size_t least_each = 50;
};

/// The jobs whose fires differ, by name. A job that is in one of the catalogs only, or enabled in one only, has all its
/// fires vanish or appear. Of a job that is due too often to be walked through, what is found up to compared_until is
/// told; when its triggers read the same in their normalised form and nothing was found, it counts as the same.
std::vector<FireChange> diff_fires(const Catalog& before, const Catalog& after, const FireDiffOptions& options);

}  // namespace belfry::engine
