#include "io/smtp_client.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "io/curl_handles.hpp"
#include "io/transfers.hpp"

namespace belfry::io {

namespace {

struct Source {
  std::string_view rest;

  static std::size_t give(char* buffer, std::size_t size, std::size_t count, void* self) {
    auto& source = *static_cast<Source*>(self);
    const std::size_t length = std::min(size * count, source.rest.size());
    std::memcpy(buffer, source.rest.data(), length);
    source.rest.remove_prefix(length);
    return length;
  }
};

void set_options(CURL* easy, const Mail& mail, const std::string& url, curl_slist* recipients) {
  Transfers::prepare(easy);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // http_proxy is not for mail
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(mail.timeout).count()));
  if (mail.security == Mail::Security::starttls) {
    curl_easy_setopt(easy, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  }
  if (!mail.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, mail.ca_file.c_str());
  if (!mail.user.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, mail.user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, mail.password.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail.from.c_str());
  curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients);
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
}

/// The last word of the server tells more than that the conversation ended: 4xx, not now; 5xx, never.
TransferFailure judge(TransferFailure failure, long status, const std::string& origin) {
  using Kind = TransferFailure::Kind;
  if (failure.kind != Kind::unreachable || status < 400) return failure;
  return {status < 500 ? Kind::unreachable : Kind::refused,
          origin + " answered with SMTP status " + std::to_string(status)};
}

}  // namespace

async::Task<std::expected<void, TransferFailure>> send_mail(Mail mail) {
  const auto transfers = Transfers::of_current_loop();
  const bool bare_v6 = mail.host.find(':') != std::string::npos && !mail.host.starts_with('[');
  const std::string origin = std::string(mail.security == Mail::Security::tls ? "smtps://" : "smtp://") +
                             (bare_v6 ? "[" + mail.host + "]" : mail.host) + ":" + std::to_string(mail.port);
  const detail::CurlList recipients = detail::curl_list(mail.to);
  const detail::CurlHandle easy(curl_easy_init());
  if (!easy) co_return std::unexpected(TransferFailure{TransferFailure::Kind::unreachable, "no memory is left"});
  std::array<char, CURL_ERROR_SIZE> detail{};
  Source source{mail.message};
  set_options(easy.get(), mail, origin, recipients.get());
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, detail.data());
  curl_easy_setopt(easy.get(), CURLOPT_READFUNCTION, &Source::give);
  curl_easy_setopt(easy.get(), CURLOPT_READDATA, &source);
  const int code = co_await transfers->perform(easy.get());
  if (code == CURLE_OK) co_return std::expected<void, TransferFailure>();
  long status = 0;
  long system_error = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy.get(), CURLINFO_OS_ERRNO, &system_error);
  co_return std::unexpected(judge(failure_of(code, detail.data(), system_error, origin, mail.timeout), status, origin));
}

}  // namespace belfry::io
