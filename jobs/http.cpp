#include "jobs/http.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "jobs/connect_timeout.hpp"
#include "jobs/http_run.hpp"
#include "jobs/http_spec.hpp"

namespace belfry::jobs {

namespace {

using Type = ParameterType;

constexpr std::uint64_t most_checked_body = std::uint64_t{64} << 20U;

constexpr std::array<std::string_view, 7> methods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
constexpr std::array<std::string_view, 4> versions{"best", "1.0", "1.1", "2"};  // as in io::HttpVersion

constexpr std::array auth_parameters{
    ParameterInfo{.name = "user", .meaning = "who we are, for the scheme Basic"},
    ParameterInfo{.name = "password", .type = Type::secret, .meaning = "the password of user"},
    ParameterInfo{.name = "password_file", .type = Type::secret_file, .meaning = "the file that holds the password"},
    ParameterInfo{.name = "token", .type = Type::secret, .meaning = "a token, for the scheme Bearer"},
    ParameterInfo{.name = "token_file", .type = Type::secret_file, .meaning = "the file that holds the token"},
};

constexpr std::array tls_parameters{
    ParameterInfo{.name = "ca_file",
                  .type = Type::path,
                  .fallback = "the system's",
                  .meaning = "the authorities to trust, as PEM"},
    ParameterInfo{.name = "client_cert", .type = Type::path, .meaning = "the certificate that we show, as PEM"},
    ParameterInfo{.name = "client_key", .type = Type::path, .meaning = "its key, when it is in a file of its own"},
    ParameterInfo{.name = "verify",
                  .type = Type::flag,
                  .fallback = "true",
                  .meaning = "false: anybody may pretend to be the server"},
};

constexpr std::array expect_parameters{
    ParameterInfo{.name = "status",
                  .value = "a status, a range or a list of them",
                  .fallback = "200-299",
                  .meaning = "which statuses are well; a redirect among them is not followed",
                  .list = true},
    ParameterInfo{.name = "headers",
                  .type = Type::table,
                  .value = "a map of regular expressions",
                  .meaning = "each header is there, and matches"},
    ParameterInfo{.name = "body", .value = "a regular expression (RE2)", .meaning = "the body matches somewhere"},
    ParameterInfo{.name = "json",
                  .type = Type::table,
                  .value = "a map by JSON pointer",
                  .meaning = "the body is JSON, and has these values: {/status: ok}"},
    ParameterInfo{.name = "max_latency",
                  .type = Type::duration,
                  .meaning = "the whole answer, redirects included, takes no longer",
                  .least = 1,
                  .most = 3'600'000},
    ParameterInfo{.name = "certificate_days",
                  .type = Type::integer,
                  .value = "1 to 3650",
                  .meaning = "the server's certificate holds for so many days more",
                  .least = 1,
                  .most = 3650},
};

constexpr std::array batch_parameters{
    ParameterInfo{.name = "concurrency",
                  .type = Type::integer,
                  .fallback = "10",
                  .meaning = "how many requests are under way at a time",
                  .least = 1,
                  .most = 1000},
    ParameterInfo{.name = "per_host",
                  .type = Type::integer,
                  .fallback = "no limit",
                  .meaning = "how many of them to the same host",
                  .least = 1,
                  .most = 1000},
    ParameterInfo{.name = "per_second",
                  .type = Type::integer,
                  .fallback = "no limit",
                  .meaning = "how many are begun in a second",
                  .least = 1,
                  .most = 100'000},
    ParameterInfo{.name = "size",
                  .type = Type::integer,
                  .fallback = "no limit",
                  .meaning = "after so many all are waited for, and then pause",
                  .least = 1,
                  .most = 1'000'000},
    ParameterInfo{.name = "pause",
                  .type = Type::duration,
                  .fallback = "0",
                  .meaning = "how long it is quiet between two batches of that size",
                  .most = 3'600'000},
    ParameterInfo{
        .name = "tries",
        .type = Type::integer,
        .fallback = "1",
        .meaning = "how often a URL is tried that does not answer as expected, with growing pauses from 100ms on",
        .least = 1,
        .most = 100},
    ParameterInfo{.name = "max_failures",
                  .type = Type::integer,
                  .fallback = "0",
                  .meaning = "with more URLs than that not as expected the run is a failure",
                  .most = 1'000'000},
    ParameterInfo{.name = "bodies",
                  .type = Type::flag,
                  .fallback = "false",
                  .meaning = "whether the result of each URL holds what came, as text"},
};

std::vector<ParameterInfo> http_parameters() {
  return {
      {.name = "url", .type = Type::url, .meaning = "what is asked for; http or https"},
      {.name = "url_file", .type = Type::secret_file, .meaning = "the file that holds the URL, when it is a secret"},
      {.name = "urls",
       .type = Type::url,
       .value = "a URL or a list of them",
       .meaning = "the same of many URLs, one request each; see batch",
       .list = true},
      {.name = "urls_file",
       .type = Type::path,
       .meaning = "the file that holds them, one in each line, of at most 64M"},
      {.name = "batch", .type = Type::map, .meaning = "how many are asked", .keys = batch_parameters},
      {.name = "method",
       .type = Type::choice,
       .fallback = "GET, with a body POST",
       .meaning = "the method of the request",
       .choices = methods},
      {.name = "headers", .type = Type::table, .meaning = "more headers by name", .secrets = true},
      {.name = "body", .type = Type::block, .meaning = "what is sent"},
      {.name = "body_file", .type = Type::path, .meaning = "the file that is sent, of at most 64M"},
      {.name = "json", .type = Type::json, .meaning = "what is sent, as JSON"},
      {.name = "auth", .type = Type::map, .meaning = "who we are", .keys = auth_parameters},
      {.name = "tls", .type = Type::map, .meaning = "whom we trust, and how", .keys = tls_parameters},
      {.name = "redirects",
       .type = Type::integer,
       .fallback = "5",
       .meaning = "how many redirects are followed one after the other",
       .most = 50},
      {.name = "proxy",
       .type = Type::url,
       .value = "a URL or none",
       .fallback = "as the environment says",
       .meaning = "what stands between"},
      {.name = "http_version",
       .type = Type::choice,
       .fallback = "best",
       .meaning = "the version to speak; best: 2 with https, if the server does",
       .choices = versions},
      connect_timeout_parameter(),
      {.name = "timeout",
       .type = Type::duration,
       .fallback = "5m",
       .meaning = "how long all of it may take; the job's own timeout holds, too",
       .least = 1,
       .most = 86'400'000},
      {.name = "idle_timeout",
       .type = Type::duration,
       .fallback = "30s",
       .meaning = "how long the server may send nothing",
       .least = 1000,
       .most = 3'600'000},
      {.name = "max_bytes",
       .type = Type::size,
       .fallback = "16M",
       .meaning = "a larger answer is a failure",
       .most = std::int64_t{1} << 40},
      {.name = "max_rate",
       .type = Type::size,
       .fallback = "no limit",
       .meaning = "bytes of the answer in a second",
       .least = 1024,
       .most = std::int64_t{1} << 40},
      {.name = "save_to",
       .type = Type::path,
       .meaning = "the file that the answer replaces as a whole, when it is as expected; else it is the run's output"},
      {.name = "expect", .type = Type::map, .meaning = "what the answer must be like", .keys = expect_parameters},
  };
}

void check_url(ParameterReader& reader, std::string_view key, const std::string& url) {
  if (!io::is_http_url(url) ||
      std::ranges::any_of(url, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; })) {
    reader.complain(key, "this is no http or https URL, such as https://example.org/health");
  } else if (io::has_credentials(url)) {
    reader.complain(key, "a URL holds no user and no password here: give them as auth");
  }
}

void read_url(ParameterReader& reader, HttpSpec& spec) {
  const int given = static_cast<int>(reader.has("url")) + static_cast<int>(reader.has("urls")) +
                    static_cast<int>(reader.has("urls_file"));
  if (given == 0) reader.complain("url", "url is missing: a URL, what is asked for; or url_file, urls or urls_file");
  if (given > 1) reader.complain(reader.has("urls") ? "urls" : "urls_file", "one of url, urls and urls_file is asked");
  spec.request.url = reader.text("url");
  if (!spec.request.url.empty()) check_url(reader, "url", spec.request.url);  // empty: of a file that is not read here
}

void read_batch(ParameterReader& reader, HttpSpec& spec) {
  if (!reader.has("urls") && !reader.has("urls_file")) {
    for (const ParameterInfo& info : batch_parameters) {
      const std::string key = "batch." + std::string(info.name);
      if (reader.has(key)) reader.complain(key, "one URL makes no batch: batch goes with urls or urls_file");
    }
    return;
  }
  const auto number = [&reader](std::string_view key) {
    return reader.has(key) ? static_cast<std::size_t>(reader.integer(key)) : 0;
  };
  HttpBatch batch{.urls = reader.list("urls"), .urls_file = reader.text("urls_file")};
  for (const std::string& url : batch.urls) check_url(reader, "urls", url);
  if (reader.has("urls") && batch.urls.empty()) reader.complain("urls", "the list is empty: whom to ask?");
  batch.concurrency = static_cast<std::size_t>(reader.integer("batch.concurrency"));
  batch.per_host = number("batch.per_host");
  batch.per_second = number("batch.per_second");
  batch.size = number("batch.size");
  batch.pause = reader.duration("batch.pause");
  if (batch.pause.count() > 0 && batch.size == 0) {
    reader.complain("batch.pause", "size is missing: after how many requests?");
  }
  batch.tries = static_cast<int>(reader.integer("batch.tries"));
  batch.max_failures = number("batch.max_failures");
  batch.bodies = reader.flag("batch.bodies");
  spec.batch = std::move(batch);
}

void read_headers(ParameterReader& reader, io::HttpRequest& request) {
  static constexpr std::array<std::string_view, 3> ours{"content-length", "transfer-encoding", "connection"};
  for (const auto& [name, value] : reader.table("headers")) {
    const std::string key = "headers." + name;
    if (!io::is_header_name(name)) {
      reader.complain(key, "this is not the name of a header: letters, digits and \"-\"");
    } else if (!io::is_header_value(value)) {
      reader.complain(key, "the value of a header is one line");
    } else if (std::ranges::any_of(ours, [&name](std::string_view own) { return io::same_header(own, name); })) {
      reader.complain(key, "this header is made by belfry itself; delete it");
    }
    request.headers.push_back(value.empty() ? name + ";" : name + ": " + value);
  }
}

void default_header(io::HttpRequest& request, std::string_view name, std::string_view value) {
  const bool given = std::ranges::any_of(request.headers, [name](std::string_view line) {
    return io::same_header(line.substr(0, line.find_first_of(":;")), name);
  });
  if (!given) request.headers.push_back(std::string(name) + ": " + std::string(value));
}

void read_body(ParameterReader& reader, HttpSpec& spec) {
  const int given = static_cast<int>(reader.has("body")) + static_cast<int>(reader.has("body_file")) +
                    static_cast<int>(reader.has("json"));
  if (given > 1) reader.complain(reader.has("json") ? "json" : "body_file", "one of body, body_file and json is sent");
  spec.request.body = reader.has("json") ? reader.text("json") : reader.text("body");
  spec.body_file = reader.text("body_file");
  if (reader.has("json")) default_header(spec.request, "Content-Type", "application/json");
  if (reader.has("body")) default_header(spec.request, "Content-Type", "text/plain; charset=utf-8");
  if (reader.has("body_file")) default_header(spec.request, "Content-Type", "application/octet-stream");
  spec.request.method = given > 0 ? "POST" : "GET";
  if (reader.has("method")) spec.request.method = methods.at(reader.choice("method"));
  if (given > 0 && spec.request.method == "HEAD") reader.complain("method", "a HEAD request has no body");
}

void read_auth(ParameterReader& reader, io::HttpRequest& request) {
  request.user = reader.text("auth.user");
  request.password = reader.text("auth.password");
  const std::string token = reader.text("auth.token");
  if (reader.has("auth.token") && reader.has("auth.user")) {
    reader.complain("auth.user", "a user or a token, and not both");
  }
  if (reader.has("auth.password") && request.user.empty()) {
    reader.complain("auth", "auth.user is missing: whose password is it?");
  }
  if (request.user.contains(':')) reader.complain("auth.user", "a user has no colon, which ends the name");
  if (!token.empty()) default_header(request, "Authorization", "Bearer " + token);
}

void read_connection(ParameterReader& reader, io::HttpRequest& request) {
  request.ca_file = reader.has("tls.ca_file") ? reader.text("tls.ca_file") : "";
  request.client_cert = reader.text("tls.client_cert");
  request.client_key = reader.text("tls.client_key");
  if (!request.client_key.empty() && request.client_cert.empty()) {
    reader.complain("tls.client_key", "client_cert is missing: whose key is it?");
  }
  request.verify = reader.flag("tls.verify");
  request.proxy = reader.has("proxy") ? reader.text("proxy") : "";
  if (!request.proxy.empty() && request.proxy != "none" && !io::is_http_url(request.proxy)) {
    reader.complain("proxy", "proxy wants an http or https URL such as http://proxy.example.org:3128, or none");
  }
  request.version = static_cast<io::HttpVersion>(reader.choice("http_version"));
  request.connect_timeout = reader.duration("connect_timeout");
  request.timeout = reader.duration("timeout");
  request.idle_timeout = reader.duration("idle_timeout");
  request.most_rate = reader.size("max_rate");
}

class HttpAction final : public engine::Action {
 public:
  HttpAction(HttpSpec spec, async::ThreadPool* pool) : spec_(std::move(spec)), pool_(pool) {}

  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report& report) const override {
    return run_http(spec_, *pool_, report);
  }
  std::string_view kind() const noexcept override { return "http"; }
  std::string describe() const override {
    if (!spec_.batch) return spec_.request.method + " " + io::origin_of(spec_.request.url);
    const std::string& file = spec_.batch->urls_file;
    return spec_.request.method + " " +
           (file.empty() ? std::to_string(spec_.batch->urls.size()) + " URLs" : "the URLs of " + file);
  }

