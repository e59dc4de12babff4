#include "jobs/native.hpp"

#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "action_fixture.hpp"
#include "jobs/action_registry.hpp"
#include "jobs/exec.hpp"
#include "support/file_text.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using ledger::Outcome;
using test::read;

namespace {

void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

auto make(const std::string& function, const jobs::ParameterMap& parameters, async::ThreadPool* pool = nullptr) {
  return make_action(jobs::native_kind(jobs::builtin_functions()),
                     {.kind = "native", .form = function, .parameters = parameters},
                     {.pool = pool, .working_dir = "/"});
}

test::Ran run_native(const std::string& function, const jobs::ParameterMap& parameters) {
  async::ThreadPool pool(async::ThreadPoolOptions("test").threads(2));
  const auto action = make(function, parameters, &pool);
  if (!action) FAIL(action.error().message);
  return test::run_action(*action);
}

/// What a program that everybody trusts says about our files.
test::Ran shell(const std::string& text) { return test::run_action(jobs::make_exec({.command = text})); }

}  // namespace

TEST_CASE("checksums are what sha256sum accepts", "[native]") {
  test::TempDir dir;
  write(dir / "a.txt", "abc");
  write(dir / "b.txt", std::string(3'000'000, 'b'));
  write(dir / "odd\nname.txt", "");
  const auto sums = (dir / "SHA256SUMS").string();
  const auto ran = run_native("checksum", {{"paths", (dir / "*").string()}, {"output", sums}});
  CHECK(ran.outcome == Outcome::success);
  CHECK(ran.report.message == "SHA-256 of 3 files, 2.9 MiB, in " + sums);
  CHECK_THAT(read(sums),
             Catch::Matchers::StartsWith("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  "));
  CHECK(shell("sha256sum --check --strict " + sums).outcome == Outcome::success);
  // Once more: the list itself is not among the files.
  CHECK(run_native("checksum", {{"paths", (dir / "*").string()}, {"output", sums}}).report.message ==
        "SHA-256 of 3 files, 2.9 MiB, in " + sums);
}

TEST_CASE("compress leaves what gzip and zstd accept, with mode and time of the source", "[native]") {
  const std::string method = GENERATE("gzip", "zstd");
  test::TempDir dir;
  std::string text;
  for (int line = 0; line < 50'000; ++line) text += "line " + std::to_string(line) + " of a log\n";
  write(dir / "app.log", text);
  ::chmod((dir / "app.log").c_str(), 0640);
  const auto time = std::filesystem::last_write_time(dir / "app.log");
  const auto ran = run_native("compress", {{"paths", (dir / "*.log").string()}, {"method", method}});
  CHECK(ran.outcome == Outcome::success);
  CHECK_THAT(ran.report.message, Catch::Matchers::StartsWith("compressed 1 file, 965.7 KiB to "));
  const auto target = dir / (method == "gzip" ? "app.log.gz" : "app.log.zst");
  CHECK_FALSE(std::filesystem::exists(dir / "app.log"));
  CHECK(shell(method + " -t " + target.string()).report.message.empty());
  const ledger::CapturedStream unpacked = shell(method + " -dc " + target.string()).report.standard_output;
  CHECK(unpacked.total_bytes == text.size());
  CHECK(std::filesystem::last_write_time(target) == time);
  struct ::stat status{};
  ::stat(target.c_str(), &status);
  CHECK((status.st_mode & 0777U) == 0640);
}

TEST_CASE("a native function that fails says which file and why", "[native]") {
  test::TempDir dir;
  const auto missing = (dir / "missing").string();
  const auto ran = run_native("compress", {{"paths", missing}});
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.report.message == "cannot find " + missing + ": No such file or directory");
  CHECK(run_native("compress", {{"paths", (dir / "*.log").string()}}).report.message == "nothing to compress");
}

