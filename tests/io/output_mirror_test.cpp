#include "io/output_mirror.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <string>

using belfry::io::OutputMirror;

namespace {

struct Memory {
  alignas(8) std::array<std::byte, 32 + 400> bytes{};  // 100 for the head, 300 for the tail
};

std::string numbers(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += std::to_string(i) + " ";
  return text;
}

}  // namespace

TEST_CASE("a mirror keeps both ends of a stream, in whatever pieces it came", "[output_mirror]") {
  const std::string all = numbers(0, 1000);
  for (const std::size_t piece : {1U, 7U, 99U, 100U, 101U, 299U, 300U, 301U, 1000U, 5000U}) {
    Memory memory;
    OutputMirror mirror(memory.bytes);
    for (std::size_t at = 0; at < all.size(); at += piece) mirror.append(std::string_view(all).substr(at, piece));
    const auto kept = mirror.read();
    CHECK(kept.total == all.size());
    CHECK(kept.head == all.substr(0, 100));
    CHECK(kept.tail == all.substr(all.size() - 300));
  }
}

TEST_CASE("a short stream is kept whole", "[output_mirror]") {
  Memory memory;
  OutputMirror mirror(memory.bytes);
  CHECK(mirror.read().total == 0);
  const std::string text = numbers(0, 90);
  mirror.append(text);
  CHECK(mirror.read().head + mirror.read().tail == text);
  CHECK(mirror.read().head.size() == 100);
}

TEST_CASE("whoever finds the memory reads what is there and goes on", "[output_mirror]") {
  const std::string all = numbers(0, 1000);
  Memory memory;
  for (std::size_t at = 0; at < all.size(); at += 333) {
    OutputMirror next(memory.bytes);
    next.append(std::string_view(all).substr(at, 333));
  }
  const auto kept = OutputMirror(memory.bytes).read();
  CHECK(kept.total == all.size());
  CHECK(kept.head == all.substr(0, 100));
  CHECK(kept.tail == all.substr(all.size() - 300));
}

TEST_CASE("cleared memory is empty, and memory that holds anything else is cleared", "[output_mirror]") {
  Memory memory;
  OutputMirror(memory.bytes).append(numbers(0, 200));
  OutputMirror::clear(memory.bytes);
  CHECK(OutputMirror(memory.bytes).read().total == 0);
  memory.bytes.fill(std::byte{'x'});
  memory.bytes[8] = std::byte{'y'};  // committed beyond what was begun
  CHECK(OutputMirror(memory.bytes).read().total == 0);
}

TEST_CASE("no memory, or too little, keeps nothing", "[output_mirror]") {
  OutputMirror none;
  none.append(numbers(0, 10));
  CHECK(none.read().total == 0);
  std::array<std::byte, 32> little{};
  OutputMirror small(little);
  small.append(numbers(0, 10));
  CHECK(small.read().head.empty());
}
