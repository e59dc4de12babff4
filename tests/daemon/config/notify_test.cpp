// What the keys of notifications and pings mean, and that no error shows a secret.
#include <catch2/catch.hpp>
#include <fstream>

#include "daemon/config/catalog_builder.hpp"
#include "daemon/config/concealed.hpp"
#include "good_file.hpp"
#include "support/temp_dir.hpp"

using namespace belfry::daemon;
using namespace std::chrono_literals;
using testing::job;
using testing::load;

namespace {

const std::string channels =
    "notify: {ops: {webhook: {url: 'http://a'}}, pager: {exec: {command: [page, x], working_dir: bin}}}\n";

std::string filled(const std::string& text) {
  static constexpr std::array<std::string_view, 2> names{"job", "message"};
  const auto parsed = MessageTemplate::parse(text, names);
  if (!parsed) return "error at " + std::to_string(parsed.error().offset) + ": " + to_string(parsed.error());
  return parsed->fill([](std::string_view name) { return name == "job" ? "a/b" : "say \"no\"\n\x01"; });
}

}  // namespace

TEST_CASE("channels are read") {
  const auto config = load(R"(notify:
  ops:
    webhook:
      url: https://hooks.example.org/x
      method: PUT
      headers: {Authorization: Bearer x, X-Id: "7"}
      body: "{{job}}: {{message}}"
      ca_file: ca.pem
    timeout: 3s
    retries: 2
    retry_delay: 500ms
    queue_limit: 7
    cooldown: 15m
    first_failure_only: true
    dedup: false
    send_output: 2K
  pager: {exec: {command: page ops, working_dir: bin}}
ping: {url: "https://hc/x", every: 5m, timeout: 2s}
jobs: {}
)");
  const auto& ops = config.channels.at("ops");
  const auto& webhook = std::get<WebhookTarget>(ops.target);
  CHECK(webhook.url.text == "https://hooks.example.org/x");
  CHECK(webhook.method == "PUT");
  REQUIRE(webhook.headers.size() == 2);
  CHECK(webhook.headers.at(0).name == "Authorization");
  CHECK(webhook.headers.at(0).value.text == "Bearer x");
  CHECK(webhook.body);
  CHECK(webhook.ca_file == "/etc/belfry/ca.pem");
  CHECK(ops.timeout == 3s);
  CHECK(ops.retries == 2);
  CHECK(ops.retry_delay == 500ms);
  CHECK(ops.queue_limit == 7);
  CHECK(ops.cooldown == 15min);
  CHECK(ops.first_failure_only);
  CHECK_FALSE(ops.dedup);
  CHECK(ops.send_output == 2048);
  const auto& pager = config.channels.at("pager");
  CHECK(std::get<std::string>(std::get<ExecTarget>(pager.target).command) == "page ops");
  CHECK(std::get<ExecTarget>(pager.target).working_dir == "/etc/belfry/bin");
  CHECK(pager.timeout == 30s);
  REQUIRE(config.ping);
  CHECK(config.ping->url.text == "https://hc/x");
  CHECK(config.ping->every == 5min);
  CHECK(config.ping->timeout == 2s);
}

TEST_CASE("a mail is read, and the port of its server follows from its protection") {
  const auto mail_of = [](const std::string& keys) {
    const auto config = load("notify: {a: {mail: {to: root, " + keys + "}}}\njobs: {}\n");
    return std::get<MailTarget>(config.channels.at("a").target);
  };
  const auto plain = mail_of("from: belfry@example.org, subject: '{{job}}', body: '{{message}}'");
  CHECK(plain.to == std::vector<std::string>{"root"});
  CHECK(plain.from == "belfry@example.org");
  CHECK(plain.subject);
  CHECK(plain.body);
  CHECK_FALSE(plain.smtp);
  CHECK(std::get<std::vector<std::string>>(plain.sendmail).front() == "/usr/sbin/sendmail");
  CHECK(std::get<std::string>(mail_of("sendmail: msmtp -t").sendmail) == "msmtp -t");
  const auto smtp = mail_of("smtp: {host: mail.example.org, user: u, password: p, ca_file: ca.pem}").smtp;
  REQUIRE(smtp);
  CHECK(smtp->security == belfry::io::Mail::Security::starttls);
  CHECK(smtp->port == 587);
  CHECK(smtp->user == "u");
  CHECK(smtp->password.text == "p");
  CHECK(smtp->ca_file == "/etc/belfry/ca.pem");
  CHECK(mail_of("smtp: {host: h, tls: tls}").smtp->port == 465);
  CHECK(mail_of("smtp: {host: h, tls: none}").smtp->port == 25);
  CHECK(mail_of("smtp: {host: h, tls: none, port: 2525}").smtp->port == 2525);
}

