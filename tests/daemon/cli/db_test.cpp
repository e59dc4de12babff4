// `belfry db`: the real program against a daemon in the test's own process, and against the folder it left.

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "daemon/cli/said.hpp"
#include "daemon/control/live_daemon.hpp"

namespace belfry::daemon::cli {
namespace {

using ledger::Outcome;
using nlohmann::json;
using test::belfry;
using test::Instant;
using test::LiveDaemon;
using test::make_job;
using test::Said;

std::string option(const std::filesystem::path& state_dir) { return " --state-dir " + state_dir.string(); }

TEST_CASE("a backup of a running daemon can be put in place of the ledger of one that does not run") {
  const test::TempDir folder;
  const std::string copy = (folder / "copy.db").string();
  const std::string state = (folder / "state").string();
  std::filesystem::create_directory(state);
  {
    LiveDaemon daemon({make_job("good", std::make_shared<Instant>(Outcome::success))});
    REQUIRE(belfry(daemon.socket(), "run good --wait").code == 0);
    const Said said = belfry(daemon.socket(), "db backup " + copy + " --json");
    CHECK(said.code == 0);
    CHECK(json::parse(said.out).at("path") == copy);
    CHECK(json::parse(said.out).at("bytes") == std::filesystem::file_size(copy));
    struct stat info{};
    REQUIRE(::stat(copy.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);

    const Said again = belfry(daemon.socket(), "db backup " + copy);
    CHECK(again.code == 1);
    CHECK_THAT(again.err, Catch::Contains("name one that does not exist"));
    const Said refused = belfry(daemon.socket(), "db restore " + copy + option(daemon.state_dir()));
    CHECK(refused.code == 6);
    CHECK_THAT(refused.err, Catch::Contains("in use by process") && Catch::Contains("stop that belfryd"));
    CHECK(belfry(daemon.socket(), "db vacuum" + option(daemon.state_dir())).code == 6);
    CHECK_THAT(belfry(daemon.socket(), "db check" + option(daemon.state_dir())).out, Catch::Contains("is sound"));
  }
  const std::filesystem::path none = folder / "none.sock";
  const Said first = belfry(none, "db restore " + copy + option(state));
  CHECK(first.code == 0);
  CHECK(first.out.find("is kept as") == std::string::npos);
  const Said second = belfry(none, "db restore " + copy + option(state));
  CHECK(second.code == 0);
  CHECK_THAT(second.out, Catch::Contains("is kept as " + state + "/ledger.db.replaced-"));
  CHECK(belfry(none, "db check --json" + option(state)).code == 0);
  CHECK_THAT(belfry(none, "db vacuum" + option(state)).out, Catch::Contains("and takes"));
  CHECK(belfry(none, "db backup " + copy + "2" + option(state)).code == 0);
  CHECK(belfry(none, "db check" + option(state)).code == 0);
}

TEST_CASE("damage is told, and refused as a backup") {
  const test::TempDir folder;
  std::ofstream(folder / "ledger.db") << std::string(5000, '?');
  const std::filesystem::path none = folder / "none.sock";
  const Said check = belfry(none, "db check" + option(folder.path()));
  CHECK(check.code == 1);
  CHECK_THAT(check.out, Catch::Contains("is damaged") && Catch::Contains("belfry db restore"));
  const test::TempDir other;
  const Said restore = belfry(none, "db restore " + (folder / "ledger.db").string() + option(other.path()));
  CHECK(restore.code == 1);
  CHECK_THAT(restore.err, Catch::Contains("not a database"));
  const Said missing = belfry(none, "db check" + option(other.path()));
  CHECK(missing.code == 1);
  CHECK_THAT(missing.err, Catch::Contains("there is no ledger here") && Catch::Contains("--state-dir"));
  CHECK(belfry(none, "db").code == 2);
  CHECK(belfry(none, "db backup").code == 2);
}

}  // namespace
}  // namespace belfry::daemon::cli
