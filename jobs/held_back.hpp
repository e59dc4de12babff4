// What a run must hide in its output, and what it holds back of that: known beyond the end of this process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "engine/action.hpp"
#include "io/fd.hpp"
#include "io/redactor.hpp"
#include "io/shared_memory.hpp"

namespace belfry::jobs {

/// Plain value.
struct Hiding {
  std::shared_ptr<const io::HiddenTexts> texts{};  ///< null: none, or they are unknown
  bool unknown = false;                            ///< there is something to hide, but nobody knows any more what
  bool taken_over = false;                         ///< an earlier daemon has read some of the output

  bool any() const noexcept { return texts || unknown; }
};

/// The mark of the redactor of each stream (io::Redactor::mark), in memory that outlives us. A mark is a doubtful one
/// while something is read, so whoever is killed meanwhile leaves no other. Loop thread.
class HeldBack {
 public:
  HeldBack() noexcept = default;

  /// What an earlier daemon kept so; `kept` may be empty, or something else: there() is false then.
  explicit HeldBack(io::Fd kept);

  /// New memory, given into `report.keep` under that label. Where that cannot be, it is as if nothing had been kept.
  static HeldBack keep_new(engine::Report& report, std::uint32_t label, bool taken_over);

  bool there() const noexcept { return memory_.has_value(); }

  /// Of stream 0 or 1, as it was kept.
  std::uint64_t mark(std::size_t stream) const noexcept;
  void set_mark(std::size_t stream, std::uint64_t mark) noexcept;

 private:
  std::span<std::uint64_t> marks() const noexcept;

  std::optional<io::SharedMemory> memory_;
  std::uint64_t first_ = 0;  // without memory, the mark of both
};

}  // namespace belfry::jobs
