// HTTP requests to a peer that does what the test says, on the real clock: libcurl has its own.
#include "io/http_client.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <atomic>
#include <mutex>
#include <semaphore>
#include <string>

#include "async/gather.hpp"
#include "async/spawn.hpp"
#include "async/timeout.hpp"
#include "support/async_fixture.hpp"
#include "support/http_peer.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using io::TransferFailure;
using test::HttpPeer;
using testing::run_real;

namespace {

std::binary_semaphore name_server(0);
std::binary_semaphore name_asked(0);
std::binary_semaphore name_answered(0);

}  // namespace

/// libcurl's look-up of names: the one of "stuck.test" hangs until the test lets it go.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  if (host != nullptr && std::string_view(host) == "stuck.test") {
    name_asked.release();
    name_server.acquire();
    name_answered.release();
    return EAI_AGAIN;
  }
  using Original = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto original = reinterpret_cast<Original>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return original(host, service, hints, found);
}

TEST_CASE("a request arrives as it was meant, and its answer comes back, cut to the wanted size") {
  std::string seen;
  HttpPeer peer([&](int connection) {
    seen = HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "201 Created", std::string(100'000, 'x'));
  });
  run_real([&]() -> async::Task<> {
    const auto answer = co_await io::send(
        {.method = "PUT", .url = peer.url("/a?b=c"), .headers = {"X-Kind: test"}, .body = "hello", .most_body = 10});
    REQUIRE(answer);
    CHECK(answer->status == 201);
    CHECK(answer->body == "xxxxxxxxxx");
    CHECK(answer->redirect_origin.empty());
  });
  CHECK(seen.starts_with("PUT /a?b=c HTTP/1.1\r\n"));
  CHECK(seen.find("X-Kind: test\r\n") != std::string::npos);
  CHECK(seen.find("Expect:") == std::string::npos);
  CHECK(seen.ends_with("\r\n\r\nhello"));
}

TEST_CASE("many requests are under way at once") {
  HttpPeer peer([](int connection) {
    const std::string request = HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "200 OK", request.substr(5, 2));
  });
  run_real([&]() -> async::Task<> {
    std::vector<async::Task<std::expected<io::HttpAnswer, TransferFailure>>> all;
    for (int i = 10; i < 30; ++i) all.push_back(io::send({.url = peer.url("/" + std::to_string(i))}));
    const auto answers = co_await async::gather(std::move(all));
    for (int i = 10; i < 30; ++i) CHECK(answers.at(static_cast<std::size_t>(i - 10))->body == std::to_string(i));
  });
}

TEST_CASE("a redirect is not followed, and told by its host alone") {
  HttpPeer peer([](int connection) {
    HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "301 Moved\r\nLocation: https://other.example:8443/hook/SECRET?token=SECRET");
  });
  run_real([&]() -> async::Task<> {
    const auto answer = co_await io::send({.method = "POST", .url = peer.url("/hook"), .body = "x"});
    REQUIRE(answer);
    CHECK(answer->status == 301);
    CHECK(answer->redirect_origin == "https://other.example:8443");
  });
}

TEST_CASE("who asks to be left alone for a while is heard") {
  HttpPeer peer([](int connection) {
    HttpPeer::read_request(connection);
    HttpPeer::answer(connection, "429 Too Many Requests\r\nRetry-After: 7");
  });
  run_real([&]() -> async::Task<> {
    const auto answer = co_await io::send({.url = peer.url()});
    REQUIRE(answer);
    CHECK(answer->retry_after == 7s);
  });
}

TEST_CASE("a failure names the host and nothing else of the URL") {
  std::string closed;
  {
    const HttpPeer peer([](int) {});
    closed = peer.url("/SECRET?token=SECRET");
  }
  run_real([&]() -> async::Task<> {
    const auto refused = co_await io::send({.url = closed});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == TransferFailure::Kind::unreachable);
    CHECK(refused.error().message == io::origin_of(closed) + " cannot be reached: Connection refused");
    const auto nonsense = co_await io::send({.url = "gopher://SECRET"});
    REQUIRE_FALSE(nonsense);
    CHECK(nonsense.error().kind == TransferFailure::Kind::invalid);
    CHECK(nonsense.error().message.find("SECRET") == std::string::npos);
  });
}

