// Every operation with an error of every single system call, and cancelled at each: what is left is never half of
// anything.
#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "faults.hpp"
#include "file_fixture.hpp"

using namespace belfry;
using ledger::Outcome;
namespace stdfs = std::filesystem;

namespace {

/// The files of a tree with their contents; a link counts as its target's path.
using Model = std::map<std::string, std::string>;

Model model_of(const stdfs::path& folder) {
  Model model;
  if (!stdfs::exists(folder)) return model;
  for (const auto& entry : stdfs::recursive_directory_iterator(folder)) {
    if (entry.is_directory() && !entry.is_symlink()) continue;
    model[entry.path().lexically_relative(folder).string()] =
        entry.is_symlink() ? "-> " + stdfs::read_symlink(entry.path()).string() : test::read(entry.path());
  }
  return model;
}

void build(const stdfs::path& folder, const Model& model) {
  stdfs::remove_all(folder);
  stdfs::create_directories(folder);
  for (const auto& [name, text] : model) test::write(folder / name, text);
}

Model random_tree(std::mt19937& random, const std::string& mark) {
  Model model;
  const std::vector<std::string> folders{"", "a/", "a/b/", "c/"};
  for (int file = 0; file < 4; ++file) {
    const std::string name = folders[random() % folders.size()] + "f" + std::to_string(random() % 4) + ".txt";
    model[name] = mark + std::to_string(random()) + std::string(random() % 3 * 1000, 'x');
  }
  return model;
}

class Trial {
 public:
  Trial(std::string operation, jobs::ParameterMap parameters)
      : action_(dir_.make(operation, parameters).value()), operation_(std::move(operation)) {}

  test::Ran run_with_fault(int at, int error) {
    std::optional<test::Ran> ran;
    const auto body = [&]() -> async::Task<> {
      co_await dir_.pool().run([at, error] { test::arm_faults(at, error); });
      ran = co_await test::run_once(action_);
      calls_ = co_await dir_.pool().run([] { return test::disarm_faults(); });
    };
    async::run(body());
    return std::move(*ran);
  }

  /// Cancelled while the call with the number `at` is made.
  test::Ran run_cancelled(int at) {
    test::Ready ready;
    const io::Pipe go_on = io::make_pipe();
    test::Ran ran;
    const auto reach = [&ready, &go_on] {
      const io::Fd pipe(::open(ready.path().c_str(), O_WRONLY | O_CLOEXEC));
      static_cast<void>(::write(pipe.get(), "x", 1));
      pollfd gone{.fd = go_on.read_end.get(), .events = POLLIN, .revents = 0};
      ::poll(&gone, 1, -1);
    };
    const auto cancel = [&](async::CancelScope& scope) -> async::Task<> {
      co_await ready.wait();
      scope.cancel(async::CancelReason::timeout);
      static_cast<void>(::write(go_on.write_end.get(), "x", 1));
    };
    const auto body = [&]() -> async::Task<> {
      co_await dir_.pool().run([at, reach] { test::arm_faults(at, 0, reach); });
      const engine::Attempt attempt{.job = "the job", .scheduled_at = std::nullopt, .started_at = {}};
      async::CancelScope scope;
      auto canceller = async::spawn(cancel(scope), "cancel when reached");
      ran.outcome = co_await scope.run(action_->run(attempt, ran.report));
      calls_ = co_await dir_.pool().run([] { return test::disarm_faults(); });
      canceller.cancel();
    };
    async::run(body());
    return ran;
  }

  stdfs::path operator/(const std::string& name) const { return dir_ / name; }
  int calls() const noexcept { return calls_; }
  const std::string& operation() const noexcept { return operation_; }

 private:
  test::FileFolder dir_{1, "/dev/shm"};  // one thread, so that it is the armed one; fsync costs nothing there
  std::shared_ptr<const engine::Action> action_;
  std::string operation_;
  int calls_ = 0;
};

void check_no_temporaries(const Model& model) {
  for (const auto& [name, text] : model) CHECK_THAT(name, !Catch::Contains(".belfry-"));
}

/// Each file of `now` is as in one of the two.
void check_old_or_new(const Model& now, const Model& before, const Model& after) {
  for (const auto& [name, text] : now) {
    CAPTURE(name);
    const auto old = before.find(name);
    const auto fresh = after.find(name);
    CHECK(((old != before.end() && old->second == text) || (fresh != after.end() && fresh->second == text)));
  }
}

/// Tries errors at each call (EOPNOTSUPP and EXDEV: some have another way), then cancellation at each; `check` is
/// called with what came of it.
void try_all(Trial& trial, const std::function<void()>& prepare, const std::function<void(const test::Ran&)>& check) {
  for (const int error : {EIO, EOPNOTSUPP, EXDEV, 0}) {
    int at = 1;
    for (bool reached = true; reached; ++at) {
      prepare();
      const auto ran = error != 0 ? trial.run_with_fault(at, error) : trial.run_cancelled(at);
      reached = trial.calls() >= at;
      CAPTURE(trial.operation(), at, error, ran.report.message);
      check(ran);
      if (!reached) CHECK(ran.outcome == Outcome::success);
      REQUIRE(at < 2000);
    }
    CHECK(at > 5);
  }
}

/// Random files in "in" that are to come to "out", where others of such names may be.
struct Transfer {
  Trial trial;
  Model in;
  Model old;

