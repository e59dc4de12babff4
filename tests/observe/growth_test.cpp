#include <fcntl.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include <prometheus/metric_family.h>

#include "async/event.hpp"
#include "async/spawn.hpp"
#include "io/fd.hpp"
#include "observe/growth_watch.hpp"
#include "observe/page.hpp"
#include "support/async_fixture.hpp"
#include "support/temp_dir.hpp"

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;
using belfry::testing::run_async;

/// Hour after hour of six samples each: the least of them, and peaks.
bool grows(const std::vector<std::uint64_t>& lows, const std::vector<std::uint64_t>& work = {}) {
  GrowthTrend trend;
  for (std::size_t hour = 0; hour <= lows.size(); ++hour) {  // one more, so that the last one is whole
    const std::uint64_t low = lows[std::min(hour, lows.size() - 1)];
    const std::uint64_t busy = work.empty() ? 3 : work[std::min(hour, work.size() - 1)];
    for (int sample = 0; sample < 6; ++sample) {
      const bool peak = sample % 2 == 1;
      trend.add(engine::Monotonic(std::chrono::hours(hour) + 10min * sample), low + (peak ? 1000 : 0),
                busy + (peak ? 500 : 0));
    }
  }
  return trend.growing();
}

TEST_CASE("what becomes more in each of six hours is growing; peaks, plateaus and more work are not") {
  CHECK(grows({10, 15, 20, 25, 30, 35, 40}));
  CHECK_FALSE(grows({10, 15, 20, 25, 30, 35}));      // too short
  CHECK_FALSE(grows({10, 15, 20, 25, 25, 35, 40}));  // an hour without
  CHECK_FALSE(grows({10, 11, 12, 13, 14, 15, 16}));  // too few
  CHECK_FALSE(grows({10, 15, 20, 25, 30, 35, 29}));  // given back
  CHECK_FALSE(grows({10, 10, 10, 10, 10, 10, 10, 10}));
  CHECK_FALSE(grows({10, 15, 20, 25, 30, 35, 40}, {3, 8, 13, 18, 23, 28, 33}));  // so many more runs
  CHECK(grows({500, 10, 15, 20, 25, 30, 35, 40}));                               // the start is forgotten
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t times(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

TEST_CASE("a growth is a figure while it lasts, and one line in the log") {
  run_async([]() -> async::Task<> {
    const test::TempDir folder;
    const std::string path = (folder / "log").string();
    const io::Fd output(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    std::string page;
    const auto figure = [&](const GrowthWatch& watch) {
      page.clear();
      for (const auto& family : watch.collector()->Collect()) {
        for (const auto& metric : family.metric) {
          page += metric.label.at(0).value + "/" + metric.label.at(1).value + "=" +
                  std::to_string(static_cast<int>(metric.gauge.value)) + ";";
        }
      }
      return page;
    };
    std::uint64_t tasks = 100;
    {
      Log log({.fd = output.get(), .format = LogFormat::json});
      GrowthWatch watch(
          log,
          [&]() -> async::Task<std::vector<ResourceCount>> {
            co_return std::vector<ResourceCount>{{"tasks", "run", tasks}, {"descriptors", "", 12}};
          },
          [] { return 0; });
      async::CancelScope scope;
      async::JoinHandle<bool> serving = async::spawn(scope.run(watch.serve()), "growth");
      co_await async::sleep(1s);
      CHECK(figure(watch) == "descriptors/=0;tasks/run=0;");
      for (int hour = 0; hour < 12; ++hour) {
        co_await async::sleep(1h);
        tasks += 5;
      }
      CHECK(figure(watch) == "descriptors/=0;tasks/run=1;");
      co_await async::sleep(3h);
      CHECK(figure(watch) == "descriptors/=0;tasks/run=0;");
      scope.cancel();
      co_await std::move(serving).join();
    }
    CHECK(times(text_of(path), "hour by hour") == 1);
    CHECK(times(text_of(path), "\"kind\":\"run\"") == 1);
  });
}

TEST_CASE("what is counted is what there is") {
  run_async([]() -> async::Task<> {
    const auto count = [](const std::string& resource, const std::string& kind) {
      for (const ResourceCount& each : count_resources(async::Loop::current())) {
        if (each.resource == resource && each.kind == kind) return each.count;
      }
      return std::uint64_t{999};
    };
    const std::uint64_t before = count("tasks", "counted");
    CHECK(before == 999);
    async::Event go;
    async::JoinHandle<void> waiting =
        async::spawn([](async::Event& event) -> async::Task<> { co_await event.wait(); }(go),
                     async::SpawnOptions("waits").kind("counted"));
    CHECK(count("tasks", "counted") == 1);
    const std::uint64_t open = count("descriptors", "");
    const std::ifstream file("/dev/null");
    CHECK(count("descriptors", "") == open + 1);
    CHECK(count("threads", "") >= 1);
    go.set();
    co_await std::move(waiting).join();
  });
}

}  // namespace
}  // namespace belfry::observe