 private:
  HttpSpec spec_;
  async::ThreadPool* pool_;
};

ActionPointer make_http(ParameterReader& reader, const ActionContext& context) {
  HttpSpec spec;
  read_url(reader, spec);
  read_batch(reader, spec);
  read_headers(reader, spec.request);
  read_body(reader, spec);
  read_auth(reader, spec.request);
  read_connection(reader, spec.request);
  spec.redirects = static_cast<int>(reader.integer("redirects"));
  spec.max_bytes = reader.size("max_bytes");
  spec.save_to = reader.text("save_to");
  spec.output_budget = context.output_budget;
  spec.expect = read_expectation(reader);
  spec.request.ask_certificate = spec.expect.certificate_days > 0;
  if (spec.expect.reads_body() && spec.max_bytes > most_checked_body) {
    reader.complain("max_bytes", "a body that is checked has at most 64M, and max_bytes is larger");
  }
  return std::make_shared<HttpAction>(std::move(spec), context.pool);
}

std::vector<ParameterError> lint_http(ParameterReader& reader) {
  std::vector<ParameterError> warnings;
  if (!reader.flag("tls.verify")) {
    warnings.push_back({"tls.verify",
                        "anybody on the way can pretend to be the server, and gets what is sent to it; "
                        "name the authority of its certificate with ca_file instead"});
  }
  std::vector<std::string> urls = reader.list("urls");
  urls.push_back(reader.text("url"));
  const bool plain = std::ranges::any_of(urls, [](const auto& url) { return url.starts_with("http://"); });
  if (plain && (reader.has("auth.user") || reader.has("auth.token"))) {
    warnings.push_back({"auth", "a URL is http: whoever is on the way reads the password or the token"});
  }
  return warnings;
}

}  // namespace

ActionKind http_kind() {
  return {.key = "http",
          .value = "a URL or a map",
          .meaning = "sends an HTTP request, and checks the answer",
          .form_word = {},
          .text_means = "url",
          .prints = true,
          .has_secrets = true,
          .forms = {{.name = {},
                     .summary = "sends an HTTP request, and checks the answer",
                     .parameters = http_parameters(),
                     .make = make_http,
                     .lint = lint_http}}};
}

}  // namespace belfry::jobs
