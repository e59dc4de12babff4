// time-oracle: answers questions about time, one JSON object per line, in order, until the input ends.
//
// It exists to compare lib/time with tables and with other programs; belfryd does not need it, so it is not installed.
// One thread; a line is held in memory, and one beyond the limit is answered with an error without being held.
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

#include "daemon/time_oracle/answer.hpp"

namespace {

constexpr std::size_t longest_line = std::size_t{1} << 20U;

/// The next line without its end, cut behind the limit; none at the end of the input.
std::optional<std::string> read_line(std::streambuf& input) {
  using Traits = std::streambuf::traits_type;
  std::string line;
  auto byte = input.sbumpc();
  if (Traits::eq_int_type(byte, Traits::eof())) return std::nullopt;
  for (; !Traits::eq_int_type(byte, Traits::eof()) && Traits::to_char_type(byte) != '\n'; byte = input.sbumpc()) {
    if (line.size() <= longest_line) line.push_back(Traits::to_char_type(byte));
  }
  return line;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);
  while (const auto line = read_line(*std::cin.rdbuf())) {
    const bool held = line->size() <= longest_line;
    std::cout << (held ? belfry::daemon::time_oracle::answer(*line) : R"({"error":"the line is longer than 1 MiB"})")
              << '\n';
    if (std::cin.rdbuf()->in_avail() <= 0) std::cout.flush();  // whoever asks line by line is answered at once
  }
  return std::cout.flush() ? 0 : 1;
}
