#include "io/redactor.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

using belfry::io::HiddenTexts;
using belfry::io::Redactor;
using Texts = std::vector<std::string>;

namespace {

// What is shown of a stream that comes in pieces of that size.
std::string shown(const Texts& texts, std::string_view stream, std::size_t piece) {
  Redactor redactor(std::make_shared<const HiddenTexts>(texts));
  std::string all;
  const auto pass = [&](std::string_view bytes, bool end) {
    const auto some = redactor.pass(bytes, end);
    all.append(some.data(), some.size());
  };
  for (std::size_t at = 0; at < stream.size(); at += piece) pass(stream.substr(at, piece), false);
  pass({}, true);
  return all;
}

void check(const Texts& texts, std::string_view stream, std::string_view expected) {
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    INFO("pieces of " << piece);
    CHECK(shown(texts, stream, piece) == expected);
  }
}

// The same, by looking at each text at each place.
std::string shown_slowly(const Texts& texts, const std::string& stream) {
  std::vector<int> group(stream.size(), 0);
  int groups = 0;
  for (std::size_t end = 0; end <= stream.size(); ++end) {
    for (const std::string& text : texts) {
      if (text.size() > end || stream.compare(end - text.size(), text.size(), text) != 0) continue;
      const auto begin = end - text.size();
      int mine = 0;
      for (auto at = begin; at < end; ++at) mine = std::max(mine, group[at]);
      if (mine == 0) mine = ++groups;
      for (auto at = begin; at < end; ++at) {
        if (group[at] != 0 && group[at] != mine) std::ranges::replace(group, group[at], mine);
        group[at] = mine;
      }
    }
  }
  std::string all;
  for (std::size_t at = 0; at < stream.size(); ++at) {
    if (group[at] == 0) all += stream[at];
    if (group[at] != 0 && (at == 0 || group[at - 1] != group[at])) all += "***";
  }
  return all;
}

}  // namespace

TEST_CASE("a text is hidden in whatever pieces it comes", "[redactor]") {
  check({"hunter2"}, "the password is hunter2, not hunter3; hunter2hunter2\n",
        "the password is ***, not hunter3; ******\n");
  check({"hunter2"}, "hunter", "hunter");
  check({"hunter2"}, "hunhunter2ter2", "hun***ter2");
  using namespace std::string_literals;
  check({"\0\xff\n\x01"s}, "a\0\xff\n\x01z"s, "a***z");
}

TEST_CASE("texts that overlap, or begin alike, are hidden together", "[redactor]") {
  check({"abcd", "cdef"}, "xabcdefx abcd cdef", "x***x *** ***");
  check({"abcd", "abcdefgh"}, "abcdefgh abcdefg abcd", "*** ***efg ***");
  check({"abcdefgh", "cdef"}, "abcdefg", "ab***g");
  check({"aaaa"}, "aaaaaaaaa b aaa", "*** b aaa");
}

TEST_CASE("of a text with several lines each is hidden, wherever it stands", "[redactor]") {
  const Texts key{"-----BEGIN KEY-----\n  c2VjcmV0\r\nab\n-----END KEY-----\n"};
  check(key, "key: c2VjcmV0.\nab\n-----END KEY-----!", "key: ***.\nab\n***!");
  CHECK(shown(key, "<" + key[0] + ">", 7) == "<***\n>");
}

TEST_CASE("a text of less than four bytes is not looked for", "[redactor]") {
  CHECK(HiddenTexts(Texts{"abc\n", "", "\n\n\n\n\n", "a\nb\n"}).empty());
  check({"abc", "abcd"}, "abc abcd", "abc ***");
}

TEST_CASE("what cannot be a beginning is passed on at once, and is not copied", "[redactor]") {
  Redactor redactor(std::make_shared<const HiddenTexts>(Texts{"hunter2"}));
  const std::string_view plain = "nobody knows";
  CHECK(redactor.pass(std::string_view("oddly"), false).size() == 5);
  const std::string_view bytes = "0123456789";
  CHECK(redactor.pass(bytes, false).data() == bytes.data());
  CHECK(redactor.pass(std::string_view("12 hunt"), false).size() == 3);
  CHECK(redactor.pass(plain, false).size() == 4 + plain.size());
}

TEST_CASE("another one goes on where it was, wherever that is", "[redactor]") {
  const Texts texts{"abcd", "cdef", "abcdefgh", "supersecretvalue123"};
  const auto hidden = std::make_shared<const HiddenTexts>(texts);
  const std::string stream = "progress: supe!abcdefg abcdefgh abcdef supersecretvalue123 abcd end: abcde";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Redactor before(hidden);
    const auto first = before.pass(std::string_view(stream).substr(0, cut), false);
    std::string all(first.data(), first.size());
    Redactor after(std::make_shared<const HiddenTexts>(texts));
    after.resume(before.mark());
    CHECK(after.mark() == before.mark());
    const auto rest = after.pass(std::string_view(stream).substr(cut), true);
    all.append(rest.data(), rest.size());
    INFO("cut at " << cut);
    CHECK(all == shown_slowly(texts, stream));
  }
}

TEST_CASE("where bytes may be lost, the rest of the line is hidden, and nothing behind it", "[redactor]") {
  const auto hidden = std::make_shared<const HiddenTexts>(Texts{"hunter2", "first line\nsecond"});
  const auto behind = [&](std::uint64_t mark) {
    Redactor redactor(hidden);
    redactor.resume(mark);
    std::string all;
    for (const std::string_view piece : {"", "er2", " and more\nhun", "ter2, sec", "ond\n"}) {
      const auto some = redactor.pass(piece, false);
      all.append(some.data(), some.size());
    }
    CHECK((redactor.mark() & Redactor::doubtful) == 0);
    return all;
  };
  Redactor before(hidden);
  before.pass(std::string_view("hunt"), false);
  const std::string expected = "***\n***, ***\n";
  CHECK(behind(before.mark() | Redactor::doubtful) == expected);
  CHECK(behind(before.mark() + 1'000'000) == expected);  // of other texts
  CHECK(behind(before.mark() & 0xffff) == expected);     // of another version
  Redactor doubting(hidden);
  doubting.resume(Redactor::doubtful);
  doubting.pass(std::string_view("ter"), false);
  CHECK((doubting.mark() & Redactor::doubtful) != 0);  // until the line ends
}

TEST_CASE("what is shown is what a slow and simple search would leave", "[redactor]") {
  std::mt19937 random(20261128);
  const auto text = [&](std::size_t least, std::size_t most) {
    std::string made(least + random() % (most - least + 1), ' ');
    for (char& c : made) c = static_cast<char>('a' + random() % 2);
    return made;
  };
  for (int round = 0; round < 3000; ++round) {
    Texts texts;
    for (auto count = 1 + random() % 4; count > 0; --count) texts.push_back(text(4, 9));
    const std::string stream = text(0, 60);
    INFO(stream);
    CHECK(shown(texts, stream, 1 + random() % 10) == shown_slowly(texts, stream));
  }
}
