#include "jobs/secrets.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "action_fixture.hpp"
#include "as_nobody.hpp"
#include "io/fd.hpp"
#include "jobs/exec.hpp"

using namespace belfry;
using jobs::ExecSpec;
using ledger::Outcome;

namespace {

// Files of secrets, and the folder that they are laid out in.
struct Place {
  test::TempDir dir;
  std::string root = (dir / "secrets").string();

  Place() { std::filesystem::permissions(dir.path(), std::filesystem::perms(0711)); }

  jobs::SecretSource source(std::string variable, std::string_view text) const {
    const std::string path = (dir / ("source-" + variable)).string();
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), 0600);
    return {.variable = std::move(variable), .place = path};
  }
  ExecSpec spec(std::string command, std::vector<jobs::SecretSource> secrets) const {
    return {.command = std::move(command), .secrets = std::move(secrets), .secrets_folder = root};
  }
  bool nothing_left() const { return !std::filesystem::exists(root); }
};

const std::string pem = "-----BEGIN KEY-----\nc2VjcmV0IGtleQ==\n-----END KEY-----\n";

}  // namespace

TEST_CASE("a program finds a secret in a file that a variable names, and nothing is left of it", "[secrets]") {
  using namespace std::string_literals;
  const Place place;
  const std::string binary = "\0\xff\n\nfour\n\n"s;
  const auto ran = test::run_action(
      jobs::make_exec(place.spec("stat -c '%a %F' $TOKEN; od -An -c $BINARY | tr -d ' \\n'; cp $BINARY " +
                                     (place.dir / "copy").string() + "; env | grep -c hunter2",
                                 {place.source("TOKEN", "hunter2\n"), place.source("BINARY", binary)})));
  CHECK(ran.output() == "400 regular file\n\\0377\\n\\n***\\n\\n0\n");
  std::ifstream copy(place.dir / "copy", std::ios::binary);
  CHECK(std::string(std::istreambuf_iterator<char>(copy), {}) == binary);
  CHECK(place.nothing_left());
}

TEST_CASE("nothing is left either of a program that fails, cannot start or is cancelled", "[secrets]") {
  const Place place;
  const auto secret = place.source("TOKEN", "hunter2");
  CHECK(test::run_action(jobs::make_exec(place.spec("kill -KILL $$", {secret}))).outcome == Outcome::killed);
  CHECK(place.nothing_left());
  ExecSpec unfit = place.spec("", {secret});
  unfit.command = std::vector<std::string>{"/no/such"};
  CHECK(test::run_action(jobs::make_exec(unfit)).outcome == Outcome::start_error);
  CHECK(place.nothing_left());
  test::Ready ready;
  ExecSpec endless = place.spec("test -s $TOKEN && echo >$READY; sleep 1000", {secret});
  endless.environment["READY"] = ready.path();
  const auto ran = async::run(test::run_until(jobs::make_exec(endless), ready));
  CHECK_FALSE(ran.outcome);
  CHECK(place.nothing_left());
}

TEST_CASE("a secret that cannot be read is a start error with its name and its reason", "[secrets]") {
  const Place place;
  const auto message = [&](jobs::SecretSource source) {
    const auto ran = test::run_action(jobs::make_exec(place.spec("true", {place.source("A", "good"), source})));
    CHECK(ran.outcome == Outcome::start_error);
    CHECK(place.nothing_left());
    return ran.report.message;
  };
  CHECK(message({.variable = "B", .place = "/no/such"}) ==
        "cannot start: secrets: B: cannot open /no/such: No such file or directory");
  CHECK(message({.variable = "B", .place = "/dev/zero"}) ==
        "cannot start: secrets: B: /dev/zero: this is no ordinary file");
  const auto empty = place.source("B", "");
  CHECK(message(empty) == "cannot start: secrets: B: " + empty.place + ": it is empty");
  const auto large = place.source("B", std::string(jobs::largest_secret + 1, 'x'));
  CHECK(message(large) == "cannot start: secrets: B: " + large.place + ": more than 64K, which is no secret");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(message({.variable = "B", .place = "key", .credential = true}) ==
        "cannot start: secrets: B: there is no $CREDENTIALS_DIRECTORY for the credential key: the unit of "
        "belfryd has no LoadCredential=");
}

TEST_CASE("a credential is read where systemd has put it", "[secrets]") {
  const Place place;
  const auto file = place.source("key", "from systemd");
  std::filesystem::rename(file.place, place.dir / "key");
  ::setenv("CREDENTIALS_DIRECTORY", place.dir.path().c_str(), 1);
  const auto ran = test::run_action(
      jobs::make_exec(place.spec("tr a-z A-Z <$KEY", {{.variable = "KEY", .place = "key", .credential = true}})));
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(ran.output() == "FROM SYSTEMD");
}

TEST_CASE("the folder of secrets must be ours", "[secrets]") {
  const Place place;
  std::filesystem::create_symlink("/tmp", place.root);
  const auto ran = test::run_action(jobs::make_exec(place.spec("true", {place.source("A", "good")})));
  CHECK(ran.outcome == Outcome::start_error);
  CHECK_THAT(ran.report.message, Catch::Matchers::EndsWith(place.root + ": this belongs to somebody else; remove it"));
}

