// Control groups: what is written into them, and, where a subtree is ours, what becomes of their processes.
#include "io/cgroup.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "io/fd.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using io::Cgroup;
using io::CgroupLimits;
using io::CgroupSubtree;

namespace {

// Plain files in the place of the kernel's.
struct Folder {
  test::TempDir temp;
  std::string root = temp.path().string();

  void put(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root + "/" + file).parent_path());
    std::ofstream(root + "/" + file) << text;
  }
  std::string get(const std::string& file) const {
    std::ifstream stream(root + "/" + file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
};

// A process in the group that waits for ever, or as long as this one lives.
pid_t start_in(const Cgroup& group) {
  std::array<int, 2> told{};
  REQUIRE(::pipe2(told.data(), O_CLOEXEC) == 0);
  const io::Fd told_here(told[0]);
  io::Fd told_there(told[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const io::Fd procs(::open((group.path() + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    const bool entered = ::write(procs.get(), "0", 1) == 1;
    if (::write(told_there.get(), entered ? "y" : "n", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  told_there.reset();
  char answer = 0;
  REQUIRE(::read(told_here.get(), &answer, 1) == 1);
  CHECK(answer == 'y');
  return pid;
}

}  // namespace

TEST_CASE("the limits of a group are written as the kernel reads them", "[cgroup]") {
  const Folder tree;
  tree.put("cgroup.controllers", "cpuset cpu io memory pids\n");
  tree.put("cgroup.subtree_control", "cpu io memory pids\n");
  for (const char* file :
       {"memory.max", "memory.high", "memory.swap.max", "cpu.max", "cpu.weight", "pids.max", "io.weight"}) {
    tree.put(std::string("run/") + file, "");
  }
  const CgroupLimits limits{.memory_max = 1 << 20U,
                            .memory_high = CgroupLimits::infinity,
                            .memory_swap_max = 0,
                            .cpu_quota = 150,
                            .tasks_max = 12,
                            .cpu_weight = 20,
                            .io_weight = 5000};
  CHECK(limits.controllers() == std::vector<std::string_view>{"memory", "cpu", "io", "pids"});
  const auto group = CgroupSubtree(tree.root).make("run", limits);
  REQUIRE(group);
  CHECK(group->path() == tree.root + "/run");
  CHECK(tree.get("run/memory.max") == "1048576");
  CHECK(tree.get("run/memory.high") == "max");
  CHECK(tree.get("run/memory.swap.max") == "0");
  CHECK(tree.get("run/cpu.max") == "150000 100000");
  CHECK(tree.get("run/cpu.weight") == "20");
  CHECK(tree.get("run/pids.max") == "12");
  CHECK(tree.get("run/io.weight") == "default 5000");
  CHECK(tree.get("cgroup.subtree_control") == "cpu io memory pids\n");  // all were there

  std::filesystem::remove(tree.root + "/run/io.weight");
  tree.put("run/io.bfq.weight", "");
  tree.put("run/cpu.max", "");  // a plain file would keep the end of what was longer
  REQUIRE(group->limit({.cpu_quota = CgroupLimits::infinity, .io_weight = 10'000}));
  CHECK(tree.get("run/cpu.max") == "max 100000");
  CHECK(tree.get("run/io.bfq.weight") == "1000");
}

TEST_CASE("the first limit hands its controller down, and moves us into a leaf before", "[cgroup]") {
  const Folder tree;
  tree.put("cgroup.type", "domain\n");
  tree.put("cgroup.procs", "17\n23\n");
  tree.put("cgroup.controllers", "cpu memory\n");
  tree.put("cgroup.subtree_control", "");
  tree.put("belfry-main/cgroup.procs", "");
  tree.put("run/memory.max", "");
  const CgroupSubtree subtree(tree.root);
  REQUIRE(subtree.make("plain", {}));
  CHECK(tree.get("cgroup.subtree_control").empty());  // nobody asked for a limit
  CHECK(tree.get("belfry-main/cgroup.procs").empty());
  REQUIRE(subtree.make("run", {.memory_max = 4096}));
  CHECK(tree.get("cgroup.subtree_control") == "+memory");
  CHECK(tree.get("belfry-main/cgroup.procs") == "23");  // the last one that was moved
}

TEST_CASE("what the kernel or the place does not offer is told with advice", "[cgroup]") {
  const Folder tree;
  tree.put("cgroup.controllers", "cpu pids\n");
  tree.put("cgroup.subtree_control", "cpu pids\n");
  const CgroupSubtree subtree(tree.root);
  const auto without = subtree.make("run", {.memory_max = 4096});
  REQUIRE_FALSE(without);
  CHECK_THAT(without.error(), Contains("does not have the controller memory") && Contains("Delegate=yes"));
  const auto missing = subtree.make("run", {.cpu_weight = 5});
  REQUIRE_FALSE(missing);
  CHECK(missing.error() == "this kernel has no cpu.weight: leave that limit out");
  CHECK_FALSE(subtree.existing("run"));  // it is not left behind
}

TEST_CASE("the usage of a group is read from what its controllers count", "[cgroup]") {
  const Folder tree;
  tree.put("cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 7\n");
  const auto plain = Cgroup(tree.root).usage();
  CHECK(plain.user_cpu == 20us);
  CHECK(plain.system_cpu == 10us);
  CHECK_FALSE(plain.memory_peak_bytes);
  CHECK_FALSE(plain.read_bytes);
  CHECK(plain.oom_kills == 0);
  tree.put("memory.peak", "8192\n");
  tree.put("memory.events", "low 0\nhigh 4\nmax 2\noom 1\noom_kill 3\noom_group_kill 0\n");
  tree.put("io.stat", "8:0 rbytes=100 wbytes=7 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=11 wbytes=0 rios=1 wios=0\n");
  const auto whole = Cgroup(tree.root).usage();
  CHECK(whole.memory_peak_bytes == 8192);
  CHECK(whole.read_bytes == 111);
  CHECK(whole.written_bytes == 7);
  CHECK(whole.oom_kills == 3);
}

TEST_CASE("all processes of a group are ended and named, and the group goes", "[cgroup]") {
  const auto subtree = CgroupSubtree::find();
  if (!subtree) {
    WARN("skipped: " << subtree.error());
    return;
  }
  const std::string name = "belfry-test-" + std::to_string(::getpid());
  const auto group = subtree->make(name, {});
  REQUIRE(group);
  REQUIRE(subtree->names("belfry-test-").size() >= 1);
  const pid_t leader = start_in(*group);
  const pid_t other = start_in(*group);
  CHECK(::mkdir((group->path() + "/below").c_str(), 0755) == 0);
  const pid_t deep = start_in(Cgroup(group->path() + "/below"));
  CHECK(group->members().size() == 3);
  CHECK_FALSE(group->remove());
  const io::Survivors ended = group->kill(leader, 10s);
  CHECK(ended.ended == 2);
  CHECK(ended.left == 0);
  REQUIRE(ended.named.size() == 2);
  CHECK(ended.named[0].name == "io_test");
  CHECK(group->members().empty());
  for (const pid_t pid : {leader, other, deep}) {
    int status = 0;
    CHECK(::waitpid(pid, &status, 0) == pid);
    CHECK(WTERMSIG(status) == SIGKILL);
  }
  CHECK(group->remove());
  CHECK_FALSE(subtree->existing(name));
}
