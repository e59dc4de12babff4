// The sentences about the tree of an attempt.
#include "jobs/tree_report.hpp"

#include <catch2/catch.hpp>

using namespace belfry;
using jobs::outlived;

TEST_CASE("who outlived a program is counted and named, the first eight of them", "[tree_report]") {
  io::Survivors survivors;
  survivors.add_ended({123, "sleep"});
  CHECK(outlived(survivors) == "1 process outlived it and was ended: sleep (pid 123)");
  survivors.add_ended({124, "a\x1b[1m) (x"});
  CHECK(outlived(survivors) == "2 processes outlived it and were ended: sleep (pid 123), a?[1m) (x (pid 124)");
  survivors.add_left({7, ""});
  CHECK(outlived(survivors) ==
        "3 processes outlived it and 1 of them could not be ended: sleep (pid 123), a?[1m) (x (pid 124), ? (pid 7)");
  for (int pid = 200; pid < 220; ++pid) survivors.add_ended({pid, "x"});
  CHECK(survivors.named.size() == 8);
  CHECK_THAT(outlived(survivors), Catch::StartsWith("23 processes") && Catch::EndsWith("x (pid 204) and 15 more"));
  io::Survivors stubborn;
  stubborn.add_left({9, "nfsd"});
  CHECK(outlived(stubborn) == "1 process outlived it and could not be ended: nfsd (pid 9)");
}

TEST_CASE("an end for want of memory names the limit", "[tree_report]") {
  const jobs::ExecSpec spec{.command = "x", .cgroup = {.memory_max = std::uint64_t{64} << 20U}};
  CHECK(jobs::out_of_memory({.oom_kills = 1}, spec) ==
        "out of memory: its cgroup.memory_max of 64M was reached, and the kernel killed 1 process of it");
  CHECK_THAT(jobs::out_of_memory({.oom_kills = 2}, {}), Catch::EndsWith("the kernel killed 2 processes of it"));
}
