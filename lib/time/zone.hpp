// Time zones from the system's tzdata: what the wall clock shows at an instant, and which instants show a local time.
//
// A Zone is a pointer to data that is loaded once per process and never freed: copy it freely, use it on any thread.
// Only load(), local() and refresh_zones() touch files; everything else is arithmetic, right for every year.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "time/parse_error.hpp"
#include "time/wall_time.hpp"

namespace belfry::time {

/// An instant in whole seconds: every transition and every cron fire is one.
using WallSeconds = std::chrono::sys_seconds;

/// What the clock on the wall shows: a date and a time of day without a zone.
using LocalTime = std::chrono::local_seconds;

/// How a local time lies in a zone.
enum class LocalKind : std::uint8_t {
  unique,    ///< it is shown once
  skipped,   ///< the clock jumps over it (spring forward)
  repeated,  ///< it is shown twice (fall back)
};

/// The instants that belong to a local time. When it is unique, all three are the same.
/// skipped: `before` reads it with the offset before the jump (and so lies after the jump), `after` with the one after.
/// repeated: `before` is the first pass, `after` the second.
struct LocalInstants {
  LocalKind kind = LocalKind::unique;
  WallSeconds before;
  WallSeconds transition;  ///< the instant of the jump
  WallSeconds after;
};

/// A change of the offset.
struct Transition {
  WallSeconds at;  ///< the first instant with the new offset
  std::chrono::seconds offset_before;
  std::chrono::seconds offset_after;
};

/// The part of the zone's rules that holds at an instant.
struct ZoneOffset {
  std::chrono::seconds offset;  ///< local minus UTC
  bool daylight_saving;         ///< as tzdata says
  const char* abbreviation;     ///< "CET", "-03"; lives for ever
};

struct LocalZone;

class Zone {
 public:
  /// UTC.
  Zone() noexcept;

  /// The zone of an IANA name ("Europe/Berlin", "UTC"). Strict: letter case counts, no paths, and the name must be in
  /// the list of the installed tzdata. The error suggests the nearest name. Reads a file the first time.
  static Parsed<Zone> load(std::string_view name);

  /// The zone of this machine: $TZ, else the link /etc/localtime, else /etc/timezone, else UTC with a warning.
  static LocalZone local();

  const std::string& name() const noexcept;

  ZoneOffset at(WallTime instant) const noexcept;
  LocalTime to_local(WallTime instant) const noexcept;  ///< whole seconds, rounded down
  LocalInstants resolve(LocalTime local) const noexcept;

  /// The first change of the offset strictly after `instant`, or the last one strictly before it.
  std::optional<Transition> next_transition(WallTime instant) const noexcept;
  std::optional<Transition> previous_transition(WallTime instant) const noexcept;

  /// The same name and the same load of its data.
  friend bool operator==(const Zone&, const Zone&) noexcept = default;

 private:
  struct Data;
  explicit Zone(const Data* data) noexcept : data_(data) {}
  const Data* data_;
};

/// The zone of this machine and how it was found.
struct LocalZone {
  Zone zone;
  std::string source;   ///< "TZ", "/etc/localtime", "/etc/timezone" or "default"
  std::string warning;  ///< why it is UTC although that was not asked for; empty when all is well
};

/// All names of the installed tzdata, sorted; empty when it has no list (tzdata.zi).
const std::vector<std::string>& zone_names();

/// The version of the installed tzdata, e.g. "2025b"; empty when unknown.
std::string zone_data_version();

/// Looks whether tzdata was updated; then Zone::load() reads its new files from now on, and true is returned. Zones
/// that are already loaded keep the old rules, so a caller decides when to load anew.
bool refresh_zones();

}  // namespace belfry::time
