// What an answer must be like, and what a declaration must not say.
#include "jobs/http_expect.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "http_caller.hpp"
#include "support/http_peer.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using ledger::Outcome;
using test::Caller;
using test::HttpPeer;

TEST_CASE("an answer that is not as expected fails with what was expected and what came", "[http]") {
  HttpPeer peer([](int connection) {
    HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "200 OK\r\nContent-Type: text/html", R"({"status":"down","n":[1,true,null],"m":{}})");
  });
  Caller caller;
  const auto why = [&](const std::string& key, const std::string& value) {
    const auto ran = caller.run({{"url", peer.url()}, {"expect." + key, value}});
    CHECK((ran.outcome == Outcome::success) == ran.report.message.starts_with("status 200,"));
    CHECK(ran.output().size() == 42);
    return ran.report.message;
  };
  CHECK(why("status", "201\n300-399") == "the status is 200, and 201, 300-399 is expected");
  CHECK_THAT(why("status", "404\n200"), Catch::StartsWith("status 200,"));
  CHECK(why("headers.Content-Type", "json") ==
        "the header content-type is \"text/html\", which does not match \"json\"");
  CHECK(why("headers.X-Other", ".") == "the header x-other is missing");
  CHECK(why("body", "^ok$") ==
        R"(the body does not match "^ok$": it begins with "{\"status\":\"down\",\"n\":[1,true,null],\"m\":{}}")");
  CHECK_THAT(why("body", "d[oa]wn"), Catch::StartsWith("status 200,"));
  CHECK(why("json./status", "ok") == R"(/status of the JSON is "down", not "ok")");
  CHECK(why("json./m", "1") == R"(/m of the JSON is a map, not "1")");
  CHECK(why("json./n/7", "1") == R"(the JSON has no /n/7, and "1" is expected there)");
  for (const auto& [pointer, value] : {std::pair("/n/0", "1"), {"/n/1", "true"}, {"/n/2", "null"}}) {
    CHECK_THAT(why("json." + std::string(pointer), value), Catch::StartsWith("status 200,"));
  }
  CHECK(why("certificate_days", "3") == "certificate_days is expected, and the server showed no certificate");
}

TEST_CASE("an answer is matched as UTF-8, and may have other bytes", "[http]") {
  HttpPeer peer([](int connection) {
    HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "200 OK\r\nX-Name: \xFF größer", "\xE4 Äpfel");
  });
  Caller caller;
  const auto outcome = [&](const std::string& key, const std::string& value) {
    return caller.run({{"url", peer.url()}, {"expect." + key, value}}).outcome;
  };
  CHECK(outcome("body", "^. [ÄÖ]pfel$") == Outcome::success);
  CHECK(outcome("body", "[äö]") == Outcome::failure);
  CHECK(outcome("headers.X-Name", "gr[oö]ßer$") == Outcome::success);
}

TEST_CASE("what is no JSON, or deeper than any stack, is told", "[http]") {
  const std::string body = GENERATE(std::string("<html>"), std::string(1'000'000, '['));
  HttpPeer peer([&](int connection) {
    HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "200 OK", body);
  });
  const auto ran = Caller().run({{"url", peer.url()}, {"expect.json./a", "1"}});
  CHECK(ran.outcome == Outcome::failure);
  CHECK_THAT(ran.report.message, Catch::StartsWith("the body is no JSON: it begins with "));
}

TEST_CASE("a pattern that others take for ever is done at once", "[http]") {
  HttpPeer peer([](int connection) {
    HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "200 OK", std::string(1'000'000, 'a') + "!");
  });
  const auto ran = Caller().run({{"url", peer.url()}, {"expect.body", "(a*)*(a|aa)*b"}});
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.report.message.size() < 250);
}

TEST_CASE("what makes no sense is told before anything runs, and quotes no secret", "[http]") {
  Caller caller;
  const std::string url = "http://a/";
  CHECK(caller.mistake({}) == "url: url is missing: a URL, what is asked for; or url_file, urls or urls_file");
  for (const char* const bad :
       {"file:///etc/passwd", "ftp://SECRET/", "SECRET", "http://a/SECRET\r\nX: y", "http://a/S T"}) {
    CHECK(caller.mistake({{"url", bad}}) == "url: this is no http or https URL, such as https://example.org/health");
  }
  CHECK(caller.mistake({{"url", "http://u:SECRET@a/"}}) ==
        "url: a URL holds no user and no password here: give them as auth");
  CHECK(caller.mistake({{"url", url}, {"headers.X", "SECRET\r\nY: z"}}) ==
        "headers.X: the value of a header is one line");
  CHECK_THAT(caller.mistake({{"url", url}, {"headers.X: y\r\nZ", "v"}}), Catch::Contains("not the name of a header"));
  CHECK_THAT(caller.mistake({{"url", url}, {"headers.content-length", "1"}}), Catch::Contains("made by belfry itself"));
  CHECK(caller.mistake({{"url", url}, {"body", "a"}, {"json", "1"}}) ==
        "json: one of body, body_file and json is sent");
  CHECK(caller.mistake({{"url", url}, {"body", "a"}, {"method", "HEAD"}}) == "method: a HEAD request has no body");
  CHECK(caller.mistake({{"url", url}, {"auth.password", "SECRET"}}) ==
        "auth: auth.user is missing: whose password is it?");
  CHECK_THAT(caller.mistake({{"url", url}, {"expect.status", "99"}}), Catch::StartsWith("expect.status: "));
  CHECK_THAT(caller.mistake({{"url", url}, {"expect.status", "300-200"}}), Catch::StartsWith("expect.status: "));
  CHECK_THAT(caller.mistake({{"url", url}, {"expect.body", "("}}),
             Catch::StartsWith("expect.body: expect.body wants a regular expression: missing )"));
  CHECK_THAT(caller.mistake({{"url", url}, {"expect.json.status", "ok"}}), Catch::Contains("no JSON pointer"));
  CHECK_THAT(caller.mistake({{"url", url}, {"expect.body", "x"}, {"max_bytes", "1G"}}),
             Catch::StartsWith("max_bytes: "));
  CHECK_THAT(caller.mistake({{"url", url}, {"proxy", "SECRET"}}), Catch::Contains("proxy"));
}

TEST_CASE("days of a certificate and latency are judged by the answer alone", "[http]") {
  const auto now = std::chrono::system_clock::time_point(std::chrono::days(20'000));
  jobs::HttpExpectation expected{.status = *jobs::StatusSet::parse({"200"}),
                                 .headers = {},
                                 .body = std::nullopt,
                                 .json = {},
                                 .max_latency = 2s,
                                 .certificate_days = 14};
  io::HttpAnswer answer;
  answer.status = 200;
  answer.certificate_ends = std::chrono::sys_seconds(std::chrono::days(20'014));
  CHECK_FALSE(head_mismatch(expected, answer, 2s, now));
  CHECK(head_mismatch(expected, answer, 2001ms, now) == "the answer took 2.001s, and max_latency is 2s");
  CHECK(head_mismatch(expected, answer, 1s, now + 1s) ==
        "the certificate ends in 13 days, and 14 are expected; renew it");
}
