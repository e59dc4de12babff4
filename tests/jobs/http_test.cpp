// The http action against a peer that does what the test says, however badly; on the real clock, as libcurl has its
// own.
#include "jobs/http.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <semaphore>
#include <vector>

#include "async/sleep.hpp"
#include "http_caller.hpp"
#include "support/file_text.hpp"
#include "support/http_peer.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using ledger::Outcome;
using test::HttpPeer;

namespace {

using Parameters = jobs::ParameterMap;
using test::Caller;
using test::read;

std::size_t files_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/// Sends all of it, or as much as is wanted.
bool send_text(int connection, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void wait_for_end(int connection) {
  char rest = 0;
  while (::recv(connection, &rest, 1, 0) > 0) {
  }
}

}  // namespace

TEST_CASE("a request is sent as declared, and its answer is the output", "[http]") {
  std::string seen;
  HttpPeer peer([&](int connection) {
    seen = HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "200 OK", "hello");
  });
  Caller caller;
  const auto ran = caller.run(
      {{"url", peer.url("/a?b=c")}, {"json", R"({"n":1})"}, {"headers.X-Key", "SECRET"}, {"auth.token", "TOKEN"}});
  CHECK(ran.outcome == Outcome::success);
  CHECK(ran.output() == "hello");
  CHECK_THAT(ran.report.message, Catch::StartsWith("status 200, 5 B in "));
  CHECK_THAT(seen, Catch::StartsWith("POST /a?b=c HTTP/1.1\r\n") && Catch::Contains("X-Key: SECRET\r\n") &&
                       Catch::Contains("Authorization: Bearer TOKEN\r\n") &&
                       Catch::Contains("Content-Type: application/json\r\n") && Catch::EndsWith("\r\n\r\n{\"n\":1}"));
  const auto action = caller.make({{"url", peer.url("/SECRET?SECRET")}});
  CHECK((*action)->describe() == "GET " + peer.url(""));
}

TEST_CASE("a user and a password go as Basic", "[http]") {
  std::string seen;
  HttpPeer peer([&](int connection) {
    seen = HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "204 No Content");
  });
  Caller().run({{"url", peer.url()}, {"auth.user", "u"}, {"auth.password", "p"}});
  CHECK_THAT(seen, Catch::Contains("Authorization: Basic dTpw\r\n"));
}

TEST_CASE("redirects are followed, and nothing of ours goes to another host", "[http]") {
  std::vector<std::string> seen;
  HttpPeer other([&](int connection) {
    seen.push_back(HttpPeer::read_request(connection));
    HttpPeer::answer(connection, "200 OK", "there");
  });
  HttpPeer peer([&](int connection) {
    seen.push_back(HttpPeer::read_request(connection));
    const bool first = seen.back().find(" /first ") != std::string::npos;
    HttpPeer::answer(connection, "302 Found\r\nLocation: " + (first ? "/second" : other.url("/third")), "not wanted");
  });
  const Parameters ours{{"url", peer.url("/first")},
                        {"headers.X-Key", "SECRET"},
                        {"headers.Cookie", "SECRET"},
                        {"auth.user", "SECRET"},
                        {"auth.password", "p"}};
  Caller caller;
  const auto ran = caller.run(ours);
  CHECK(ran.outcome == Outcome::success);
  CHECK(ran.output() == "there");
  REQUIRE(seen.size() == 3);
  CHECK_THAT(seen.at(1), Catch::Contains("X-Key: SECRET") && Catch::Contains("Authorization: Basic"));
  CHECK_THAT(seen.at(2), Catch::StartsWith("GET /third ") && !Catch::Contains("SECRET") &&
                             !Catch::Contains("Authorization") && !Catch::Contains("Cookie"));

  seen.clear();
  Parameters none = ours;
  none["redirects"] = "0";
  CHECK(caller.run(none).report.message == "the status is 302, and 200-299 is expected");
  none = ours;
  none["expect.status"] = "302";
  CHECK(caller.run(none).outcome == Outcome::success);
  CHECK(seen.size() == 2);

  Parameters put = ours;
  put["method"] = "PUT";
  put["body"] = "SECRET";
  CHECK_THAT(caller.run(put).report.message, Catch::Contains("what is sent is not meant for another host"));
}