TEST_CASE("the secret belongs to the user of the job alone, whatever the umask", "[secrets]") {
  if (!test::is_root()) return;
  const Place place;
  ExecSpec spec = place.spec("stat -c '%U %G %a' $TOKEN; tr a-z A-Z <$TOKEN; ls $(dirname $TOKEN) 2>&1 | tail -c 18",
                             {place.source("TOKEN", "hunter2\n")});
  spec.user = jobs::AccountRequest{.user = "nobody"};
  spec.working_dir = "/";
  const mode_t before = ::umask(077);
  const auto ran = test::run_action(jobs::make_exec(spec));
  ::umask(before);
  CHECK(ran.output() == "nobody nogroup 400\nHUNTER2\nPermission denied\n");
  CHECK(place.nothing_left());
}

TEST_CASE("what a program prints of its secrets is hidden, on both streams, in whatever pieces", "[secrets]") {
  const Place place;
  const std::vector<jobs::SecretSource> secrets{place.source("TOKEN", "hunter2\n"), place.source("KEY", pem)};
  const auto ran = test::run_action(jobs::make_exec(
      place.spec("cat $TOKEN; cat $KEY >&2; sed -n 2p $KEY; printf hun; printf 'ter2, the end: hunter'", secrets)));
  CHECK(ran.output() == "***\n***\n***, the end: hunter");
  CHECK(ran.error() == "***\n");
  ExecSpec split = place.spec("head -c 65532 /dev/zero; cat $TOKEN; head -c 65532 /dev/zero; cat $TOKEN", secrets);
  split.output_budget = 1'000'000;
  const std::string zeros(65532, '\0');
  CHECK((test::run_action(jobs::make_exec(split)).output() == zeros + "***\n" + zeros + "***\n"));
}

TEST_CASE("the values of a file of variables are hidden when it is said to be secret", "[secrets]") {
  const Place place;
  const auto file = place.source("env", "PASSWORD=hunter2\nPORT=80\n");
  ExecSpec spec{.command = "echo $PASSWORD at $PORT", .env_files = {{.path = file.place, .secret = true}}};
  CHECK(test::run_action(jobs::make_exec(spec)).output() == "*** at 80\n");
  spec.env_files.front().secret = false;
  CHECK(test::run_action(jobs::make_exec(spec)).output() == "hunter2 at 80\n");
}

TEST_CASE("a secret file of variables is read once, so that what a program is given is what is hidden", "[secrets]") {
  const Place place;
  const auto file = place.source("env", "PASSWORD=hunter2\n");
  const io::Fd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  REQUIRE(::inotify_add_watch(watch.get(), file.place.c_str(), IN_OPEN | IN_CLOSE_NOWRITE) >= 0);
  const ExecSpec spec{.command = "echo $PASSWORD", .env_files = {{.path = file.place, .secret = true}}};
  CHECK(test::run_action(jobs::make_exec(spec)).output() == "***\n");
  std::array<char, 1024> events{};
  const auto got = ::read(watch.get(), events.data(), events.size());
  CHECK(got == static_cast<ssize_t>(2 * sizeof(inotify_event)));  // opened and closed
}

TEST_CASE("the sentence about a sign of failure shows no secret", "[secrets]") {
  const Place place;
  ExecSpec spec = place.spec("echo ERROR: wrong password $(cat $TOKEN)", {place.source("TOKEN", "hunter2")});
  spec.failure_signs.pattern = jobs::Pattern("ERROR");
  CHECK_THAT(test::run_action(jobs::make_exec(spec)).report.message,
             Catch::Matchers::EndsWith(R"("ERROR: wrong password ***")"));
}

TEST_CASE("what a killed daemon left behind is removed, but what a run that goes on has", "[secrets]") {
  namespace fs = std::filesystem;
  const Place place;
  for (const char* name : {"7", "8", "8-1.step.0.1", "odd"}) {
    fs::create_directories(place.root + "/" + name);
    std::ofstream(place.root + "/" + name + "/TOKEN") << "hunter2";
  }
  std::ofstream(place.dir / "elsewhere") << "stays";
  fs::create_symlink(place.dir.path(), place.root + "/link");
  jobs::remove_forgotten_secrets(place.root, {8});
  CHECK_FALSE(fs::exists(place.root + "/7"));
  CHECK(fs::exists(place.root + "/8/TOKEN"));
  CHECK_FALSE(fs::exists(place.root + "/8-1.step.0.1"));  // a part of a run is not adopted
  CHECK_FALSE(fs::exists(place.root + "/odd"));
  CHECK_FALSE(fs::exists(fs::symlink_status(place.root + "/link")));
  CHECK(fs::exists(place.dir / "elsewhere"));
  jobs::remove_forgotten_secrets(place.root, {});
  CHECK_FALSE(fs::exists(place.root));
  jobs::remove_forgotten_secrets(place.root, {});  // there is nothing: no matter
}
