#include "time/zone.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "time_text.hpp"

namespace belfry::time {
namespace {

using test::at;
using test::zone;

ParseError zone_error(std::string_view name) {
  const auto found = Zone::load(name);
  INFO(name);
  REQUIRE_FALSE(found.has_value());
  return found.error();
}

/// Sets an environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* const old = std::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

LocalTime local_at(std::string_view text) { return Zone().to_local(at(text)); }

TEST_CASE("zone: names are strict, and a wrong one is corrected") {
  CHECK(Zone::load("Europe/Berlin")->name() == "Europe/Berlin");
  CHECK(Zone::load("UTC").value() == Zone());
  CHECK(Zone::load("Etc/GMT+5").has_value());
  CHECK(zone_error("Europe/Berln").hint == "did you mean \"Europe/Berlin\"?");
  CHECK(zone_error("europe/berlin").hint == "did you mean \"Europe/Berlin\"?");
  CHECK(zone_error("Berlin").hint == "did you mean \"Europe/Berlin\"?");
  CHECK(zone_error("Mars/Phobos").message == "no time zone is called \"Mars/Phobos\"");
}

TEST_CASE("zone: paths and other spellings that a library would open are refused") {
  for (const std::string_view name :
       {"/etc/localtime", "../../etc/passwd", "./Europe/Berlin", "Europe//Berlin", "Europe/", "Europe/Berlin ",
        "localtime", "posix/Europe/Berlin", "UTC0", "Fixed/UTC+05:30:00", "", "tzdata.zi", "Europe"}) {
    zone_error(name);
  }
  CHECK(zone_error("Europe/../Berlin").offset == 7);
  CHECK(zone_error(std::string_view("UTC\0x", 5)).offset == 3);
}

TEST_CASE("zone: a local time is unique, skipped or repeated") {
  const Zone berlin = zone("Europe/Berlin");
  const LocalInstants unique = berlin.resolve(local_at("2026-06-01T12:00:00Z"));
  CHECK(unique.kind == LocalKind::unique);
  CHECK(unique.before == at("2026-06-01T10:00:00Z"));

  const LocalInstants skipped = berlin.resolve(local_at("2026-03-29T02:30:00Z"));
  CHECK(skipped.kind == LocalKind::skipped);
  CHECK(skipped.before == at("2026-03-29T01:30:00Z"));
  CHECK(skipped.transition == at("2026-03-29T01:00:00Z"));
  CHECK(skipped.after == at("2026-03-29T00:30:00Z"));

  const LocalInstants repeated = berlin.resolve(local_at("2026-10-25T02:30:00Z"));
  CHECK(repeated.kind == LocalKind::repeated);
  CHECK(repeated.before == at("2026-10-25T00:30:00Z"));
  CHECK(repeated.transition == at("2026-10-25T01:00:00Z"));
  CHECK(repeated.after == at("2026-10-25T01:30:00Z"));
}

TEST_CASE("zone: transitions strictly after and before an instant, also beyond 2037") {
  const Zone new_york = zone("America/New_York");
  const auto next = new_york.next_transition(at("2060-01-01T00:00:00Z"));
  REQUIRE(next);
  CHECK(next->at == at("2060-03-14T07:00:00Z"));
  CHECK(next->offset_before == std::chrono::hours{-5});
  CHECK(next->offset_after == std::chrono::hours{-4});
  CHECK(new_york.next_transition(next->at)->at == at("2060-11-07T06:00:00Z"));
  CHECK(new_york.previous_transition(at("2060-11-07T06:00:00Z"))->at == next->at);
  CHECK_FALSE(Zone().next_transition(at("2026-01-01T00:00:00Z")).has_value());
  CHECK_FALSE(zone("Asia/Tokyo").next_transition(at("2026-01-01T00:00:00Z")).has_value());
}

TEST_CASE("zone: the offset and its abbreviation") {
  const ZoneOffset summer = zone("Europe/Berlin").at(at("2026-07-01T00:00:00Z"));
  CHECK(summer.offset == std::chrono::hours{2});
  CHECK(summer.daylight_saving);
  CHECK(std::string(summer.abbreviation) == "CEST");
}

TEST_CASE("zone: the machine's zone comes from TZ first") {
  {
    const Variable tz("TZ", ":Asia/Kathmandu");
    CHECK(Zone::local().zone.name() == "Asia/Kathmandu");
    CHECK(Zone::local().source == "TZ");
    CHECK(Zone::local().warning.empty());
  }
  {
    const Variable tz("TZ", "/usr/share/zoneinfo/Europe/Paris");
    CHECK(Zone::local().zone.name() == "Europe/Paris");
  }
  {
    const Variable tz("TZ", "CET-1CEST,M3.5.0,M10.5.0/3");
    CHECK(Zone::local().zone == Zone());
    CHECK_FALSE(Zone::local().warning.empty());
  }
}

TEST_CASE("zone: an updated tzdata is read by the next load, and loaded zones keep the old rules") {
  namespace fs = std::filesystem;
  std::string directory = (fs::temp_directory_path() / "belfry-zones-XXXXXX").string();
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  const fs::path system = "/usr/share/zoneinfo";
  const auto install = [&](const char* rules, const char* version) {
    fs::remove(fs::path(directory) / "Lunar");
    fs::copy_file(system / rules, fs::path(directory) / "Lunar");
    std::ofstream(fs::path(directory) / "tzdata.zi.new") << "# version " << version << "\nZ Lunar 1 - X\n";
    fs::rename(fs::path(directory) / "tzdata.zi.new", fs::path(directory) / "tzdata.zi");
  };
  {
    const Variable tzdir("TZDIR", directory);
    install("Asia/Tokyo", "1");
    CHECK(refresh_zones());
    CHECK(zone_data_version() == "1");
    const Zone old = zone("Lunar");
    CHECK_FALSE(refresh_zones());
    install("Europe/Berlin", "2");
    CHECK(refresh_zones());
    const Zone fresh = zone("Lunar");
    const WallTime winter = at("2026-01-01T00:00:00Z");
    CHECK(fresh != old);
    CHECK(old.at(winter).offset == std::chrono::hours{9});
    CHECK(fresh.at(winter).offset == std::chrono::hours{1});
  }
  CHECK(refresh_zones());  // back to the system's list
  CHECK(zone("Europe/Berlin").name() == "Europe/Berlin");
  fs::remove_all(directory);
}

}  // namespace
}  // namespace belfry::time