TEST_CASE("the rules and the ping of a job are read, take the place of those of defaults, and none takes them away") {
  const auto top =
      channels + "defaults: {notify: {on_failure: ops, on_recovery: [ops, pager]}, ping: {url: 'http://hc/{{job}}'}}\n";
  const auto plain = job("every: 1m", top).policies.notify;
  CHECK(plain.rules[std::to_underlying(NoticeKind::failure)] == std::vector<std::string>{"ops"});
  CHECK(plain.rules[std::to_underlying(NoticeKind::recovery)] == std::vector<std::string>{"ops", "pager"});
  REQUIRE(plain.ping);
  CHECK(plain.ping->on_start);
  CHECK(plain.ping->send_output == 0);
  const auto own = job("every: 1m, notify: {on_give_up: pager, on_missed: []}, ping: {url: 'http://hc', on: [failure], "
                       "send_output: 1K}",
                       top)
                       .policies.notify;
  CHECK(own.rules[std::to_underlying(NoticeKind::failure)].empty());
  CHECK(own.rules[std::to_underlying(NoticeKind::give_up)] == std::vector<std::string>{"pager"});
  CHECK_FALSE(own.ping->on_start);
  CHECK_FALSE(own.ping->on_success);
  CHECK(own.ping->on_failure);
  CHECK(own.ping->send_output == 1024);
  const auto none = job("every: 1m, notify: none, ping: none", top).policies.notify;
  CHECK(none.rules == NotifyRules{});
  CHECK_FALSE(none.ping);
}

TEST_CASE("who is told makes no other job of it: it keeps its state over a reload") {
  CHECK(fingerprint(job("every: 1m", channels)) ==
        fingerprint(job("every: 1m, notify: {on_failure: ops}, ping: {url: 'http://hc'}", channels)));
}

TEST_CASE("secrets are read from files, without the end of the line, by belfryd alone") {
  const belfry::test::TempDir dir;
  std::ofstream(dir / "hook.url") << "https://hooks/SECRET\r\n";
  std::ofstream(dir / "token") << "TOKEN";
  const std::string text =
      "notify: {ops: {webhook: {url_file: hook.url, headers: {X-Key: {file: token}}}}}\n"
      "jobs: {a: {command: x, ping: {url_file: hook.url}}}\n";
  const auto name = (dir / "scheduler.yaml").native();
  std::ofstream(name) << text;
  const auto loaded = load_with_files(name, {.actions = nullptr, .started = {}, .read_secrets = true});
  REQUIRE(loaded.config);
  const auto& webhook = std::get<WebhookTarget>(loaded.config->channels.at("ops").target);
  CHECK(webhook.url.text == "https://hooks/SECRET");
  CHECK(webhook.headers.at(0).value.text == "TOKEN");
  CHECK(loaded.config->jobs.at(0).policies.notify.ping->url.text == "https://hooks/SECRET");
  CHECK(loaded.files.size() == 4);  // a change of any of them is a reload
  CHECK(up_to_date(loaded.files));
  std::ofstream(dir / "token") << "OTHER";
  CHECK_FALSE(up_to_date(loaded.files));

  const auto by_client = load_with_files(name, {});
  REQUIRE(by_client.config);
  CHECK(std::get<WebhookTarget>(by_client.config->channels.at("ops").target).url.text.empty());
  CHECK(by_client.files.size() == 1);
}

TEST_CASE("a file of a secret that is no good is an error at its key, which does not quote what it holds") {
  const belfry::test::TempDir dir;
  std::ofstream(dir / "two") << "SECRET\nSECRET\n";
  std::ofstream(dir / "path") << "/no/url/SECRET\n";
  std::ofstream(dir / "empty") << "\n";
  const auto error_of = [&](const std::string& file) {
    const auto result = parse_config("notify:\n  ops: {webhook: {url_file: " + file + "}}\njobs: {}\n", "s.yaml",
                                     dir.path(), {.actions = nullptr, .started = {}, .read_secrets = true});
    REQUIRE_FALSE(result);
    const auto text = format_errors(result.error());
    CHECK(text.find("SECRET") == std::string::npos);
    return text.substr(0, text.find('\n'));
  };
  CHECK(error_of("two").starts_with(
      "s.yaml:2:29: notify.ops.webhook.url_file: \"two\": what this file holds is no secret"));
  CHECK(error_of("empty").find("is no secret") != std::string::npos);
  CHECK(error_of("missing").find("cannot be read: No such file or directory") != std::string::npos);
  CHECK(error_of("path").starts_with("s.yaml:2:19: notify.ops.webhook.url_file: this is no http or https URL"));
}

