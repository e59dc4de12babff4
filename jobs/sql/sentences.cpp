#include "jobs/sql/sentences.hpp"

#include <algorithm>
#include <array>

namespace belfry::jobs::sql {

namespace {

constexpr std::size_t most_characters = 500;

struct Advice {
  std::string_view sign;  // of what is said
  std::string_view advice;
};

/// The first whose sign is there.
constexpr std::array advices{
    Advice{"requires a valid client certificate", "give sslcert and sslkey"},
    Advice{"alert unknown ca", "the server does not trust the certificate of sslcert"},
    Advice{"no encryption", "the server lets this user in by TLS alone: does sslmode forbid that?"},
    Advice{"certificate", "check sslmode and sslrootcert"},
    Advice{"TLS/SSL error: No such file", "are the files of sslrootcert, sslcert and sslkey there?"},
    Advice{"Connection refused", "does the server run there, and does it listen on that port?"},
    Advice{"connect to server on", "does the server run there, and does it listen on that port?"},
    Advice{"translate host name", "check the host of the URL"},
    Advice{"Unknown server host", "check the host of the URL"},
    Advice{"Unknown MySQL server host", "check the host of the URL"},
    Advice{"No such file or directory", "does the server run on this machine? A URL without a host means its socket"},
    Advice{"through socket", "does the server run on this machine? A URL without a host means its socket"},
    Advice{"no password supplied", "give password_file"},
    Advice{"(using password: NO)", "check the user of the URL, or give password_file"},
    Advice{"password authentication failed", "check the user of the URL and password_file"},
    Advice{"Access denied", "check the user of the URL and password_file, and what the user may see"},
    Advice{"pg_hba.conf", "the server lets this user in from here only when its pg_hba.conf says so"},
    Advice{"Unknown database", "check the name of the database"},
    Advice{"\" does not exist", "check the user and the name of the database"},
    Advice{"too many c", "the server has no place left: lower pool.max, or raise the limit of the server"},
};

}  // namespace

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
    if (!blank) out += c;
    if (blank && !out.empty() && out.back() != ' ') out += ' ';
  }
  if (out.size() > most_characters) {
    std::size_t end = most_characters;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80) --end;  // not within a character
    out = out.substr(0, end) + "...";
  }
  while (out.ends_with(' ') || out.ends_with('.')) out.pop_back();
  return out;
}

std::size_t line_of_character(std::string_view text, std::size_t character) noexcept {
  std::size_t line = 1;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80) continue;  // goes on with a character
    if (character-- == 0) break;
    if (c == '\n') ++line;
  }
  return line;
}

Error cannot_connect(const Target& target, std::string_view said) {
  while (said.ends_with('\n')) said.remove_suffix(1);
  // libpq: one 'connection to server at "HOST" (ADDRESS), port N failed: WHY' for each address, with hints below.
  constexpr std::string_view failed = " failed: ";
  std::string_view why = said;
  if (const auto at = why.rfind(failed); at != std::string_view::npos) why.remove_prefix(at + failed.size());
  why = why.substr(0, why.find('\n'));
  if (why.starts_with("FATAL:")) why.remove_prefix(6);
  std::string sentence = "cannot connect to " + target.shown() + ": ";
  const std::string reason = one_line(why);
  sentence += reason.starts_with(' ') ? reason.substr(1) : reason;
  const auto fits = [said](const Advice& each) { return said.contains(each.sign); };
  const auto* const advice = std::ranges::find_if(advices, fits);
  if (advice != advices.end()) sentence += "; " + std::string(advice->advice);
  return Error(sentence, true);
}

}  // namespace belfry::jobs::sql