TEST_CASE("something that does not speak HTTP is called that, and may be another one later") {
  for (const std::string garbage : {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}) {
    HttpPeer peer([&](int connection) {
      HttpPeer::read_request(connection);
      ::send(connection, garbage.data(), garbage.size(), MSG_NOSIGNAL);
    });
    run_real([&]() -> async::Task<> {
      const auto answer = co_await io::send({.url = peer.url("/SECRET")});
      REQUIRE_FALSE(answer);
      CHECK(answer.error().may_pass());
      CHECK(answer.error().message == "what answers at " + io::origin_of(peer.url()) + " does not speak HTTP");
    });
  }
}

TEST_CASE("a server that is silent is given up after the timeout") {
  HttpPeer peer([](int connection) {
    HttpPeer::read_request(connection);
    char rest = 0;
    ::recv(connection, &rest, 1, 0);  // until the client goes
  });
  run_real([&]() -> async::Task<> {
    const auto answer = co_await io::send({.url = peer.url(), .timeout = 20ms});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == TransferFailure::Kind::timeout);
    CHECK(answer.error().message == io::origin_of(peer.url()) + " has not answered within 20 ms");
  });
}

TEST_CASE("a cancelled request closes its connection") {
  std::binary_semaphore arrived(0);
  std::binary_semaphore gone(0);
  HttpPeer peer([&](int connection) {
    HttpPeer::read_request(connection);
    arrived.release();
    char rest = 0;
    while (::recv(connection, &rest, 1, 0) > 0) {
    }
    gone.release();
  });
  run_real([&]() -> async::Task<> {
    auto request = async::spawn(io::send({.url = peer.url(), .timeout = 1h}), async::SpawnOptions("request"));
    while (!arrived.try_acquire()) co_await async::yield();
    request.cancel();
    CHECK_THROWS_AS(co_await request.join(), async::Cancelled);
  });
  gone.acquire();
}

TEST_CASE("a name server that does not answer holds neither the loop nor the end of the request") {
  run_real([&]() -> async::Task<> {
    const auto answer = co_await io::send({.url = "http://stuck.test/", .timeout = 20ms});  // returns though it hangs
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == TransferFailure::Kind::timeout);
    name_asked.acquire();
    auto cancelled =
        async::spawn(io::send({.url = "http://stuck.test/", .timeout = 1h}), async::SpawnOptions("request"));
    while (!name_asked.try_acquire()) co_await async::yield();
    cancelled.cancel();
    CHECK_THROWS_AS(co_await cancelled.join(), async::Cancelled);
  });
  name_server.release();
  name_answered.acquire();
  name_server.release();
  name_answered.acquire();
}

TEST_CASE("the origin of a URL is what may be shown of it") {
  CHECK(io::origin_of("https://user:SECRET@hooks.example.org/services/SECRET?x=SECRET#y") ==
        "https://hooks.example.org");
  CHECK(io::origin_of("http://[::1]:8080/x") == "http://[::1]:8080");
  CHECK(io::origin_of("no url").empty());
  for (const char* const no_host :
       {"http:///SECRET", "http:/SECRET", "http:SECRET", "http:////SECRET", "http://?SECRET"}) {
    CHECK(io::origin_of(no_host).empty());
    CHECK_FALSE(io::is_http_url(no_host));
  }
  CHECK(io::origin_of("").empty());
  CHECK(io::is_http_url("http://a"));
  CHECK_FALSE(io::is_http_url("ftp://a"));
  CHECK_FALSE(io::is_http_url("/a/b"));
}
