#include "jobs/env_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "io/io_error.hpp"
#include "jobs/whole_file.hpp"

namespace belfry::jobs {

namespace {

using Checked = std::expected<void, std::string>;

constexpr FileLimit too_large{.bytes = largest_env_file, .problem = "more than 1M, which is no file of variables"};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool is_name(std::string_view name) {
  const auto word = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && (name[0] < '0' || name[0] > '9') && std::ranges::all_of(name, word);
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  std::expected<Variables, std::string> parse() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (at_ < text_.size()) {
      if (Checked read = line(); !read) return std::unexpected(std::move(read.error()));
    }
    return std::move(variables_);
  }

 private:
  std::unexpected<std::string> wrong(std::size_t line, const std::string& problem) const {
    return std::unexpected(name_ + ":" + std::to_string(line) + ": " + problem);
  }

  char next() {
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
  }

  Checked line() {
    const std::size_t began = line_;
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    if (at_ == text_.size()) return {};
    if (text_[at_] == '#' || text_[at_] == ';' || text_[at_] == '\n') {
      while (at_ < text_.size() && next() != '\n') continue;
      return {};
    }
    const auto end = std::min(text_.find('\n', at_), text_.size());
    const auto equals = text_.find('=', at_);
    if (equals >= end) return wrong(began, "this is no NAME=VALUE");
    auto name = text_.substr(at_, equals - at_);
    while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
    if (name.starts_with("export ")) return wrong(began, "\"export\" is for shells: leave it out");
    if (!is_name(name)) return wrong(began, "before the = stands no name of letters, digits and _");
    if (name.starts_with("BELFRY_")) return wrong(began, "names that begin with BELFRY_ are set by belfry itself");
    at_ = equals + 1;
    return value(std::string(name), began);
  }

  /// What stands behind a backslash; nothing, where the line goes on below.
  std::string_view escaped() {
    const char c = next();
    return c == '\n' ? std::string_view() : text_.substr(at_ - 1, 1);
  }

  Checked value(std::string name, std::size_t began) {
    std::string value;
    std::size_t solid = 0;     // as far as blanks at the end belong to it
    bool at_beginning = true;  // or behind a quotation: only there a mark opens one, it's a letter elsewhere
    while (at_ < text_.size()) {
      const char c = next();
      if (c == '\n') break;
      if (at_beginning && is_blank(c)) continue;
      if (at_beginning && (c == '\'' || c == '"')) {
        if (!quoted(c, value)) return wrong(began, "the quotation of " + name + " has no end");
        solid = value.size();
        continue;
      }
      at_beginning = false;
      if (c == '\\') {
        if (at_ == text_.size()) break;
        value += escaped();
        solid = value.size();
      } else {
        value += c;
        if (!is_blank(c)) solid = value.size();
      }
    }
    value.resize(solid);
    if (value.contains('\0')) return wrong(began, "the value of " + name + " has a NUL byte");
    variables_.insert_or_assign(std::move(name), std::move(value));
    return {};
  }

  // Up to the other quotation mark; false: it is not there.
  bool quoted(char mark, std::string& value) {
    while (at_ < text_.size()) {
      const char c = next();
      if (c == mark) return true;
      if (mark == '\'' || c != '\\' || at_ == text_.size()) {
        value += c;
        continue;
      }
      const char escaped = next();
      if (escaped == '\n') continue;
      if (std::string_view("\"\\`$").find(escaped) == std::string_view::npos) value += c;
      value += escaped;
    }
    return false;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  Variables variables_;
};

std::string advice(int error) {
  if (error == ENOENT) return "; create it, or say \"optional: true\" of it if it may be missing";
  if (error == EACCES) return "; it is belfryd that reads it, so its user must be allowed to";
  return {};
}

async::Task<std::expected<Variables, std::string>> read_one(EnvFile file) {
  try {
    const auto text = co_await read_whole_file(file.path, too_large);
    if (!text) co_return std::unexpected(text.error());
    co_return parse_env_file(*text, file.path);
  } catch (const io::IoError& error) {
    if (file.optional && error.code().value() == ENOENT) co_return Variables();
    co_return std::unexpected(error.what() + advice(error.code().value()));
  }
}

}  // namespace

std::expected<Variables, std::string> parse_env_file(std::string_view text, const std::string& name) {
  return Parser(text, name).parse();
}

async::Task<std::expected<EnvFileValues, std::string>> read_env_files(std::vector<EnvFile> files) {
  EnvFileValues values;
  for (const EnvFile& file : files) {
    auto read = co_await read_one(file);
    if (!read) co_return std::unexpected("env_file: " + read.error());
    for (auto& [name, value] : *read) {
      if (file.secret) values.secret.insert_or_assign(name, value);
      values.all.insert_or_assign(name, std::move(value));
    }
  }
  co_return values;
}

}  // namespace belfry::jobs
