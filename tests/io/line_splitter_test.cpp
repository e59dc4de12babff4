#include "io/line_splitter.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using belfry::io::LineSplitter;
using Lines = std::vector<std::string>;

namespace {

// What is told of a text that comes in pieces of that size.
Lines lines_of(std::string_view text, std::size_t piece, std::size_t longest = 100) {
  LineSplitter splitter(longest);
  Lines lines;
  const auto tell = [&](std::string_view line) { lines.emplace_back(line); };
  for (std::size_t at = 0; at < text.size(); at += piece) splitter.append(text.substr(at, piece), tell);
  splitter.finish(tell);
  return lines;
}

}  // namespace

TEST_CASE("the lines are the same in whatever pieces they come", "[line_splitter]") {
  using namespace std::string_literals;
  const std::string text = "one\n\ntwo\r\nthree\rfour\r\r\n\n\0five\xff\r\n\r\nend"s;
  const Lines expected{"one", "", "two", "three", "four", "", "", "\0five\xff"s, "", "end"};
  for (std::size_t piece = 1; piece <= text.size(); ++piece) CHECK(lines_of(text, piece) == expected);
  CHECK(lines_of("", 1).empty());
  CHECK(lines_of("\n", 1) == Lines{""});
}

TEST_CASE("a line that is too long is told in pieces, and none of them is empty", "[line_splitter]") {
  for (const std::size_t piece : {1U, 2U, 3U, 4U, 5U, 7U, 100U}) {
    CHECK(lines_of("abcdefgh\nij\n", piece, 4) == Lines{"abcd", "efgh", "ij"});
    CHECK(lines_of("abcdefghi", piece, 4) == Lines{"abcd", "efgh", "i"});
    CHECK(lines_of("abcde\n\nf", piece, 4) == Lines{"abcd", "e", "", "f"});
  }
}

TEST_CASE("after an end that was told, a stream goes on with a line of its own", "[line_splitter]") {
  LineSplitter splitter(10);
  Lines lines;
  const auto tell = [&](std::string_view line) { lines.emplace_back(line); };
  splitter.append(std::string_view("one\r"), tell);
  splitter.finish(tell);
  splitter.append(std::string_view("half"), tell);
  splitter.finish(tell);
  splitter.append(std::string_view("\nwhole\n"), tell);
  CHECK(lines == Lines{"one", "half", "", "whole"});
}
