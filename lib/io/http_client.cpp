#include "io/http_client.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "io/curl_handles.hpp"
#include "io/transfers.hpp"

namespace belfry::io {

namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

struct BodySink {
  std::string text;
  std::size_t most;

  static std::size_t take(const char* data, std::size_t size, std::size_t count, void* self) {
    auto& sink = *static_cast<BodySink*>(self);
    sink.text.append(data, std::min(size * count, sink.most - sink.text.size()));
    return size * count;  // the rest is read, and dropped
  }
};

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

void set_options(CURL* easy, const HttpRequest& request, curl_slist* headers) {
  Transfers::prepare(easy);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(request.timeout).count()));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "belfry");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  if (!request.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, request.ca_file.c_str());
  if (request.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  const bool bare = request.body.empty() && (request.method == "GET" || request.method == "HEAD");
  if (!bare) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

HttpAnswer answer_of(CURL* easy, std::string body) {
  HttpAnswer answer{.status = 0, .body = std::move(body), .redirect_origin = {}, .retry_after = std::nullopt};
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  const char* target = nullptr;
  curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &target);
  if (target != nullptr) answer.redirect_origin = origin_of(target);
  curl_off_t pause = 0;
  curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &pause);
  if (pause > 0) answer.retry_after = std::chrono::seconds{std::min<curl_off_t>(pause, 86400)};
  return answer;
}

}  // namespace

async::Task<std::expected<HttpAnswer, TransferFailure>> send(HttpRequest request) {
  const auto transfers = Transfers::of_current_loop();
  if (!is_http_url(request.url)) {
    co_return std::unexpected(TransferFailure{TransferFailure::Kind::invalid, "this is no http or https URL"});
  }
  request.headers.emplace_back("Expect:");  // a server that does not know it costs a second
  const detail::CurlList headers = detail::curl_list(request.headers);
  const detail::CurlHandle easy(curl_easy_init());
  if (!easy) co_return std::unexpected(TransferFailure{TransferFailure::Kind::unreachable, "no memory is left"});
  std::array<char, CURL_ERROR_SIZE> detail{};
  BodySink sink{.text = {}, .most = request.most_body};
  set_options(easy.get(), request, headers.get());
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, detail.data());
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &BodySink::take);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &sink);
  const int code = co_await transfers->perform(easy.get());
  if (code == CURLE_OK) co_return answer_of(easy.get(), std::move(sink.text));
  long system_error = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_OS_ERRNO, &system_error);
  co_return std::unexpected(failure_of(code, detail.data(), system_error, origin_of(request.url), request.timeout));
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
