#include "daemon/notify/mail_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include "daemon/config/base64.hpp"
#include "daemon/config/utf8.hpp"

namespace belfry::daemon {
namespace {

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t'; });
}

/// One line, of a length that every reader takes; as encoded words when it is not ASCII (RFC 2047).
std::string header_text(std::string text) {
  constexpr std::size_t longest = 200;
  constexpr std::size_t longest_word = 42;  // bytes: an encoded word has at most 75 characters
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  if (text.size() > longest) {
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text = text.substr(0, end) + "...";
  }
  if (is_plain(text)) return text;
  std::string out;
  std::string word;
  const auto add_word = [&] {
    out += (out.empty() ? "=?utf-8?B?" : " =?utf-8?B?") + base64(word) + "?=";
    word.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = std::max<std::size_t>(character_at(text, at).size, 1);
    if (word.size() + size > longest_word) add_word();
    word += text.substr(at, size);
    at += size;
  }
  add_word();
  return out;
}

std::string date_text(ledger::WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(now));
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<char, 64> rest{};
  std::strftime(rest.data(), rest.size(), "%Y %H:%M:%S +0000", &parts);
  return std::string(days.at(static_cast<std::size_t>(parts.tm_wday))) + ", " + std::to_string(parts.tm_mday) + " " +
         months.at(static_cast<std::size_t>(parts.tm_mon)) + " " + rest.data();
}

std::string usual_body(const Notice& notice) {
  std::string text = summary(notice) + "\n\n";
  for (const std::string_view name : message_names()) {
    if (name == "json" || name == "output" || name == "summary") continue;
    const std::string value = fact(notice, name);
    if (!value.empty()) text += std::string(name) + ": " + value + "\n";
  }
  if (!notice.output.empty()) text += "\nThe end of its output:\n\n" + notice.output;
  return text;
}

bool has_long_line(std::string_view text) {
  constexpr std::size_t longest = 900;  // 998 are allowed
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (end - at > longest) return true;
    at = end + 1;
  }
  return false;
}

std::string in_lines(const std::string& encoded) {
  constexpr std::size_t width = 76;
  std::string out;
  for (std::size_t at = 0; at < encoded.size(); at += width) out += encoded.substr(at, width) + "\n";
  return out;
}

std::string with_newlines(const std::string& text, std::string_view newline) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += newline;
    } else if (c != '\r') {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string sender_address(const MailTarget& target, const Notice& notice) {
  if (!target.from.empty()) return target.from;
  return notice.host.empty() ? "belfry" : "belfry@" + notice.host;
}

std::string mail_text(const MailTarget& target, const Notice& notice, ledger::WallTime now, std::string_view id,
                      std::string_view newline) {
  const auto value = [&notice](std::string_view name) { return fact(notice, name); };
  std::string to;
  for (const std::string& address : target.to) to += (to.empty() ? "" : ",\n ") + address;
  std::string body = target.body ? target.body->fill(value) : usual_body(notice);
  if (!body.ends_with('\n')) body += '\n';
  const bool plain = is_plain(body) && !has_long_line(body);
  std::string text = "Date: " + date_text(now) + "\n";
  text += "From: " + sender_address(target, notice) + "\n";
  text += "To: " + to + "\n";
  text += "Subject: " + header_text(target.subject ? target.subject->fill(value) : summary(notice)) + "\n";
  text += "Message-ID: <" + std::string(id) + "@" + (notice.host.empty() ? "localhost" : notice.host) + ">\n";
  text += "Auto-Submitted: auto-generated\n";  // nobody's holiday answers it
  text += "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n";
  text += std::string("Content-Transfer-Encoding: ") + (plain ? "7bit" : "base64") + "\n\n";
  text += plain ? body : in_lines(base64(body));
  return with_newlines(text, newline);
}

}  // namespace belfry::daemon