TEST_CASE("unknown functions and bad parameters are told before anything runs", "[native]") {
  CHECK(make("checksun", {}).error().message ==
        "there is no native function 'checksun': did you mean \"checksum\"?; there is checksum, compress");
  CHECK(make("compress", {}).error().key == "paths");
  CHECK(make("compress", {{"paths", "x"}, {"method", "bzip2"}}).error().message ==
        "method wants gzip or zstd, not 'bzip2'");
  CHECK(make("compress", {{"paths", "x"}, {"method", "gzip"}, {"level", "10"}}).error().message ==
        "level wants a whole number from 1 to 9, not '10'");
}

TEST_CASE("one's own function runs on the pool, and a cancelled run asks it to stop", "[native]") {
  async::ThreadPool pool(async::ThreadPoolOptions("test"));
  std::atomic<bool> stopped = false;
  test::Ready ready;
  const jobs::NativeFunction wait{.name = "wait",
                                  .summary = "waits until it is stopped",
                                  .parameters = {},
                                  .bind = [&stopped, &ready](jobs::ParameterReader&) -> jobs::NativeCall {
                                    return [&stopped, &ready](const std::stop_token& stop) {
                                      std::ofstream(ready.path()) << "begun\n";
                                      while (!stop.stop_requested()) std::this_thread::yield();
                                      stopped = true;
                                      return std::string();
                                    };
                                  }};
  jobs::ActionRegistry registry;
  registry.add(jobs::native_kind({wait}));
  const auto action =
      registry.make({.kind = "native", .form = "wait", .parameters = {}}, {.pool = &pool, .working_dir = "/"});
  const auto ran = async::run(test::run_until(*action, ready));
  CHECK_FALSE(ran.outcome);
  CHECK(stopped);
}

TEST_CASE("a function's output never replaces what is no regular file", "[native]") {
  test::TempDir dir;
  write(dir / "a.txt", "abc");
  const auto fifo = (dir / "a.txt.zst").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  std::filesystem::create_directory(dir / "sums");
  const auto file = (dir / "a.txt").string();
  CHECK(run_native("checksum", {{"paths", file}, {"output", fifo}}).report.message ==
        "cannot replace " + fifo + ": it is a device, a FIFO or a socket, not a regular file; name another target");
  CHECK_THAT(run_native("checksum", {{"paths", file}, {"output", (dir / "sums").string()}}).report.message,
             Catch::Matchers::Contains("it is a folder"));
  CHECK(run_native("compress", {{"paths", file}}).outcome == Outcome::failure);
  CHECK(std::filesystem::is_fifo(fifo));
  CHECK(read(file) == "abc");
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 3);
}

TEST_CASE("compress refuses before anything is touched where a compressed file would be replaced", "[native]") {
  const std::string keep = GENERATE("true", "false");
  test::TempDir dir;
  write(dir / "a.log", "a");
  write(dir / "b.log", "new");
  write(dir / "b.log.zst", "old");
  const auto file = (dir / "b.log").string();
  const auto ran = run_native("compress", {{"paths", (dir / "*.log").string()}, {"keep", keep}});
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.report.message == "cannot compress " + file + ": " + file + ".zst exists; move or remove one of the two");
  CHECK(read(file + ".zst") == "old");
  CHECK(read(file) == "new");
  CHECK(read(dir / "a.log") == "a");
  CHECK_FALSE(std::filesystem::exists(dir / "a.log.zst"));
}

TEST_CASE("checksums of no file leave the old ones, and are no failure", "[native]") {
  test::TempDir dir;
  const auto sums = (dir / "SHA256SUMS").string();
  const jobs::ParameterMap parameters{{"paths", (dir / "*.zst").string()}, {"output", sums}};
  const auto first = run_native("checksum", parameters);
  CHECK(first.outcome == Outcome::success);
  CHECK(first.report.message == "nothing to sum: no file matches, " + sums + " was not written");
  CHECK_FALSE(std::filesystem::exists(sums));
  write(sums, "old");
  CHECK(run_native("checksum", parameters).outcome == Outcome::success);
  CHECK(read(sums) == "old");
}