TEST_CASE("a POST that is redirected becomes a GET without its body", "[http]") {
  std::string last;
  HttpPeer peer([&](int connection) {
    last = HttpPeer::read_request(connection);
    if (last.starts_with("POST")) {
      HttpPeer::answer(connection, "303 See Other\r\nLocation: /done");
    } else {
      HttpPeer::answer(connection, "200 OK");
    }
  });
  CHECK(Caller().run({{"url", peer.url("/a")}, {"body", "text"}}).outcome == Outcome::success);
  CHECK_THAT(last, Catch::StartsWith("GET /done ") && !Catch::Contains("Content-"));
}

TEST_CASE("redirects in a circle and out of HTTP are failures", "[http]") {
  std::string where = "/SECRET";
  HttpPeer peer([&](int connection) {
    HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "301 Moved\r\nLocation: " + where);
  });
  Caller caller;
  CHECK(caller.run({{"url", peer.url()}}).report.message ==
        peer.url("") + " redirects more than 5 times; does it lead in a circle?");
  for (const char* const outside : {"file:///etc/passwd", "gopher://x/", "dict://x:11/"}) {
    where = outside;
    const auto ran = caller.run({{"url", peer.url()}});
    CHECK(ran.outcome == Outcome::failure);
    CHECK(ran.report.message == peer.url("") + " redirects to what is no http or https URL");
  }
}

TEST_CASE("an endless answer is given up at max_bytes, and its ends are the output", "[http]") {
  HttpPeer peer([](int connection) {
    HttpPeer::read_request(connection);
    const std::string piece(65536, 'x');
    send_text(connection, "HTTP/1.1 200 OK\r\n\r\n");
    while (send_text(connection, piece)) {
    }
  });
  test::TempDir dir;
  Caller caller;
  const auto ran = caller.run({{"url", peer.url()}, {"max_bytes", "1M"}});
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.report.message == "the answer of " + peer.url("") + " is larger than max_bytes (1.0 MiB)");
  CHECK(ran.output().size() == 1024);
  CHECK(ran.report.standard_output.total_bytes <= 1U << 20U);
  std::ofstream(dir / "saved") << "old";
  CHECK(caller.run({{"url", peer.url()}, {"max_bytes", "20M"}, {"save_to", (dir / "saved").string()}}).outcome ==
        Outcome::failure);
  CHECK(read(dir / "saved") == "old");
  CHECK(files_in(dir.path()) == 1);
}

TEST_CASE("an answer is saved as a whole, with the mode that the file had", "[http]") {
  std::string body(5'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 4096) body[i] = static_cast<char>('a' + i / 4096 % 26);
  HttpPeer peer([&](int connection) {
    HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "200 OK", body);
  });
  test::TempDir dir;
  const auto file = dir / "saved";
  Caller caller;
  const Parameters parameters{{"url", peer.url()}, {"save_to", file.string()}, {"expect.body", "^a"}};
  const auto ran = caller.run(parameters);
  CHECK(ran.outcome == Outcome::success);
  CHECK_THAT(ran.report.message, Catch::EndsWith("saved as " + file.string()));
  CHECK(ran.output().empty());
  CHECK((read(file) == body));
  using std::filesystem::perms;
  CHECK(std::filesystem::status(file).permissions() == perms(0644));
  std::filesystem::permissions(file, perms(0600));
  body = "a short one";
  CHECK(caller.run(parameters).outcome == Outcome::success);
  CHECK(read(file) == body);
  CHECK(std::filesystem::status(file).permissions() == perms(0600));
  body = "not as expected";
  CHECK(caller.run(parameters).outcome == Outcome::failure);
  CHECK(read(file) == "a short one");
  CHECK(files_in(dir.path()) == 1);
  const auto nowhere = caller.run({{"url", peer.url()}, {"save_to", (dir / "no/where").string()}});
  CHECK(nowhere.outcome == Outcome::start_error);
  const auto folder = caller.run({{"url", peer.url()}, {"save_to", dir.path().string()}});
  CHECK(folder.outcome == Outcome::start_error);
  CHECK_THAT(folder.report.message, Catch::Contains("it is a folder"));
}

