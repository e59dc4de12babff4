// WatchBatch: what has changed among the files of a watch, and when that is complete: nothing has happened for
// `debounce`, and each file has kept its size and time for `stable_for`. Files whose change is complete together are
// taken together.
//
// Pure: the time comes in as an argument, of a clock that only goes forward, and so does what was seen on the disk. One
// thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/watch/watch_scan.hpp"
#include "engine/watch.hpp"

namespace belfry::daemon {

/// Since some moment in the past, the same for all.
using Moment = time::Duration;

class WatchBatch {
 public:
  /// When some files are complete and others are written all the time, the first ones wait for so many times debounce,
  static constexpr int patience = 10;
  /// or so many times stable_for if that is longer.
  static constexpr int stable_patience = 2;
  /// More paths than this to look at are as many as all.
  static constexpr std::size_t most_heard = 10'000;

  explicit WatchBatch(const engine::Watch& watch);

  /// The files that are there when the watch begins: those that changed at or after `since` count as changed now; the
  /// others are known from now on. REQUIRES: nothing was seen before.
  void begin(const SeenFiles& files, time::WallTime since, Moment now);

  /// Something happened to the file. False: it was not noted, because there is too much to look at: look at all.
  bool heard(std::string path, Moment now);
  /// A folder came or went: what that means for files, a look at all of them tells.
  void heard_of_folder(Moment now) { note(now); }
  /// All files are to be looked at. Until that has begun nothing is taken, unless patience is over.
  void expect_look_at_all() { look_owed_ = true; }

  /// All files are looked at from here on. What is heard until saw_all() may be too late for it, and is kept.
  void look_at_all_begins(Moment now);
  /// All files, as they were at some time since.
  void saw_all(const SeenFiles& files, Moment now);
  /// They could not be looked at: what was heard is as before.
  void look_at_all_failed();

  /// These files are looked at from here on, at next() or later; what is heard until saw() is kept, too.
  std::vector<std::string> look_begins(Moment now);
  /// The file as it was at some time since, if it was there.
  void saw(const std::string& path, const std::optional<SeenFile>& file, Moment now);
  /// It could not be looked at, and is found by the next look at all files.
  void forget(const std::string& path);

  /// When to look, or to take; none: when something is heard.
  std::optional<Moment> next() const;
  /// The files whose change is complete, sorted; empty: none, or it has not been quiet. They are known from now on.
  std::vector<std::string> take(Moment now);

  std::size_t pending() const noexcept { return pending_.size(); }

 private:
  struct Pending {
    FileStamp stamp;
    Moment since;
    bool stable = false;  // it was looked at, stable_for later, and was the same
  };

  void note(Moment now);
  void settle();
  bool see(const std::string& path, const FileStamp& stamp, Moment now);
  Moment patient_until() const;
  std::optional<Moment> next_look() const;
  std::optional<Moment> next_take() const;

  bool on_appear_;
  bool on_change_;
  Moment debounce_;
  Moment stable_for_;
  std::unordered_map<std::string, FileStamp> known_;
  std::map<std::string, Pending> pending_;
  std::set<std::string> heard_;    // and not looked at since
  std::set<std::string> looking_;  // heard of before the look that is under way
  bool look_owed_ = false;         // at all files
  std::optional<Moment> first_;    // of what is heard or pending
  Moment last_{};
  Moment looked_{};
};

}  // namespace belfry::daemon
