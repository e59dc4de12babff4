#include "io/http_client.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include "io/curl_handles.hpp"
#include "io/transfers.hpp"

namespace belfry::io {

namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

constexpr std::size_t most_headers = std::size_t{64} << 10U;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

long milliseconds(async::Duration span) {
  return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(span).count());
}

long version_of(HttpVersion version) {
  switch (version) {
    case HttpVersion::v1_0:
      return CURL_HTTP_VERSION_1_0;
    case HttpVersion::v1_1:
      return CURL_HTTP_VERSION_1_1;
    case HttpVersion::v2:
      return CURL_HTTP_VERSION_2_0;
    case HttpVersion::best:
      break;
  }
  return CURL_HTTP_VERSION_2TLS;
}

void set_text(CURL* easy, CURLoption option, const std::string& text) {
  if (!text.empty()) curl_easy_setopt(easy, option, text.c_str());
}

void set_security(CURL* easy, const HttpRequest& request) {
  set_text(easy, CURLOPT_CAINFO, request.ca_file);
  set_text(easy, CURLOPT_SSLCERT, request.client_cert);
  set_text(easy, CURLOPT_SSLKEY, request.client_key);
  if (request.ask_certificate) curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
  if (!request.verify) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!request.user.empty()) {
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(easy, CURLOPT_USERNAME, request.user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, request.password.c_str());
  }
  if (request.proxy == "none") {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  } else {
    set_text(easy, CURLOPT_PROXY, request.proxy);
  }
}

void set_limits(CURL* easy, const HttpRequest& request) {
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(request.timeout));
  if (request.connect_timeout.count() > 0) {
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_timeout));
  }
  if (request.idle_timeout.count() > 0) {
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     static_cast<long>(std::chrono::ceil<std::chrono::seconds>(request.idle_timeout).count()));
  }
  if (request.most_rate > 0) {
    curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE, static_cast<curl_off_t>(request.most_rate));
  }
}

void set_request(CURL* easy, const HttpRequest& request, curl_slist* headers) {
  Transfers::prepare(easy);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version_of(request.version));
  // A connection of its own: libcurl would send it beside another one over HTTP/2, without a look at the certificate.
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request.connections ? 0L : 1L);
  if (request.connections) curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 0L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // what a proxy says is no part of the answer
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "belfry");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  if (request.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  const bool bare = request.body.empty() && (request.method == "GET" || request.method == "HEAD");
  if (!bare) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

/// When the first certificate of the chain, the server's own, ends to hold.
std::optional<std::chrono::sys_seconds> certificate_end(CURL* easy) {
  curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr || chain->num_of_certs < 1) {
    return std::nullopt;
  }
  constexpr std::string_view heading = "Expire date:";
  for (const curl_slist* line = chain->certinfo[0]; line != nullptr; line = line->next) {
    const std::string_view text = line->data;
    if (!text.starts_with(heading)) continue;
    const std::time_t at = curl_getdate(line->data + heading.size(), nullptr);
    if (at != -1) return std::chrono::sys_seconds(std::chrono::seconds(at));
  }
  return std::nullopt;
}

HttpAnswer answer_of(CURL* easy, std::string body) {
  HttpAnswer answer{.status = 0, .body = std::move(body), .redirect_origin = {}, .retry_after = std::nullopt};
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  const char* target = nullptr;
  curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &target);
  if (target != nullptr) {
    answer.redirect_url = target;
    answer.redirect_origin = origin_of(target);
  }
  curl_off_t pause = 0;
  curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &pause);
  if (pause > 0) answer.retry_after = std::chrono::seconds{std::min<curl_off_t>(pause, 86400)};
  answer.certificate_ends = certificate_end(easy);
  return answer;
}

/// Which of the limits a transfer has met that took too long.
async::Duration limit_met(CURL* easy, const HttpRequest& request) {
  curl_off_t total = 0;
  curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &total);
  if (std::chrono::microseconds(total) >= request.timeout) return request.timeout;
  long status = 0;
  curl_off_t sent = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
  if (status == 0 && sent == 0 && request.connect_timeout.count() > 0) return request.connect_timeout;
  return request.idle_timeout.count() > 0 ? request.idle_timeout : request.timeout;
}

}  // namespace

void HttpBodySink::resume() noexcept {
  if (easy_ != nullptr && std::exchange(waits_, false)) curl_easy_pause(easy_, CURLPAUSE_CONT);
}

/// What comes back of one request, as libcurl hands it over.
class HttpTransfer {
 public:
  HttpTransfer(CURL* easy, HttpRequest& request) : easy_(easy), request_(request) {
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    if (request.sink != nullptr) request.sink->easy_ = easy;
  }
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;
  ~HttpTransfer() {
    if (request_.sink != nullptr) request_.sink->easy_ = nullptr;
  }

