#include "daemon/control/http_server.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <future>
#include <string>

#include "daemon/control/unix_client.hpp"
#include "support/temp_dir.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;
using test::call;
using test::UnixClient;

/// A server whose answers say what it was asked; "/wait" is answered by the test.
struct Fixture {
  test::TempDir folder;
  std::filesystem::path socket = folder / "s.sock";
  std::promise<Exchange> waiting;

  HttpOptions options() const { return {.socket = socket}; }

  Handler handler() {
    return [this](const Request& request, const Exchange& exchange) {
      if (request.path == "/wait") {
        waiting.set_value(exchange);
      } else if (request.path == "/expire") {
        exchange.expire({.at = std::chrono::steady_clock::now(),
                         .finish = []() -> std::optional<Reply> { return Reply{.status = 503, .body = "too late"}; }});
      } else if (request.path == "/throw") {
        throw std::runtime_error("boom");
      } else {
        exchange.reply({.body = request.method + " " + request.path + " " + std::to_string(request.body.size()) + " " +
                                std::to_string(request.peer.uid)});
      }
    };
  }
};

TEST_CASE("a request reaches the handler with its body and who sent it; HEAD is GET without a body") {
  Fixture fixture;
  const HttpServer server(fixture.options(), fixture.handler());
  CHECK(call(fixture.socket, "POST", "/a%20b", "hello").body == "POST /a b 5 " + std::to_string(::getuid()));
  const auto head = call(fixture.socket, "HEAD", "/x");
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  CHECK(call(fixture.socket, "GET", "/throw").status == 500);
}

TEST_CASE("the socket has its mode, a dead one is replaced, a live one and other files are not") {
  Fixture fixture;
  std::optional<HttpServer> server(std::in_place, fixture.options(), fixture.handler());
  struct stat file{};
  REQUIRE(::lstat(fixture.socket.c_str(), &file) == 0);
  CHECK((file.st_mode & 0777U) == 0600U);
  CHECK_THROWS_WITH(HttpServer(fixture.options(), fixture.handler()), Catch::Contains("another belfryd listens there"));
  server.reset();
  CHECK_FALSE(std::filesystem::exists(fixture.socket));

  std::ofstream(fixture.socket) << "mine";
  CHECK_THROWS_WITH(HttpServer(fixture.options(), fixture.handler()), Catch::Contains("not a socket"));
  std::filesystem::remove(fixture.socket);

  const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, fixture.socket.c_str(), sizeof address.sun_path - 1);
  REQUIRE(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(dead);
  HttpOptions for_group = fixture.options();
  for_group.mode = 0660;
  server.emplace(for_group, fixture.handler());
  REQUIRE(::lstat(fixture.socket.c_str(), &file) == 0);
  CHECK((file.st_mode & 0777U) == 0660U);
  CHECK(call(fixture.socket, "GET", "/x").status == 200);
}

TEST_CASE("a request can wait for another thread's answer, and others are served meanwhile") {
  Fixture fixture;
  const HttpServer server(fixture.options(), fixture.handler());
  auto waiting = std::async(std::launch::async, [&] { return call(fixture.socket, "GET", "/wait"); });
  const Exchange exchange = fixture.waiting.get_future().get();
  CHECK(call(fixture.socket, "GET", "/x").status == 200);
  exchange.reply({.body = "first"});
  exchange.reply({.body = "second"});
  CHECK(waiting.get().body == "first");
  CHECK(call(fixture.socket, "GET", "/x").status == 200);
}

TEST_CASE("an exchange that expires answers by itself") {
  Fixture fixture;
  const HttpServer server(fixture.options(), fixture.handler());
  const auto answer = call(fixture.socket, "GET", "/expire");
  CHECK(answer.status == 503);
  CHECK(answer.body == "too late");
}

TEST_CASE("another thread may set the deadline of an exchange; one for an exchange that is over is dropped") {
  Fixture fixture;
  const HttpServer server(fixture.options(), fixture.handler());
  auto waiting = std::async(std::launch::async, [&] { return call(fixture.socket, "GET", "/wait"); });
  const Exchange exchange = fixture.waiting.get_future().get();
  const auto too_late = []() -> std::optional<Reply> { return Reply{.status = 503, .body = "too late"}; };
  exchange.expire({.at = std::chrono::steady_clock::now(), .finish = too_late});
  CHECK(waiting.get().body == "too late");
  exchange.expire({.at = std::chrono::steady_clock::now(), .finish = too_late});
  CHECK(call(fixture.socket, "GET", "/x").status == 200);
}

TEST_CASE("a client that hangs up while it waits harms nobody") {
  Fixture fixture;
  const HttpServer server(fixture.options(), fixture.handler());
  std::optional<UnixClient> client(std::in_place, fixture.socket);
  client->send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  const Exchange exchange = fixture.waiting.get_future().get();
  client.reset();
  CHECK(call(fixture.socket, "GET", "/x").status == 200);
  exchange.reply({.body = "nobody reads this"});
  CHECK(call(fixture.socket, "GET", "/x").status == 200);
}

TEST_CASE("the end of the server answers who waits, and late answers fall on deaf ears") {
  Fixture fixture;
  std::optional<HttpServer> server(std::in_place, fixture.options(), fixture.handler());
  auto waiting = std::async(std::launch::async, [&] { return call(fixture.socket, "GET", "/wait"); });
  const Exchange exchange = fixture.waiting.get_future().get();
  server.reset();
  CHECK(waiting.get().status == 503);
  exchange.reply({.body = "too late"});
}

TEST_CASE("a client that drips its request is cut off at the deadline") {
  Fixture fixture;
  HttpOptions options = fixture.options();
  options.request_deadline = 100ms;
  const HttpServer server(options, fixture.handler());
  const UnixClient client(fixture.socket);
  bool silent = true;
  while (silent) {  // each drip restarts every timeout of inactivity
    client.send("G");
    silent = false;
    client.read_all(10, &silent);
  }
  CHECK(call(fixture.socket, "GET", "/x").status == 200);
}

TEST_CASE("a body beyond the limit is refused, declared or not") {
  Fixture fixture;
  HttpOptions options = fixture.options();
  options.body_limit = 1000;
  const HttpServer server(options, fixture.handler());
  CHECK(call(fixture.socket, "POST", "/x", std::string(1000, 'a')).status == 200);
  CHECK(call(fixture.socket, "POST", "/x", std::string(1001, 'a')).status == 413);
  const UnixClient chunked(fixture.socket);
  chunked.send("POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 11; ++i) chunked.send("64\r\n" + std::string(100, 'a') + "\r\n");
  chunked.send("0\r\n\r\n");
  CHECK_THAT(chunked.read_all(), Catch::StartsWith("HTTP/1.1 413"));
}

}  // namespace
}  // namespace belfry::daemon
