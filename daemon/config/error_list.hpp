// Gathers the mistakes of one file, so that all of them are shown in one pass.
//
// Lives as long as one load; one thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/config/config_error.hpp"
#include "daemon/config/source_text.hpp"

namespace belfry::daemon {

/// What is said about a mistake; the place and the key are told apart by whoever found it.
struct Complaint {
  std::string message;
  std::string expected = {};
  std::string hint = {};
};

class ErrorList {
 public:
  /// Mistakes beyond this number are only counted, so that a hostile file cannot fill the memory with complaints.
  static constexpr std::size_t limit = 1'000;

  /// The source must outlive the list.
  explicit ErrorList(const SourceText& source) : source_(&source) {}

  /// Notes a mistake. The same complaint about the same place is noted once.
  void add(Place place, std::string_view key, Complaint complaint);

  /// This text of the file is secret: no error shows it, those that were noted before included.
  void hide(std::string secret);

  /// The same of what stands in a line of the file from this place on.
  void hide_line(Place from);

  bool empty() const noexcept { return errors_.empty(); }
  bool full() const noexcept { return errors_.size() >= limit; }
  const SourceText& source() const noexcept { return *source_; }

  /// The mistakes in the order of the file.
  std::vector<ConfigError> take();

 private:
  std::string shown_line(int number) const;

  const SourceText* source_;
  std::vector<ConfigError> errors_;
  std::vector<std::string> secrets_;
  std::map<int, int> hidden_from_;  // by line: the column
  std::size_t suppressed_ = 0;
};

/// `text` fit to be quoted in a message: control characters and broken UTF-8 escaped, cut after `limit` characters.
std::string quotable(std::string_view text, std::size_t limit = 60);

/// The same between double quotes.
std::string in_quotes(std::string_view text, std::size_t limit = 60);

/// `path` with a key behind it: "jobs.backup", or jobs["a b"] for a key that is not a plain word.
std::string path_to(std::string_view path, std::string_view key);

}  // namespace belfry::daemon