TEST_CASE("an error page is not saved, it is the output", "[http]") {
  HttpPeer peer([](int connection) {
    HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "500 Oops", "the reason");
  });
  test::TempDir dir;
  const auto ran = Caller().run({{"url", peer.url()}, {"save_to", (dir / "saved").string()}});
  CHECK(ran.report.message == "the status is 500, and 200-299 is expected");
  CHECK(ran.output() == "the reason");
  CHECK(files_in(dir.path()) == 0);
}

TEST_CASE("a cancelled run closes the connection and leaves no file", "[http]") {
  std::binary_semaphore under_way(0);
  std::binary_semaphore gone(0);
  HttpPeer peer([&](int connection) {
    HttpPeer::read_request(connection);
    send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nthe first bytes");
    under_way.release();
    wait_for_end(connection);
    gone.release();
  });
  test::TempDir dir;
  Caller caller;
  const auto action = caller.make({{"url", peer.url()}, {"save_to", (dir / "saved").string()}});
  test::Ran ran;
  async::run([&]() -> async::Task<> {
    const engine::Attempt attempt{.job = "job", .scheduled_at = std::nullopt, .started_at = {}};
    async::CancelScope scope;
    auto canceller = async::spawn(
        [](std::binary_semaphore& ready, async::CancelScope& cancelled) -> async::Task<> {
          while (!ready.try_acquire()) co_await async::yield();
          cancelled.cancel(async::CancelReason::timeout);
        }(under_way, scope),
        "canceller");
    ran.outcome = co_await scope.run((*action)->run(attempt, ran.report));
    co_await canceller;
  }());
  CHECK_FALSE(ran.outcome);
  gone.acquire();
  CHECK(files_in(dir.path()) == 0);
}

TEST_CASE("a connection that is cut, silent or nonsense is a failure that says which", "[http]") {
  enum class Way { cut, chunks, silent, drip, nonsense };
  std::atomic<Way> way = Way::cut;
  HttpPeer peer([&](int connection) {
    HttpPeer::read_request(connection);
    if (way == Way::nonsense) return void(send_text(connection, "SSH-2.0-x\r\n"));
    if (way == Way::silent) return wait_for_end(connection);
    if (way == Way::chunks) {
      return void(send_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n"));
    }
    send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    if (way == Way::drip) wait_for_end(connection);
  });
  Caller caller;
  const auto message = [&](Way now) {
    way = now;
    const auto ran = caller.run(
        {{"url", peer.url("/SECRET")}, {"timeout", now == Way::drip ? "5m" : "200ms"}, {"idle_timeout", "1s"}});
    CHECK(ran.outcome == Outcome::failure);
    CHECK(ran.report.message.find("SECRET") == std::string::npos);
    return ran.report.message;
  };
  const std::string origin = peer.url("");
  CHECK(message(Way::cut) == origin + " closed the connection before the end of its answer");
  CHECK(message(Way::silent) == origin + " has not answered within 200 ms");
  CHECK(message(Way::nonsense) == "what answers at " + origin + " does not speak HTTP");
  CHECK_FALSE(message(Way::chunks).empty());
  CHECK(message(Way::drip) == origin + " has not answered within 1 s");
}

TEST_CASE("nobody there, and a name that is not, say what to do", "[http]") {
  std::string closed;
  {
    const HttpPeer peer([](int) {});
    closed = peer.url("");
  }
  Caller caller;
  CHECK(caller.run({{"url", closed}}).report.message ==
        closed + " cannot be reached: Connection refused; is the server running, and is this its port?");
  CHECK_THAT(caller.run({{"url", "http://no-such-host.invalid/"}}).report.message,
             Catch::EndsWith("; check how it is written, and /etc/resolv.conf"));
}

TEST_CASE("a body of a file that is not there is a start_error", "[http]") {
  std::string seen;
  HttpPeer peer([&](int connection) {
    seen = HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "200 OK");
  });
  test::TempDir dir;
  Caller caller;
  const auto ran = caller.run({{"url", peer.url()}, {"body_file", (dir / "missing").string()}});
  CHECK(ran.outcome == Outcome::start_error);
  CHECK_THAT(ran.report.message, Catch::Contains("No such file or directory"));
  CHECK(seen.empty());
  std::ofstream(dir / "there") << std::string(100'000, 'b');
  CHECK(caller.run({{"url", peer.url()}, {"body_file", (dir / "there").string()}}).outcome == Outcome::success);
  CHECK_THAT(seen, Catch::Contains("Content-Length: 100000\r\n"));
}
