// What schedule arithmetic costs. bench_time.py calls it beside its peers, on the same file of expressions.
//
//   bench_time expressions COUNT    random cron expressions, one a line, that every peer reads
//   bench_time next FILE            nanoseconds of a next(), three for each expression of FILE, in Europe/Berlin
//   bench_time parse FILE           seconds to parse every line of FILE
//   bench_time yaml FILE            seconds in which yaml-cpp reads FILE, a list of the same expressions
//   bench_time leaps                costs of single expressions, as a JSON object of nanoseconds
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "time/cron.hpp"
#include "time/instant.hpp"

namespace {

using namespace belfry::time;
using Clock = std::chrono::steady_clock;

std::string field(std::mt19937_64& random, unsigned least, unsigned most, unsigned free) {
  const auto pick = [&](unsigned from, unsigned to) {
    return from + static_cast<unsigned>(random() % (to - from + 1));
  };
  if (random() % 10 < free) return "*";
  const unsigned value = pick(least, most);
  switch (random() % 4) {
    case 0:
      return "*/" + std::to_string(pick(2, std::min(12U, most - least)));  // croner takes none longer than the field
    case 1:
      return std::to_string(value) + "-" + std::to_string(pick(value, most));
    case 2:
      return std::to_string(value) + "," + std::to_string(pick(least, most));
    default:
      return std::to_string(value);
  }
}

int write_expressions(unsigned count) {
  std::mt19937_64 random(7);
  for (unsigned i = 0; i < count; ++i) {
    // Days up to 28, so that each comes in each month and no peer has to look far.
    std::printf("%s %s %s %s %s\n", field(random, 0, 59, 2).c_str(), field(random, 0, 23, 4).c_str(),
                field(random, 1, 28, 7).c_str(), field(random, 1, 12, 8).c_str(), field(random, 0, 6, 8).c_str());
  }
  return 0;
}

std::vector<std::string> lines_of(const char* file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

const WallTime from = parse_time("2026-10-20T12:34:56Z", Zone()).value();

int measure_next(const char* file) {
  const Zone zone = Zone::load("Europe/Berlin").value();
  std::vector<CronTrigger> triggers;
  for (const std::string& line : lines_of(file)) triggers.emplace_back(parse_cron(line).value(), zone);
  std::int64_t sum = 0;
  constexpr int calls = 3;
  const auto start = Clock::now();
  for (const CronTrigger& trigger : triggers) {
    WallTime instant = from;
    for (int i = 0; i < calls; ++i) {
      instant = trigger.next(instant).value_or(instant);
      sum += instant.time_since_epoch().count() / 1'000'000'000;
    }
  }
  const double nanoseconds = since(start) * 1e9 / static_cast<double>(triggers.size() * calls);
  std::printf("%.1f %lld\n", nanoseconds, static_cast<long long>(sum));
  return 0;
}

int measure_parse(const char* file) {
  std::ifstream stream(file);
  std::size_t good = 0;
  const auto start = Clock::now();
  for (std::string line; std::getline(stream, line);) good += parse_cron(line).has_value() ? 1 : 0;
  std::printf("%.6f %zu\n", since(start), good);
  return 0;
}

int measure_yaml(const char* file) {
  const auto start = Clock::now();
  const std::size_t count = YAML::LoadFile(file).size();
  std::printf("%.6f %zu\n", since(start), count);
  return 0;
}

/// Nanoseconds of one call, the least of some rounds.
template <typename Call>
double cost_of(Call call) {
  double least = 1e9;
  for (int round = 0; round < 15; ++round) {
    constexpr int calls = 2000;
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i) call();
    least = std::min(least, since(start) * 1e9 / calls);
  }
  return least;
}

double cost_of_next(std::string_view text, const char* zone, CronDialect dialect = CronDialect::standard,
                    const char* after = "2026-10-20T12:34:56Z") {
  const CronTrigger trigger(parse_cron(text, dialect).value(), Zone::load(zone).value());
  const WallTime instant = parse_time(after, Zone()).value();
  volatile bool sink = false;
  return cost_of([&] { sink = trigger.next(instant).has_value(); });
}

int measure_leaps() {
  constexpr auto year = CronDialect::year_last;
  volatile bool sink = false;
  std::printf(
      "{\"quarter\": %.1f, \"leap_day\": %.1f, \"leap_day_utc\": %.1f, \"year_2030\": %.1f, \"year_2100\": %.1f, "
      "\"year_2199\": %.1f, \"rare\": %.1f, \"never\": %.1f}\n",
      cost_of_next("*/5 * * * *", "UTC"), cost_of_next("0 0 29 2 *", "Europe/Berlin"),
      cost_of_next("0 0 29 2 *", "UTC"), cost_of_next("0 0 1 1 * 2030", "Europe/Berlin", year),
      cost_of_next("0 0 1 1 * 2100", "Europe/Berlin", year), cost_of_next("0 0 1 1 * 2199", "Europe/Berlin", year),
      cost_of_next("0 0 29 2 +1", "Europe/Berlin"), cost_of([&] { sink = parse_cron("0 0 30 2 *").has_value(); }));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "leaps") return measure_leaps();
  if (argc == 3 && what == "expressions") return write_expressions(static_cast<unsigned>(std::atoi(argv[2])));
  if (argc == 3 && what == "next") return measure_next(argv[2]);
  if (argc == 3 && what == "parse") return measure_parse(argv[2]);
  if (argc == 3 && what == "yaml") return measure_yaml(argv[2]);
  std::fputs("bench_time expressions COUNT | next FILE | parse FILE | yaml FILE | leaps\n", stderr);
  return 2;
}
