// The life of a timer at 1,000 to 1,000,000 timers: belfry's TimerHeap, libuv, libev, and the textbook's heap.
//
//   bench_timer_heap [ROUNDS]
//
// Peers alternate; each figure is measured in a process of its own and is the median of ROUNDS (5). A table for people,
// one JSON line for each figure, and the ratios that are promised; the status is 1 when one of them is missed.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "timer_peers.h"

namespace {

struct Peer {
  std::string name;
  timer_peer* run;
  std::size_t largest;  // beyond, it would take minutes
};

struct Nanoseconds {  // CPU time for one timer
  double schedule = 0, cancel = 0, fire = 0;
  double life() const { return schedule + cancel / 2 + fire / 2; }
};

struct Plan {
  std::vector<std::int64_t> delays;
  std::vector<std::uint32_t> order;

  explicit Plan(std::size_t count) : delays(count), order(count) {
    std::mt19937_64 random(count);
    std::uniform_int_distribution<std::int64_t> delay_ms(10'000, 3'600'000);
    for (auto& delay : delays) delay = delay_ms(random) * 1'000'000;
    for (std::uint32_t i = 0; i < count; ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
  }
};

[[noreturn]] void fail(const std::string& why) {
  fmt::print(stderr, "bench_timer_heap: {}\n", why);
  std::exit(2);
}

// In the child: several lives when one is too short for the clock.
timer_figures live(const Peer& peer, const Plan& plan) {
  const std::size_t repeats = std::max<std::size_t>(1, 200'000 / plan.delays.size());
  const timer_plan one{plan.delays.size(), plan.delays.data(), plan.order.data()};
  timer_figures sum{};
  const bool slow = peer.name == "textbook";
  const std::size_t rounds = slow ? 1 : repeats;
  for (std::size_t i = 0; i < rounds; ++i) peer.run(&one, &sum);
  sum.schedule_ns /= static_cast<std::int64_t>(rounds);
  sum.cancel_ns /= static_cast<std::int64_t>(rounds);
  sum.fire_ns /= static_cast<std::int64_t>(rounds);
  sum.fired /= rounds;
  return sum;
}

// A fresh process for each figure: no peer inherits the memory that another one has warmed or fragmented.
Nanoseconds measure(const Peer& peer, const Plan& plan) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) fail("no pipe");
  const pid_t child = fork();
  if (child < 0) fail("no process");
  if (child == 0) {
    const timer_figures figures = live(peer, plan);
    const bool sent = write(pipe_ends[1], &figures, sizeof figures) == sizeof figures;
    _exit(sent ? 0 : 1);
  }
  close(pipe_ends[1]);
  timer_figures figures{};
  const bool received = read(pipe_ends[0], &figures, sizeof figures) == sizeof figures;
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!received || status != 0) fail(peer.name + " did not finish");
  const std::size_t count = plan.delays.size();
  if (figures.fired != count - count / 2) fail(fmt::format("{} fired {} timers", peer.name, figures.fired));
  const auto per = [](std::int64_t ns, std::size_t n) { return static_cast<double>(ns) / static_cast<double>(n); };
  return {per(figures.schedule_ns, count), per(figures.cancel_ns, count / 2), per(figures.fire_ns, count - count / 2)};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Nanoseconds median(const std::vector<Nanoseconds>& rounds) {
  const auto of = [&](double Nanoseconds::* phase) {
    std::vector<double> values;
    for (const auto& round : rounds) values.push_back(round.*phase);
    return median(std::move(values));
  };
  return {of(&Nanoseconds::schedule), of(&Nanoseconds::cancel), of(&Nanoseconds::fire)};
}

// A promise: how many times cheaper belfry is than the peer.
bool judge(const std::string& figure, double ratio, double goal) {
  const bool met = ratio >= goal;
  fmt::print("{:<52} {:>10.1f}x  goal {:>6.0f}x  {}\n", figure, ratio, goal, met ? "met" : "MISSED");
  fmt::print(R"({{"bench":"timer_heap","figure":"{}","ratio":{:.2f},"goal":{},"met":{}}})"
             "\n",
             figure, ratio, goal, met);
  return met;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  const std::vector<Peer> peers{
      {"belfry", belfry_timer_life, 10'000'000},
      {"libuv", libuv_timer_life, 10'000'000},
#ifdef BELFRY_BENCH_LIBEV
      {"libev", libev_timer_life, 10'000'000},
#endif
      {"textbook", textbook_timer_life, 10'000},
  };
  std::map<std::pair<std::string, std::size_t>, Nanoseconds> results;
  fmt::print("CPU time in ns for one operation; life = schedule + half a cancel + half a fire; median of {}\n", rounds);
  fmt::print("{:>9} {:<9} {:>9} {:>9} {:>9} {:>9}\n", "timers", "", "schedule", "cancel", "fire", "life");
  for (const std::size_t count : {1'000UL, 10'000UL, 100'000UL, 1'000'000UL}) {
    const Plan plan(count);
    std::map<std::string, std::vector<Nanoseconds>> measured;
    for (int round = 0; round < rounds; ++round) {
      for (const Peer& peer : peers) {
        if (count <= peer.largest) measured[peer.name].push_back(measure(peer, plan));
      }
    }
    for (const Peer& peer : peers) {
      if (count > peer.largest) continue;
      const Nanoseconds figure = median(measured[peer.name]);
      results[{peer.name, count}] = figure;
      fmt::print("{:>9} {:<9} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f}\n", count, peer.name, figure.schedule, figure.cancel,
                 figure.fire, figure.life());
      fmt::print(
          R"({{"bench":"timer_heap","peer":"{}","timers":{},"schedule_ns":{:.1f},"cancel_ns":{:.1f},"fire_ns":{:.1f},"life_ns":{:.1f}}})"
          "\n",
          peer.name, count, figure.schedule, figure.cancel, figure.fire, figure.life());
    }
  }

  fmt::print("\n");
  const auto life = [&](const char* peer, std::size_t count) { return results.at({peer, count}).life(); };
  bool met = judge("libuv / belfry, life at 1000000", life("libuv", 1'000'000) / life("belfry", 1'000'000), 4);
#ifdef BELFRY_BENCH_LIBEV
  for (const std::size_t count : {1'000UL, 10'000UL, 100'000UL, 1'000'000UL}) {
    met &= judge(fmt::format("libev / belfry, life at {}", count), life("libev", count) / life("belfry", count), 1);
  }
#else
  fmt::print("libev is not compared: apt-get install -y libev-dev, then configure again\n");
#endif
  const double cancel = results.at({"belfry", 10'000}).cancel;
  met &= judge("textbook / belfry, cancel at 10000", results.at({"textbook", 10'000}).cancel / cancel, 1000);
  return met ? 0 : 1;
}
