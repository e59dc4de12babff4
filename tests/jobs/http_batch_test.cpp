// Many URLs by one http action, against a peer that answers as the test says.
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "http_caller.hpp"
#include "support/http_peer.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using ledger::Outcome;
using test::Caller;
using test::HttpPeer;

namespace {

/// Answers request after request of a connection, by path: /NUMBER with that status, /flaky at its third try.
class Server {
 public:
  Server() : peer_([this](int connection) { serve(connection); }) {}
  std::string url(const std::string& path) const { return peer_.url(path); }
  int connections() const noexcept { return connections_; }
  int requests() const noexcept { return requests_; }

 private:
  void serve(int connection) {
    ++connections_;
    for (std::string request = HttpPeer::read_request(connection); !request.empty();
         request = HttpPeer::read_request(connection)) {
      ++requests_;
      const auto begin = request.find('/');
      const std::string path = request.substr(begin, request.find(' ', begin) - begin);
      const bool well = path == "/flaky" ? ++flaky_ >= 3 : !path.starts_with("/404");
      HttpPeer::answer(connection, well ? "200 OK" : "404 Not Found", "body of " + path);
    }
  }

  std::atomic<int> connections_ = 0;
  std::atomic<int> requests_ = 0;
  int flaky_ = 0;
  HttpPeer peer_;
};

std::map<std::string, nlohmann::json> results(const std::string& text) {
  std::map<std::string, nlohmann::json> by_url;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    auto result = nlohmann::json::parse(line);
    by_url.emplace(result.at("url"), result);
  }
  return by_url;
}

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("each of many URLs has its line in the result, over connections that are kept", "[http]") {
  Server server;
  std::string urls;
  for (int i = 0; i < 50; ++i) urls += server.url("/" + std::to_string(i)) + "\n";
  Caller caller;
  const auto ran = caller.run({{"urls", urls}, {"batch.concurrency", "1"}, {"batch.bodies", "true"}}, 1U << 20U);
  CHECK(ran.outcome == Outcome::success);
  CHECK_THAT(ran.report.message, Catch::StartsWith("50 of 50 as expected, in "));
  CHECK(server.requests() == 50);
  CHECK(server.connections() == 1);
  const auto lines = results(ran.output());
  REQUIRE(lines.size() == 50);
  const auto& one = lines.at(server.url("/7"));
  CHECK(one.at("status") == 200);
  CHECK(one.at("bytes") == 10);
  CHECK(one.at("body") == "body of /7");
  CHECK(one.at("ok") == true);
  CHECK(one.at("tries") == 1);
  CHECK(one.at("seconds").is_number());
}

TEST_CASE("what is not as expected is tried again, and is a failure beyond a number of them", "[http]") {
  Server server;
  test::TempDir dir;
  const std::string saved = (dir / "results.jsonl").string();
  Caller caller;
  const jobs::ParameterMap asked{
      {"urls", server.url("/a") + "\n" + server.url("/404?SECRET") + "\n" + server.url("/flaky")},
      {"batch.tries", "3"},
      {"batch.concurrency", "1"},
      {"save_to", saved}};
  const auto ran = caller.run(asked);
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.report.message == "1 of 3 were not as expected, the first of them " + server.url("") +
                                  ": the status is 404, and 200-299 is expected");
  const auto lines = results(content(saved));
  REQUIRE(lines.size() == 3);
  CHECK(lines.at(server.url("/flaky")).at("tries") == 3);
  CHECK(lines.at(server.url("/flaky")).at("ok") == true);
  CHECK(lines.at(server.url("/404?SECRET")).at("status") == 404);
  CHECK(lines.at(server.url("/404?SECRET")).at("error") == "the status is 404, and 200-299 is expected");
  CHECK(server.requests() == 1 + 3 + 3);

  jobs::ParameterMap tolerant = asked;
  tolerant["batch.max_failures"] = "1";
  tolerant["batch.tries"] = "1";
  const auto well = caller.run(tolerant);
  CHECK(well.outcome == Outcome::success);
  CHECK_THAT(well.report.message,
             Catch::StartsWith("2 of 3 as expected, in ") && Catch::EndsWith(", saved as " + saved));
}

