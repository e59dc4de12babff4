#include "io/head_tail_buffer.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

using belfry::io::HeadTailBuffer;

TEST_CASE("a short stream is kept whole in the head", "[head_tail_buffer]") {
  HeadTailBuffer buffer(4, 4);
  buffer.append(std::string("abcd"));
  CHECK(buffer.head() == "abcd");
  CHECK(buffer.tail().empty());
  CHECK(buffer.total() == 4);
  CHECK(buffer.dropped() == 0);
}

TEST_CASE("a stream that fits head and tail loses nothing", "[head_tail_buffer]") {
  HeadTailBuffer buffer(4, 4);
  for (const char c : std::string("abcdefgh")) buffer.append({&c, 1});
  CHECK(buffer.head() + buffer.tail() == "abcdefgh");
  CHECK(buffer.dropped() == 0);
}

TEST_CASE("a budget of nothing keeps nothing and still counts", "[head_tail_buffer]") {
  HeadTailBuffer buffer(0);
  buffer.append(std::string(1000, 'x'));
  CHECK(buffer.head().empty());
  CHECK(buffer.tail().empty());
  CHECK(buffer.dropped() == 1000);
}

TEST_CASE("whatever the pieces, head and tail are the first and the last bytes", "[head_tail_buffer]") {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const std::size_t head = random() % 20;
    const std::size_t tail = random() % 20;
    HeadTailBuffer buffer(head, tail);
    std::string all;
    for (auto pieces = random() % 12; pieces > 0; --pieces) {
      std::string piece(random() % 25, ' ');
      for (char& c : piece) c = static_cast<char>('a' + random() % 26);
      buffer.append(piece);
      all += piece;
    }
    CAPTURE(round, head, tail, all);
    REQUIRE(buffer.head() == all.substr(0, head));
    const std::string rest = all.size() > head ? all.substr(head) : "";
    REQUIRE(buffer.tail() == rest.substr(rest.size() > tail ? rest.size() - tail : 0));
    REQUIRE(buffer.total() == all.size());
    REQUIRE(buffer.dropped() == all.size() - buffer.head().size() - buffer.tail().size());
  }
}
