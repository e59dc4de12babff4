// Random calendar expressions, asked of systemd-analyze too: the normalised form and the next fires must be the same.
// Without systemd-analyze nothing is compared, and it is said so. No steps: systemd 252 skips their first value
// after a roll-over (docs/time.md); no lists of days from the month's end: it refuses some. BELFRY_SEED tries others.
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "time/calendar.hpp"
#include "time_text.hpp"

namespace belfry::time {
namespace {

using Random = std::mt19937_64;

std::string value(Random& random, unsigned least, unsigned most) {
  const auto pick = [&](unsigned from) { return from + static_cast<unsigned>(random() % (most - from + 1)); };
  const unsigned first = pick(least);
  const bool range = first < most && random() % 4 == 0;
  return std::to_string(first) + (range ? ".." + std::to_string(pick(first + 1)) : "");
}

std::string list(Random& random, unsigned least, unsigned most, unsigned free) {
  if (random() % 10 < free) return "*";
  std::string text = value(random, least, most);
  while (random() % 3 == 0) text += "," + value(random, least, most);
  return text;
}

std::string calendar_expression(Random& random) {
  static constexpr std::array days{"", "", "", "Mon ", "Sat,Sun ", "mon..fri ", "Tuesday,Thu "};
  static constexpr std::array zones{
      "", "", " UTC", " Europe/Berlin", " America/New_York", " Australia/Lord_Howe", " Asia/Kathmandu"};
  std::string text = days[random() % days.size()];
  if (random() % 2 == 0) {
    text += "*-" + list(random, 1, 12, 6);
    text += random() % 5 == 0 ? "~" + value(random, 1, 28) : "-" + list(random, 1, 31, 4);
    text += " ";
  }
  text += list(random, 0, 23, 3) + ":" + list(random, 0, 59, 1);
  if (random() % 3 == 0) text += ":" + list(random, 0, 59, 2);
  return text + zones[random() % zones.size()];
}

/// What a shell command prints.
std::string output_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  std::array<char, 4096> part{};
  while (const std::size_t n = std::fread(part.data(), 1, part.size(), pipe.get())) text.append(part.data(), n);
  return text;
}

struct Answer {
  std::string normalized;
  std::vector<std::string> fires;
};

/// "  Normalized form: *-*-* 00:00:00", "    Next elapse: Sun 2026-11-01 00:00:00 UTC", "       Iter. #2: ...".
std::vector<Answer> read_answers(const std::string& text) {
  std::vector<Answer> answers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string rest = line.substr(colon + 2);
    if (line.find("Normalized form") < colon) answers.push_back({rest, {}});
    const bool is_fire = line.find("Next elapse") < colon || line.find("Iter. #") < colon;
    if (!is_fire || rest == "never" || answers.empty()) continue;
    const std::string date_and_time = rest.substr(4, 19);
    answers.back().fires.push_back(date_and_time.substr(0, 10) + "T" + date_and_time.substr(11) + "Z");
  }
  return answers;
}

TEST_CASE("calendar: systemd-analyze agrees about random expressions") {
  if (std::system("command -v systemd-analyze >/dev/null") != 0) {
    WARN("there is no systemd-analyze here: nothing was compared");
    return;
  }
  const char* const seed_text = std::getenv("BELFRY_SEED");
  const unsigned seed = seed_text == nullptr ? 1 : static_cast<unsigned>(std::atoi(seed_text));
  INFO("BELFRY_SEED=" << seed);
  Random random(seed);
  std::vector<std::string> texts;
  std::string command =
      "TZ=UTC LC_ALL=C systemd-analyze calendar --iterations=3 --base-time='2026-10-24 20:00:00 UTC' --";
  while (texts.size() < 60) {
    texts.push_back(calendar_expression(random));
    if (!parse_calendar(texts.back()))
      texts.pop_back();
    else
      command += " '" + texts.back() + "'";
  }
  const std::vector<Answer> answers = read_answers(output_of(command + " 2>/dev/null"));
  REQUIRE(answers.size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    INFO(texts[i]);
    const CalendarTrigger trigger(parse_calendar(texts[i]).value(), Zone(), dst_systemd);
    CHECK(trigger.normalise() == answers[i].normalized);
    std::vector<std::string> fires;
    for (const WallTime fire : fires_between(trigger, test::at("2026-10-24T20:00:00Z"), WallTime::max(), 3)) {
      fires.push_back(format_utc(fire));
    }
    CHECK(fires == answers[i].fires);
  }
}

}  // namespace
}  // namespace belfry::time
