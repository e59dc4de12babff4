#include "daemon/cli/client.hpp"

#include <curl/curl.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace belfry::daemon::cli {

namespace {

constexpr long kBriefSeconds = 5;
constexpr long kUsualSeconds = 90;           // a reload may take a minute
constexpr std::size_t kLargest = 256 << 20;  // more than any answer; a bound all the same

struct Answer {
  std::string body;
  static std::size_t append(const char* data, std::size_t size, std::size_t count, void* self) {
    auto& body = static_cast<Answer*>(self)->body;
    if (body.size() + size * count > kLargest) return 0;
    body.append(data, size * count);
    return size * count;
  }
};

ExitCode code_of(long status) {
  switch (status) {
    case 400:
    case 413:
      return kUsage;
    case 404:
      return kNotFound;
    case 409:
      return kRefused;
    case 422:
      return kBadConfig;
    default:
      return kFailure;
  }
}

[[noreturn]] void throw_answer(long status, const std::string& body) {
  const auto document = nlohmann::json::parse(body, nullptr, false);
  std::string message = "the daemon answered with HTTP status " + std::to_string(status);
  if (document.is_object() && document.contains("error")) message = document["error"].value("message", message);
  throw CommandError(code_of(status), message);
}

std::string unreachable(const std::string& socket, CURLcode result) {
  const std::string what = "the daemon does not answer at " + socket;
  if (::access(socket.c_str(), F_OK) != 0) {
    return what +
           ": there is no such socket. Is belfryd running? Try `systemctl status belfryd`, or name its socket with "
           "--socket or BELFRY_SOCKET";
  }
  if (::access(socket.c_str(), W_OK) != 0) {
    return what + ": you may not write to it. Try with sudo, or join the group that owns the socket";
  }
  return what + " (" + curl_easy_strerror(result) + "). Is belfryd running? Try `systemctl status belfryd`";
}

long seconds_of(Patience patience) {
  if (patience == Patience::endless) return 0;  // for curl: no limit
  return patience == Patience::brief ? kBriefSeconds : kUsualSeconds;
}

std::string unresponsive(const std::string& socket, Patience patience) {
  return "the daemon at " + socket + " has not answered within " + std::to_string(seconds_of(patience)) +
         " s: its process seems stopped. See `systemctl status belfryd`; SIGCONT lets a stopped process go on";
}

}  // namespace

struct Client::Handle {
  CURL* curl = curl_easy_init();
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");

  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
  }
};

Client::Client(std::string socket) : socket_(std::move(socket)), handle_(std::make_unique<Handle>()) {}

Client::~Client() = default;

nlohmann::json Client::get(const std::string& path, Patience patience) {
  return request("GET", path, nullptr, patience);
}

nlohmann::json Client::remove(const std::string& path) { return request("DELETE", path, nullptr, Patience::usual); }

nlohmann::json Client::post(const std::string& path, const nlohmann::json& body, Patience patience) {
  const std::string text = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return request("POST", path, &text, patience);
}

nlohmann::json Client::request(const char* method, const std::string& path, const std::string* body,
                               Patience patience) {
  CURL* const curl = handle_->curl;
  if (curl == nullptr) throw CommandError(kFailure, "libcurl does not start: out of memory");
  Answer answer;
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_.c_str());
  curl_easy_setopt(curl, CURLOPT_URL, ("http://localhost" + path).c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // http_proxy is not for this socket
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Answer::append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds_of(patience));
  if (body != nullptr) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body->size()));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle_->headers);
  }
  const CURLcode result = curl_easy_perform(curl);
  if (result == CURLE_GOT_NOTHING || result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR) {
    throw Disconnected(
        kUnreachable,
        "the daemon closed the connection without an answer: it has ended (see `journalctl -u belfryd`), "
        "or has too many connections; try again");
  }
  if (result == CURLE_OPERATION_TIMEDOUT) throw CommandError(kUnreachable, unresponsive(socket_, patience));
  if (result != CURLE_OK) throw CommandError(kUnreachable, unreachable(socket_, result));
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 300) throw_answer(status, answer.body);
  auto document = nlohmann::json::parse(answer.body, nullptr, false);
  if (!document.is_object())
    throw CommandError(kFailure, "the daemon's answer is not understood; is it as new as belfry?");
  return document;
}

std::string job_path(const std::string& job, const std::string& rest) {
  if (job.empty() || job == "." || job == ".." || job.find('/') != std::string::npos) {
    throw CommandError(kNotFound, "there is no job \"" + job + "\"; `belfry list` shows all");
  }
  return "/v1/jobs/" + escaped(job) + rest;
}

std::string escaped(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (kPlain.contains(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
    }
  }
  return out;
}

std::string find_socket(const std::string& given) {
  if (!given.empty()) return given;
  if (const char* const named = std::getenv("BELFRY_SOCKET"); named != nullptr && *named != '\0') return named;
  std::string usual = "/run/belfry/belfry.sock";
  const char* const runtime_dir = std::getenv("XDG_RUNTIME_DIR");
  if (runtime_dir == nullptr || ::access(usual.c_str(), F_OK) == 0) return usual;
  const std::string of_user = std::string(runtime_dir) + "/belfry/belfry.sock";
  return ::access(of_user.c_str(), F_OK) == 0 ? of_user : usual;
}

}  // namespace belfry::daemon::cli
