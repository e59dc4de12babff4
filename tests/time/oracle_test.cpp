// The program time-oracle, run over every row of tests/time/data and over lines that are no rows.
#include <unistd.h>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace {

using nlohmann::json;

std::vector<json> rows_of_kind(const std::string& kind) {
  std::ifstream stream(std::string(BELFRY_TIME_DATA) + "/" + kind + ".jsonl");
  std::vector<json> rows;
  for (std::string line; std::getline(stream, line);) {
    rows.push_back(json::parse(line));
    rows.back()["kind"] = kind;
  }
  REQUIRE_FALSE(rows.empty());
  return rows;
}

/// One answer for each line, or the test has failed.
std::vector<json> ask(const std::vector<std::string>& lines) {
  const auto folder = std::filesystem::temp_directory_path() / ("belfry-oracle-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const std::string in = folder / "in";
  const std::string out = folder / "out";
  {
    std::ofstream stream(in, std::ios::binary);
    for (std::size_t i = 0; i < lines.size(); ++i) stream << lines[i] << (i + 1 < lines.size() ? "\n" : "");
  }
  const int status = std::system((BELFRY_BIN_DIR "/time-oracle <" + in + " >" + out).c_str());
  std::vector<json> answers;
  std::ifstream stream(out);
  for (std::string line; std::getline(stream, line);) answers.push_back(json::parse(line));
  std::filesystem::remove_all(folder);
  REQUIRE(status == 0);
  REQUIRE(answers.size() == lines.size());
  return answers;
}

std::vector<json> ask(const std::vector<json>& rows) {
  std::vector<std::string> lines;
  for (const json& row : rows) lines.push_back(row.dump());
  return ask(lines);
}

json expected_ns(const json& row) {
  if (row.contains("ns")) return row["ns"];
  if (row.contains("us") && row["us"].get<std::int64_t>() < 1'000'000'000'000'000)
    return row["us"].get<std::int64_t>() * 1000;
  return nullptr;  // beyond the numbers of the JSON library, or not given exactly
}

bool is_right(const json& row, const json& answer) {
  const std::string kind = row["kind"];
  const bool refused = answer.contains("error");
  if (kind == "cron-invalid" || row.value("invalid", false)) return refused;
  if (kind == "cron-next") return (refused && row.value("never", false)) || answer.value("next", json()) == row["next"];
  if (kind == "cron-equal") return answer == json{{"equal", true}};
  if (kind == "dst") return answer.value("fires", json()) == row[row["policy"].get<std::string>()];
  if (kind == "dst-next") {
    return answer.value("vixie_next", json()) == row["vixie_next"] && answer["naive_next"] == row["naive_next"];
  }
  if (kind == "calendar")
    return answer.value("next", json()) == row["next"] && answer["normalized"] == row["normalized"];
  if (kind == "cron-hash") return answer["fires"].size() == row["count"].get<std::size_t>();
  if (row["seconds"].is_null()) return refused || row.value("infinite", false);
  const json ns = expected_ns(row);
  return ns.is_null() ? answer.contains("ns") : answer["ns"] == ns;
}

TEST_CASE("time-oracle: answers every row of the shared tables") {
  for (const char* const kind :
       {"cron-next", "cron-invalid", "cron-equal", "cron-hash", "dst", "dst-next", "calendar", "duration"}) {
    std::vector<json> rows;
    for (json& row : rows_of_kind(kind)) {
      if (row.contains("law")) continue;  // a property in words: see cron_test.cpp
      for (const char* const policy : {"vixie", "naive"}) {
        if (std::string(kind) != "dst" && policy[0] == 'n') continue;
        row["policy"] = policy;
        rows.push_back(row);
      }
    }
    const std::vector<json> answers = ask(rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!is_right(rows[i], answers[i])) FAIL_CHECK(rows[i].dump() << "\n    answered: " << answers[i].dump());
    }
  }
}

TEST_CASE("time-oracle: whatever a line holds, it is answered, and the next one is too") {
  const std::string good = R"({"kind":"cron-equal","a":"0 0 * * *","b":"0 0 * * *"})";
  const std::vector<std::string> bad{
      "",
      " ",
      "{",
      "null",
      "[]",
      "1",
      "\"text\"",
      "{}",
      R"({"kind":7})",
      R"({"kind":"tea"})",
      R"({"kind":"cron-next"})",
      R"({"kind":"cron-next","expr":5,"tz":"UTC","from":"2026-01-01T00:00:00Z"})",
      R"({"kind":"cron-next","expr":"* * * * *","tz":"Mars/Olympus","from":"2026-01-01T00:00:00Z"})",
      R"({"kind":"cron-next","expr":"* * * * *","tz":"../../etc/passwd","from":"2026-01-01T00:00:00Z"})",
      R"({"kind":"cron-next","expr":"* * * * *","tz":"UTC","from":"yesterday"})",
      R"({"kind":"cron-next","expr":"* * * * *","tz":"UTC","from":"2026-01-01T00:00:00Z","dialect":"klingon"})",
      R"({"kind":"dst","expr":"* * * * * *","zone":"UTC","from":"1970-01-01T00:00:00Z","until":"2199-01-01T00:00:00Z","dialect":"seconds6"})",
      R"({"kind":"cron-hash","expr":"H * * * *","from":"2026-01-01T00:00:00Z","window_h":1e300})",
      R"({"kind":"duration","text":"\ud800","dialect":"go"})",
      R"({"kind":"calendar","expr":"daily"})",
      "{\"kind\":\"duration\",\"text\":\"\xff\xfe\",\"dialect\":\"go\"}",
      std::string("\0\x01\x7f\xff\r", 5),
      std::string(100'000, '['),
      std::string(5'000'000, 'x'),
  };
  std::vector<std::string> lines;
  for (const std::string& line : bad) {
    lines.push_back(line);
    lines.push_back(good);
  }
  const std::vector<json> answers = ask(lines);
  for (std::size_t i = 0; i < lines.size(); i += 2) {
    INFO(lines[i].substr(0, 200));
    CHECK(answers[i].contains("error"));
    CHECK(answers[i + 1] == json{{"equal", true}});
  }
}

TEST_CASE("time-oracle: what is right for systemd or Go alone is no cron expression") {
  std::vector<json> rows;
  for (const char* const text :
       {"daily", "12:00", "Mon..Fri 09:00", "2026-01-01", "@at 2026-01-01", "@every 1d", "@every 5"}) {
    rows.push_back({{"kind", "cron-invalid"}, {"expr", text}, {"dialect", "vixie"}});
  }
  for (const json& answer : ask(rows)) CHECK(answer.contains("error"));
}

TEST_CASE("time-oracle: as many instants as the row lists, five when it lists none, up to the year 2199") {
  const auto next = [](const char* from, const json& listed) {
    json row{{"kind", "cron-next"}, {"expr", "0 0 1 1 *"}, {"tz", "UTC"}, {"from", from}, {"dialect", "vixie"}};
    if (!listed.is_null()) row["next"] = listed;
    return ask(std::vector<json>{row}).front()["next"];
  };
  CHECK(next("2026-01-01T00:00:00Z", json()).size() == 5);
  CHECK(next("2026-01-01T00:00:00Z", json::array()).size() == 5);
  CHECK(next("2026-01-01T00:00:00Z", {"", "", "", "", "", "", ""}).size() == 7);
  CHECK(next("2198-01-01T00:00:00Z", json()) == json{"2199-01-01T00:00:00Z"});
}

}  // namespace
