// The text of a mail: what readers and servers take, and what the output of a job cannot do to it.
#include "daemon/notify/mail_text.hpp"

#include <catch2/catch.hpp>

#include "daemon/config/good_file.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using daemon::MailTarget;
using daemon::Notice;

namespace {

const ledger::WallTime sunday = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 7h + 8min + 9s;

MailTarget target(const std::string& keys = "") {
  const auto config = daemon::testing::load("notify: {a: {mail: {to: [root, ops@example.org]" +
                                            (keys.empty() ? "" : ", " + keys) + "}}}\njobs: {}\n");
  return std::get<MailTarget>(config.channels.at("a").target);
}

Notice notice() {
  Notice notice{.event = "failure", .job = "backup", .host = "db1", .at = sunday};
  notice.run = 7;
  notice.message = "exit code 3";
  return notice;
}

std::string text(const MailTarget& mail, const Notice& told, const char* newline = "\n") {
  return mail_text(mail, told, sunday, "id", newline);
}

}  // namespace

TEST_CASE("a mail has its headers, and the facts as its body") {
  CHECK(text(target(), notice()) ==
        "Date: Sun, 1 Mar 2026 07:08:09 +0000\n"
        "From: belfry@db1\n"
        "To: root,\n ops@example.org\n"
        "Subject: backup failed on db1: exit code 3\n"
        "Message-ID: <id@db1>\n"
        "Auto-Submitted: auto-generated\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 7bit\n"
        "\n"
        "backup failed on db1: exit code 3\n\n"
        "event: failure\nhost: db1\njob: backup\nmessage: exit code 3\nrun: 7\n");
}

TEST_CASE("subject and body are filled in; lines of a server's mail end as it wants") {
  const auto mail = text(target("from: x@y, subject: '{{job}}!', body: '{{message}}'"), notice(), "\r\n");
  CHECK(mail.find("From: x@y\r\n") != std::string::npos);
  CHECK(mail.find("Subject: backup!\r\n") != std::string::npos);
  CHECK(mail.ends_with("\r\n\r\nexit code 3\r\n"));
  std::size_t bare = 0;
  for (std::size_t i = 1; i < mail.size(); ++i) bare += mail[i] == '\n' && mail[i - 1] != '\r' ? 1 : 0;
  CHECK(bare == 0);
}

TEST_CASE("what a job says adds no header") {
  Notice told = notice();
  told.message = "x\r\nBcc: everybody@example.org\n\nbody";
  const auto mail = text(target("subject: '{{message}}', body: x"), told);
  CHECK(mail.find("\nBcc:") == std::string::npos);
  CHECK(mail.find("Subject: x  Bcc: everybody@example.org  body\n") != std::string::npos);
}

TEST_CASE("what is not ASCII, or has a line that is too long, is encoded") {
  Notice told = notice();
  told.message = "größer als erlaubt ist";
  const auto mail = text(target("body: '{{message}}'"), told);
  CHECK(mail.find(
            "Subject: =?utf-8?B?YmFja3VwIGZhaWxlZCBvbiBkYjE6IGdyw7bDn2VyIGFscyBlcmxhdWJ0?= =?utf-8?B?IGlzdA==?=\n") !=
        std::string::npos);
  CHECK(mail.find("Content-Transfer-Encoding: base64\n\nZ3LDtsOfZXIgYWxzIGVybGF1YnQgaXN0Cg==\n") != std::string::npos);
  told.message = std::string(5000, 'x');
  const auto wide = text(target("body: '{{message}}'"), told);
  CHECK(wide.find("base64") != std::string::npos);
  for (std::size_t at = 0, end = 0; (end = wide.find('\n', at)) != std::string::npos; at = end + 1)
    CHECK(end - at < 300);
}

TEST_CASE("a broken character ends up as it is, within an encoded body") {
  Notice told = notice();
  told.output = "\xff\xfe\n";
  CHECK(text(target(), told).find("base64") != std::string::npos);
}