  Transfer(const std::string& operation, unsigned seed, bool overwrite)
      : trial(operation, {{"from", "in/**/*"}, {"to", "out"}, {"overwrite", overwrite ? "true" : "false"}}) {
    std::mt19937 random(seed);
    in = random_tree(random, "new ");
    if (overwrite) old = random_tree(random, "old ");
  }

  void prepare() {
    build(trial / "in", in);
    build(trial / "out", old);
  }
};

}  // namespace

TEST_CASE("a copy leaves each target old or new and all sources, whatever fails", "[file][faults]") {
  Transfer transfer("copy", GENERATE(1U, 2U), GENERATE(true, false));
  auto& [trial, in, old] = transfer;
  try_all(
      trial, [&] { transfer.prepare(); },
      [&](const test::Ran& ran) {
        const Model out = model_of(trial / "out");
        check_no_temporaries(out);
        check_old_or_new(out, old, in);
        for (const auto& [name, text] : old) CHECK(out.contains(name));
        CHECK(model_of(trial / "in") == in);
        if (ran.outcome == Outcome::success) CHECK(std::ranges::includes(out, in));
      });
}

TEST_CASE("a move loses no file, whatever fails", "[file][faults]") {
  Transfer transfer("move", GENERATE(3U, 4U), GENERATE(true, false));
  auto& [trial, in, old] = transfer;
  try_all(
      trial, [&] { transfer.prepare(); },
      [&](const test::Ran& ran) {
        const Model out = model_of(trial / "out");
        const Model left = model_of(trial / "in");
        check_no_temporaries(out);
        check_old_or_new(out, old, in);
        for (const auto& [name, text] : in) {
          const bool arrived = out.contains(name) && out.at(name) == text;
          CHECK((arrived || (left.contains(name) && left.at(name) == text)));
          if (ran.outcome == Outcome::success) CHECK((arrived && !left.contains(name)));
        }
      });
}

TEST_CASE("a rotation loses no content and leaves none twice, whatever fails", "[file][faults]") {
  Trial trial("rotate", {{"paths", "in/*.log"}, {"keep", "3"}, {"compress", GENERATE("none", "gzip")}});
  const auto prepare = [&] { build(trial / "in", {{"a.log", "three"}, {"a.log.1", "two"}, {"a.log.2", "one"}}); };
  try_all(trial, prepare, [&](const test::Ran& ran) {
    const Model left = model_of(trial / "in");
    check_no_temporaries(left);
    std::multiset<std::string> contents;
    for (const auto& [name, text] : left) contents.insert(name.ends_with(".gz") ? "three" : text);
    // The compressed file is there before the other one goes: an error in between leaves both.
    CHECK(std::set<std::string>(contents.begin(), contents.end()) == std::set<std::string>{"one", "two", "three"});
    CHECK((contents.size() == 3 || (contents.count("three") == 2 && ran.outcome != Outcome::success)));
  });
}

TEST_CASE("a delete takes what it names and nothing else, whatever fails", "[file][faults]") {
  Trial trial("delete", {{"paths", "in/**/*.txt"}, {"exclude", "keep*"}});
  const Model kept{{"keep.txt", "1"}, {"a/other", "2"}};
  const auto prepare = [&] {
    Model all = kept;
    all.insert({{"x.txt", "3"}, {"a/b/y.txt", "4"}});
    build(trial / "in", all);
    build(trial / "outside", {{"z.txt", "5"}});
    stdfs::create_directory_symlink(trial / "outside", trial / "in/a/link");
  };
  try_all(trial, prepare, [&](const test::Ran& ran) {
    const Model left = model_of(trial / "in");
    CHECK(std::ranges::includes(left, kept));
    CHECK(model_of(trial / "outside").size() == 1);
    if (ran.outcome == Outcome::success) CHECK(left.size() == 3);
  });
}

