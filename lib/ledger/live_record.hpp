// How a run lies in the table of live runs: fixed sizes, plain words. Private to live_runs.cpp.
//
// A dead process has carried out its stores in program order up to some instruction. So every change is written first
// and made valid by one word after it, and what is valid is never written to.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "ledger/live_runs.hpp"

namespace belfry::ledger {

/// Another number when anything changes its place or meaning. What takes up spare room does not: there an older daemon
/// has left 0, or what a newer one had written before it.
inline constexpr std::uint64_t live_layout = 1;  ///< of LiveHeader and LiveRecord
inline constexpr std::size_t longest_job = 128;
inline constexpr std::size_t kept_size = 7424;  ///< of each stream of output

inline std::uint64_t load_word(std::uint64_t& word) noexcept {
  return std::atomic_ref(word).load(std::memory_order_acquire);
}

/// What was written before is in place before `word` changes, and what is written next comes after.
inline void store_word(std::uint64_t& word, std::uint64_t value) noexcept {
  std::atomic_ref(word).store(value, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// Text of bounded size; what does not fit is cut off.
template <std::size_t Size>
struct FixedText {
  std::uint32_t size;
  std::array<char, Size> bytes;

  void set(std::string_view text) noexcept { size = static_cast<std::uint32_t>(text.copy(bytes.data(), Size)); }
  std::string_view get() const noexcept { return {bytes.data(), size < Size ? size : Size}; }
};

/// A number that may be absent.
struct MaybeNumber {
  std::int64_t value;
  std::uint64_t there;

  void set(std::optional<std::int64_t> number) noexcept {
    value = number.value_or(0);
    there = number ? 1 : 0;
  }
  std::optional<std::int64_t> get() const noexcept { return there == 1 ? std::optional(value) : std::nullopt; }
};

struct LiveAttempt {
  std::int64_t started_at;
  std::uint64_t start_ticks;
  std::uint64_t pid;  ///< not 0: it has a process, whose start_ticks are valid
};

/// How an attempt or the run ended. Words of the vocabularies by their names: numbers may differ between versions.
struct LiveEnd {
  std::int64_t ended_at;
  MaybeNumber exit_code;
  MaybeNumber signal;
  std::int64_t attempts;
  std::int64_t user_cpu;
  std::int64_t system_cpu;
  std::int64_t max_rss_bytes;
  std::int64_t orphans;
  std::uint64_t lingering_pipe;
  FixedText<28> outcome;
  FixedText<252> message;
};

/// What set a run going and what it waited for. Valid for the run `of`: a daemon that does not know of it leaves that
/// of another run standing.
struct LiveStart {
  std::int64_t of;
  MaybeNumber caused_by;
  std::int64_t queue;
  std::int64_t precondition;
  std::int64_t ledger;
};

struct LiveRecord {
  static constexpr std::uint64_t free = 0;
  static constexpr std::uint64_t running = 1;
  static constexpr std::uint64_t over = 2;  ///< run_end is valid

  std::uint64_t state;    ///< not free: all below is valid
  std::uint64_t attempt;  ///< number << 1, plus 1 when it is over: attempt_end is valid
  std::int64_t run;
  std::int64_t started_at;
  MaybeNumber scheduled_at;
  std::uint64_t generation;
  std::array<LiveAttempt, 2> attempts;  ///< that of `attempt` is number % 2
  LiveEnd attempt_end;
  LiveEnd run_end;
  FixedText<28> trigger;
  FixedText<longest_job> job;
  std::uint32_t unused;
  /// Of attempt_end, too. Where a daemon that did not know of them has written it, they are 0.
  std::int64_t read_bytes;
  std::int64_t written_bytes;
  MaybeNumber memory_peak_bytes;
  LiveStart start;
  std::array<std::byte, 432> spare;
  std::array<std::byte, kept_size> output;
  std::array<std::byte, kept_size> error;

  LiveAttempt& newest() noexcept { return attempts[(load_word(attempt) >> 1U) % 2]; }
};

static_assert(std::is_trivially_copyable_v<LiveRecord> && sizeof(LiveRecord) == 16384);
static_assert(offsetof(LiveRecord, output) % 8 == 0 && kept_size % 8 == 0);

/// The first page of the file.
struct LiveHeader {
  std::uint64_t layout;  ///< live_layout: all below is valid
  std::uint64_t newest_run;
  FixedText<124> place;     ///< the boot and the process namespace that the numbers of processes belong to
  FixedText<1020> ledger;   ///< whose table this is, for people
  std::uint64_t unsettled;  ///< not 0: see LiveRuns::settled(); older daemons have always 0
  std::array<std::byte, 2920> spare;
};

static_assert(std::is_trivially_copyable_v<LiveHeader> && sizeof(LiveHeader) == 4096);

}  // namespace belfry::ledger