  std::string take_body() { return std::move(body_); }
  auto take_headers() { return std::move(headers_); }

 private:
  static std::size_t on_body(const char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<HttpTransfer*>(self)->body({data, size * count});
  }
  static std::size_t on_header(const char* data, std::size_t size, std::size_t count, void* self) {
    static_cast<HttpTransfer*>(self)->header({data, size * count});
    return size * count;
  }

  std::size_t body(std::string_view piece) {
    if (request_.sink == nullptr) {
      body_.append(piece.substr(0, request_.most_body - body_.size()));
      return piece.size();  // the rest is read, and dropped
    }
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    switch (request_.sink->take(static_cast<int>(status), piece)) {
      case HttpBodySink::Take::more:
        return piece.size();
      case HttpBodySink::Take::wait:
        request_.sink->waits_ = true;
        return CURL_WRITEFUNC_PAUSE;
      case HttpBodySink::Take::stop:
        break;
    }
    return piece.empty() ? 1 : 0;
  }

  void header(std::string_view line) {
    if (line.starts_with("HTTP/")) headers_.clear();  // those before were of an answer such as 100 Continue
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || header_bytes_ + line.size() > most_headers) return;
    header_bytes_ += line.size();
    constexpr std::string_view blanks = " \t\r\n";
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), lower);
    const auto begin = std::min(line.find_first_not_of(blanks, colon + 1), line.size());
    const auto end = line.find_last_not_of(blanks) + 1;
    headers_.emplace_back(std::move(name), begin < end ? line.substr(begin, end - begin) : "");
  }

  CURL* easy_;
  HttpRequest& request_;
  std::string body_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::size_t header_bytes_ = 0;
};

async::Task<std::expected<HttpAnswer, TransferFailure>> send(HttpRequest request) {
  const auto transfers = request.connections ? request.connections : Transfers::of_current_loop();
  if (!is_http_url(request.url)) {
    co_return std::unexpected(TransferFailure{TransferFailure::Kind::invalid, "this is no http or https URL"});
  }
  request.headers.emplace_back("Expect:");  // a server that does not know it costs a second
  const detail::CurlList headers = detail::curl_list(request.headers);
  const detail::CurlHandle easy(curl_easy_init());
  if (!easy) co_return std::unexpected(TransferFailure{TransferFailure::Kind::unreachable, "no memory is left"});
  std::array<char, CURL_ERROR_SIZE> detail{};
  set_request(easy.get(), request, headers.get());
  set_security(easy.get(), request);
  set_limits(easy.get(), request);
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, detail.data());
  HttpTransfer transfer(easy.get(), request);
  const int code = co_await transfers->perform(easy.get());
  if (code == CURLE_OK) {
    HttpAnswer answer = answer_of(easy.get(), transfer.take_body());
    answer.headers = transfer.take_headers();
    co_return answer;
  }
  long system_error = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_OS_ERRNO, &system_error);
  co_return std::unexpected(
      failure_of(code, detail.data(), system_error, origin_of(request.url), limit_met(easy.get(), request)));
}

bool is_header_name(std::string_view name) {
  static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || others.contains(c);
  });
}

bool is_header_value(std::string_view value) {
  return std::ranges::none_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

bool same_header(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](char a, char b) { return lower(a) == lower(b); });
}

bool has_credentials(std::string_view url) {
  const std::unique_ptr<CURLU, UrlDeleter> parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) != CURLUE_OK) return false;
  return !part_of(parsed.get(), CURLUPART_USER).empty() || !part_of(parsed.get(), CURLUPART_PASSWORD).empty();
}

bool is_http_url(std::string_view url) {
  const std::string origin = origin_of(url);
  return origin.starts_with("http://") || origin.starts_with("https://");
}

std::string origin_of(std::string_view url) {
  const auto colon = url.find(':');
  const auto rest = colon == std::string_view::npos ? std::string_view() : url.substr(colon + 1);
  if (!rest.starts_with("//") || rest.starts_with("///"))
    return {};  // libcurl would take a part of the path for a host
  const std::unique_ptr<CURLU, UrlDeleter> parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) != CURLUE_OK) return {};
  const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  const std::string host = part_of(parsed.get(), CURLUPART_HOST);
  const std::string port = part_of(parsed.get(), CURLUPART_PORT);
  if (scheme.empty() || host.empty()) return {};
  return scheme + "://" + host + (port.empty() ? "" : ":" + port);
}

}  // namespace belfry::io
