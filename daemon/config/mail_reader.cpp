#include "daemon/config/mail_reader.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "daemon/config/notify_rules.hpp"
#include "daemon/config/settings_reader.hpp"

namespace belfry::daemon {
namespace {

using Security = io::Mail::Security;

constexpr std::string_view address_expected = "an address alone, such as ops@example.org";
constexpr std::array<std::pair<std::string_view, Security>, 3> securities{
    {{"starttls", Security::starttls}, {"tls", Security::tls}, {"none", Security::none}}};

/// What a header and an envelope take as they are.
bool is_address(std::string_view text) {
  static constexpr std::string_view others = "@.!#$%&'*+/=?^_`{|}~-[]:";
  const auto at = text.find('@');
  const bool whole = at == std::string_view::npos || (at > 0 && at + 1 < text.size() && text.rfind('@') == at);
  return !text.empty() && text.size() <= 254 && whole && !text.starts_with('-') &&
         std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || others.contains(c);
         });
}

std::optional<std::string> read_address(const Value& value) {
  auto text = value.text(address_expected);
  if (!text) return std::nullopt;
  if (is_address(*text)) return text;
  value.complain({"not an address", std::string(address_expected)});
  return std::nullopt;
}

void read_recipients(const Value& value, MailTarget& mail) {
  const auto add = [&mail](const Value& item) {
    if (auto address = read_address(item)) mail.to.push_back(std::move(*address));
  };
  if (value.node().kind != yaml::Node::Kind::sequence) return add(value);
  const auto items = value.list("a list of addresses");
  if (!items) return;
  for (const auto& item : *items) add(item);
}

int usual_port(Security security) {
  if (security == Security::tls) return 465;
  return security == Security::none ? 25 : 587;
}

bool is_host(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '[' || c == ']';
  });
}

/// A URL instead of a host may hold the password.
void complain_of_host(const Value& value) {
  Complaint complaint{"not the name of a host", "the name or the address of a host alone"};
  if (!value.node().text.contains('@')) return value.complain(std::move(complaint));
  value.errors().hide_line(value.place());
  value.errors().hide(value.node().text);
  complain_of_secret(value, std::move(complaint));
}

void read_smtp(const Value& value, const SecretFiles& files, MailTarget& mail) {
  static constexpr std::string_view expected =
      "a map such as {host: mail.example.org, user: belfry, password_file: mail.password}";
  if (!is_map_of_secrets(value, expected)) return;
  const MapReader map(value, smtp_section);
  MailTarget::Smtp smtp;
  if (!map.has("host") && map.all_known()) value.complain({"the key \"host\" is missing", std::string(expected)});
  if (const auto host = map.get("host")) {
    smtp.host = host->text("the name of a host").value_or("");
    if (!is_host(smtp.host)) complain_of_host(*host);
  }
  if (const auto tls = map.get("tls")) smtp.security = tls->choice<Security>(securities).value_or(smtp.security);
  smtp.port = usual_port(smtp.security);
  if (const auto port = map.get("port")) smtp.port = static_cast<int>(port->integer(1, 65535).value_or(smtp.port));
  if (const auto user = map.get("user")) smtp.user = user->text("the name of a user").value_or("");
  const auto password = read_secret(map, "password", files);
  const char* const key = map.has("password") ? "password" : "password_file";
  if (password) smtp.password = *password;
  if (map.has("user") != map.has(key)) {
    map.complain_at_key(map.has("user") ? "user" : key,
                        {"one of user and password is missing", "both, or neither of them"});
  }
  if (map.has(key) && smtp.security == Security::none) {
    map.complain_at_key(key, {"without TLS anybody on the way can read the password", "tls: starttls or tls"});
  }
  if (const auto file = map.get("ca_file")) smtp.ca_file = read_path(*file, files.folder).value_or("");
  mail.smtp = std::move(smtp);
}

}  // namespace

MailTarget read_mail(const Value& value, const SecretFiles& files) {
  MailTarget mail;
  mail.working_dir = files.folder;
  if (!value.is_map("a map such as {to: ops@example.org}")) return mail;
  const MapReader map(value, mail_section);
  if (!map.has("to") && map.all_known()) value.complain({"the key \"to\" is missing", std::string(address_expected)});
  if (const auto to = map.get("to")) read_recipients(*to, mail);
  if (const auto from = map.get("from")) mail.from = read_address(*from).value_or("");
  if (const auto subject = map.get("subject")) mail.subject = read_template(*subject, message_names());
  if (const auto body = map.get("body")) mail.body = read_template(*body, message_names());
  if (map.has("sendmail") && map.has("smtp")) {
    map.complain_at_key("sendmail", {"it is sent by smtp", "one of sendmail and smtp"});
  }
  if (const auto sendmail = map.get("sendmail")) {
    mail.sendmail = read_command_line(*sendmail).value_or(mail.sendmail);
  }
  if (const auto smtp = map.get("smtp")) read_smtp(*smtp, files, mail);
  return mail;
}

}  // namespace belfry::daemon