TEST_CASE("the URLs of a file are asked, a line that is none is a failure of its own", "[http]") {
  Server server;
  test::TempDir dir;
  const std::string list = (dir / "urls").string();
  Caller caller;
  const auto run = [&] { return caller.run({{"urls_file", list}, {"batch.tries", "5"}}); };
  CHECK(run().outcome == Outcome::start_error);
  std::ofstream(list) << "# none\n\n";
  CHECK(run().report.message == list + " holds no URL: one in each line");
  CHECK(run().outcome == Outcome::start_error);
  std::ofstream(list) << "\xEF\xBB\xBF# a list\r\n  " << server.url("/a") << " \r\n\nftp://x\n" << server.url("/b");
  const auto ran = run();
  CHECK(ran.outcome == Outcome::failure);
  CHECK_THAT(ran.report.message, Catch::Contains("1 of 3 were not") && Catch::EndsWith("this is no http or https URL"));
  std::ofstream(list) << "http://u:SECRET@localhost/x";
  const auto secret = run();
  CHECK(secret.outcome == Outcome::failure);
  CHECK_THAT(secret.output() + secret.report.message,
             !Catch::Contains("SECRET") && Catch::Contains("give them as auth"));
  const auto lines = results(ran.output());
  CHECK(lines.at("ftp://x").at("tries") == 1);
  CHECK(lines.at(server.url("/b")).at("ok") == true);
}

TEST_CASE("a result that is not text is told as text, and its size is bounded", "[http]") {
  HttpPeer peer([](int connection) {
    const std::string request = HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "200 OK", request.starts_with("GET /large") ? std::string(2000, 'x') : "a\xff\"");
  });
  Caller caller;
  const auto ran = caller.run(
      {{"urls", peer.url("/a") + "\n" + peer.url("/large")}, {"max_bytes", "1000"}, {"batch.bodies", "true"}},
      1U << 16U);
  const auto lines = results(ran.output());
  CHECK(lines.at(peer.url("/a")).at("body") == "a\xEF\xBF\xBD\"");
  CHECK_THAT(lines.at(peer.url("/large")).at("error").get<std::string>(), Catch::Contains("larger than max_bytes"));
  CHECK_FALSE(lines.at(peer.url("/large")).contains("body"));
}

TEST_CASE("what makes no sense of a batch is told before anything runs", "[http]") {
  Caller caller;
  const std::string one = "http://localhost/a";
  CHECK(caller.mistake({{"url", one}, {"urls", one}}) == "urls: one of url, urls and urls_file is asked");
  CHECK(caller.mistake({{"url", one}, {"batch.tries", "2"}}) ==
        "batch.tries: one URL makes no batch: batch goes with urls or urls_file");
  CHECK(caller.mistake({{"urls", one}, {"batch.pause", "1s"}}) ==
        "batch.pause: size is missing: after how many requests?");
  CHECK_THAT(caller.mistake({{"urls", one + "\nftp://x/SECRET"}}),
             Catch::StartsWith("urls: this is no http or https URL") && !Catch::Contains("SECRET"));
  CHECK((*caller.make({{"urls", one + "\n" + one}}))->describe() == "GET 2 URLs");
}

TEST_CASE("between two batches nobody is asked", "[http]") {
  Server server;
  Caller caller;
  const auto action =
      caller.make({{"urls", server.url("/1") + "\n" + server.url("/2")}, {"batch.size", "1"}, {"batch.pause", "1h"}});
  REQUIRE(action);
  const auto ran = test::run_action(*action, std::chrono::milliseconds(500));
  CHECK_FALSE(ran.outcome);  // still in the pause
  CHECK(server.requests() <= 1);
}