TEST_CASE("a list of sums is the old or the new one, whatever fails", "[file][faults]") {
  Trial trial("checksum", {{"paths", "in/*"}, {"output", "out/SUMS"}});
  const auto prepare = [&] {
    build(trial / "in", {{"a", "1"}, {"b", "2"}});
    build(trial / "out", {{"SUMS", "old"}});
  };
  try_all(trial, prepare, [&](const test::Ran& ran) {
    const Model out = model_of(trial / "out");
    REQUIRE(out.size() == 1);
    const auto lines = std::ranges::count(out.at("SUMS"), '\n');
    CHECK((out.at("SUMS") == "old" || lines == 2));
    if (ran.outcome == Outcome::success) CHECK(lines == 2);
  });
}

TEST_CASE("a sync leaves each target old or new, and becomes like its source, whatever fails", "[file][faults]") {
  std::mt19937 random(GENERATE(5U, 6U));
  Trial trial("sync", {{"from", "in"}, {"to", "out"}, {"delete", "true"}});
  Model in = random_tree(random, "new ");
  const Model old = random_tree(random, "old ");
  const auto prepare = [&] {
    build(trial / "in", in);
    stdfs::create_symlink("nowhere", trial / "in/link");
    build(trial / "out", old);
  };
  try_all(trial, prepare, [&](const test::Ran& ran) {
    Model wanted = in;
    wanted["link"] = "-> nowhere";
    const Model out = model_of(trial / "out");
    check_no_temporaries(out);
    check_old_or_new(out, old, wanted);
    CHECK(model_of(trial / "in") == wanted);
    if (ran.outcome == Outcome::success) CHECK(out == wanted);
  });
}

TEST_CASE("a retention keeps the newest, whatever fails", "[file][faults]") {
  Trial trial("retention", {{"paths", "in/**/*"}, {"max_files", "2"}});
  const auto prepare = [&] {
    build(trial / "in", {{"1", "a"}, {"2", "b"}, {"sub/3", "c"}, {"sub/4", "d"}});
    const auto now = stdfs::file_time_type::clock::now();
    int hours = 0;
    for (const char* name : {"1", "sub/3", "2", "sub/4"}) {
      stdfs::last_write_time(trial / "in" / name, now - std::chrono::hours(++hours));
    }
  };
  try_all(trial, prepare, [&](const test::Ran& ran) {
    const Model left = model_of(trial / "in");
    CHECK((left.contains("1") && left.contains("sub/3")));
    if (ran.outcome == Outcome::success) CHECK(left.size() == 2);
  });
}

TEST_CASE("what a template makes is the old or the new file, whatever fails", "[file][faults]") {
  Trial trial("template", {{"from", "in/t"}, {"to", "out/t"}, {"values.X", "new"}});
  const auto prepare = [&] {
    build(trial / "in", {{"t", "${X}"}});
    build(trial / "out", {{"t", "old"}});
  };
  try_all(trial, prepare, [&](const test::Ran& ran) {
    const Model out = model_of(trial / "out");
    CHECK((out == Model{{"t", "old"}} || out == Model{{"t", "new"}}));
    if (ran.outcome == Outcome::success) CHECK(out.at("t") == "new");
  });
}

TEST_CASE("an archive is the old or the new one, whatever fails", "[file][faults]") {
  Trial trial("archive", {{"from", "in"}, {"to", GENERATE("out/a.tar.gz", "out/a.zip")}});
  const auto prepare = [&] {
    build(trial / "in", {{"a", "1"}, {"sub/b", "2"}});
    build(trial / "out", {{"a.tar.gz", "old"}, {"a.zip", "old"}});
  };
  try_all(trial, prepare, [&](const test::Ran& ran) {
    const Model out = model_of(trial / "out");
    CHECK(out.size() == 2);
    for (const auto& [name, text] : out)
      CHECK((text == "old" || text.starts_with("\x1f\x8b") || text.starts_with("PK")));
    if (ran.outcome == Outcome::success) CHECK((out.at("a.zip") != "old" || out.at("a.tar.gz") != "old"));
  });
}

TEST_CASE("what is extracted is a whole folder or none, whatever fails", "[file][faults]") {
  test::FileFolder packing;
  test::write(packing / "in/a", "1");
  test::write(packing / "in/sub/b", "22");
  stdfs::create_symlink("a", packing / "in/link");
  const auto archive = (packing / "a.tar.zst").string();
  REQUIRE(packing.run("archive", {{"from", "in/**/*"}, {"to", archive}}).outcome == Outcome::success);
  Trial trial("extract", {{"from", archive}, {"to", "at/out"}});
  const auto prepare = [&] { build(trial / "at", {}); };
  try_all(trial, prepare, [&](const test::Ran& ran) {
    const Model at = model_of(trial / "at");
    const Model whole{{"out/a", "1"}, {"out/sub/b", "22"}, {"out/link", "-> a"}};
    CHECK((at == whole || at.empty()));
    CHECK((at == whole || !stdfs::exists(trial / "at/out")));
    if (ran.outcome == Outcome::success) CHECK(at == whole);
  });
}