TEST_CASE("no error shows a secret, also one about something else in its line, and one of the syntax") {
  for (const std::string text :
       {"notify: {a: {webhook: {url: 'http://a/SECRET', tiemout: 1s}}}\njobs: {}\n",
        "notify:\n  a: {webhook: {url: 'http://a', headers: {K: SECRET}}, wrong: SECRET}\njobs: {}\n",
        "notify:\n  a: {webhook: {url: \"http://a/SECRET\ttab: [}\njobs: {}\n",
        "jobs: {a: {command: x, ping: {url: 'SECRET'}}}\n",
        "jobs: {a: {command: x, ping: 'http://a/SECRET'}}\n",
        "ping: http://a/SECRET\njobs: {}\n",
        "notify: {a: {webhook: 'http://a/SECRET'}, b: 'http://a/SECRET'}\njobs: {}\n",
        "jobs: {a: {command: x, ping: {url: 'http://{{SECRET', on: x}}}\n",
        "notify: {a: {mail: {to: x, smtp: {host: h, user: u, pasword: SECRET}}}}\njobs: {}\n",
        "notify: {a: {mail: {to: x, smtp: {host: h, pasword: \"\\x41 SECRET\", port: 0}}}}\njobs: {}\n",
        "notify: {a: {mail: {to: x, smpt: {host: h, pasword: SECRET}}}}\njobs: {}\n",
        "notify: {a: {mail: {to: x, smtp: {host: h, user: u, password:SECRET}}}}\njobs: {}\n",
        "notify: {a: {mail: {to: x, smtp: {host: 'u:SECRET@h'}}}}\njobs: {}\n",
        "notify: {a: {webhook: {ulr: 'SECRET'}}}\njobs: {}\n",
        "notify: {a: {hook: 'SECRET'}}\njobs: {}\n",
        "notify: {a: {webhook: {url: 'http://a', header:\n  {K: SECRET}}}}\njobs: {}\n",
        "notify:\n  a:\n    webhook:\n      url: http://a\n      headers: 'X-Key: SECRET'\njobs: {}\n",
        "notify:\n  a:\n    webhook:\n      url: http://a\n      headers:\n        - X-Key: SECRET\njobs: {}\n",
        "notify:\n  a:\n    webhook:\n      url: http://a\n      headers:\n        ? X-Key SECRET\njobs: {}\n",
        "notify: {a: {webhook: {url: 'http://a', headers: {'Authorization Bearer SECRET': }}}}\njobs: {}\n",
        "notify: {a: {webhook: {url: 'http:///SECRET'}}}\njobs: {}\n",
        "jobs: {a: {command: x, ping: {ur: SECRET}}}\n",
        "jobs: {a: {command: x, pign: 'http://a/SECRET'}}\n",
        "ping: {ur: SECRET}\njobs: {}\n"}) {
    INFO(text);
    const auto result = parse_config(text, "s.yaml", "/etc", {});
    REQUIRE_FALSE(result);
    const std::string shown = format_errors(result.error());
    INFO(shown);
    CHECK(shown.find("SECRET") == std::string::npos);
    for (const auto& error : result.error())
      CHECK((error.message + error.key + error.hint).find("SECRET") == std::string::npos);
  }
}

TEST_CASE("what is masked keeps its place") {
  CHECK(conceal("  webhook: {url: http://a/b, x: 1}") == "  webhook: {url: *********** ** **");
  CHECK(conceal("  \"Password\": x") == "  \"Password\": *");
  CHECK(conceal("  url_file: x") == "  url_file: x");
  const std::vector<std::string> secrets{"abcd"};
  CHECK(conceal("x abcd abcdabcd", secrets) == "x **** ********");
}

TEST_CASE("a template fills in names, as they are, for JSON and for URLs") {
  CHECK(filled("plain") == "plain");
  CHECK(filled("{{job}} and {{ job }}") == "a/b and a/b");
  CHECK(filled("{\"text\": {{message|json}}}") == R"({"text": "say \"no\"\n\u0001"})");
  CHECK(filled("x?job={{job|url}}") == "x?job=a%2fb");
  CHECK(filled("{\"a\":{\"b\":1}}") == "{\"a\":{\"b\":1}}");
  CHECK(filled("{{jop}}") == "error at 2: there is no such name to fill in; did you mean \"job\"?");
  CHECK(filled("{{job|jsn}}") == "error at 6: there is no such way to write it; did you mean \"json\"?");
  CHECK(filled("a {{job").starts_with("error at 2: \"{{\" is not closed"));
  CHECK(json_string("\xff ok") == "\"\xEF\xBF\xBD ok\"");
}
