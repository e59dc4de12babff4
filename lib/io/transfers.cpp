#include "io/transfers.hpp"

#include <curl/curl.h>
#include <sys/socket.h>

#include <chrono>
#include <mutex>
#include <stdexcept>

#include "async/io_step.hpp"
#include "async/uv_handle.hpp"
#include "async/waiter.hpp"

namespace belfry::io {

namespace {

thread_local std::weak_ptr<Transfers> latest;

constexpr const char* step_name = "transfers";

void start_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::runtime_error("libcurl does not start");
  });
}

curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace

/// One transfer under way, as something to await.
class Transfers::Perform final : public async::Waiter {
 public:
  Perform(Transfers& transfers, CURL* easy) : Waiter("transfer"), transfers_(transfers), easy_(easy) {}
  ~Perform() override { take_out(); }

  int await_resume() {
    finish();
    return result_;
  }

  void ended(CURLcode result) noexcept {
    result_ = result;
    take_out();
    complete();
  }

 private:
  bool start() override {
    curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
    if (const CURLMcode code = curl_multi_add_handle(transfers_.multi_, easy_); code != CURLM_OK) {
      throw std::runtime_error(std::string("a transfer cannot begin: ") + curl_multi_strerror(code));
    }
    added_ = true;
    return true;
  }
  bool abandon() noexcept override {
    take_out();
    return true;
  }
  void take_out() noexcept {
    if (!std::exchange(added_, false)) return;
    curl_multi_remove_handle(transfers_.multi_, easy_);
    work_.end();
  }

  Transfers& transfers_;
  CURL* easy_;
  ExternalWork work_;
  int result_ = CURLE_OK;
  bool added_ = false;
};

/// A socket of libcurl's that libuv watches.
class Transfers::Socket {
 public:
  Socket(Transfers& transfers, int fd) : transfers_(transfers), fd_(fd) {
    if (uv_poll_init(transfers.loop_.uv(), handle_.get(), fd) != 0) return;
    handle_.opened();
    handle_->data = this;
  }

  bool want(int what) noexcept {
    if (!handle_.is_open()) return false;
    const int events = (what != CURL_POLL_OUT ? UV_READABLE : 0) | (what != CURL_POLL_IN ? UV_WRITABLE : 0);
    return uv_poll_start(handle_.get(), events, &Socket::on_ready) == 0;
  }

 private:
  static void on_ready(uv_poll_t* handle, int status, int events) {
    const auto* const self = static_cast<Socket*>(handle->data);
    if (self == nullptr) return;
    int ready = 0;
    if (status < 0) ready |= CURL_CSELECT_ERR;
    if ((events & UV_READABLE) != 0) ready |= CURL_CSELECT_IN;
    if ((events & UV_WRITABLE) != 0) ready |= CURL_CSELECT_OUT;
    self->transfers_.go_on(self->fd_, ready);  // may end this object
  }

  Transfers& transfers_;
  int fd_;
  async::UvHandle<uv_poll_t> handle_;
};

std::shared_ptr<Transfers> Transfers::of_current_loop() {
  auto& loop = async::Loop::current();
  auto transfers = latest.lock();
  if (!transfers || &transfers->loop_ != &loop) {
    transfers.reset(new Transfers(loop));
    latest = transfers;
  }
  return transfers;
}

std::shared_ptr<Transfers> Transfers::of_its_own() {
  return std::shared_ptr<Transfers>(new Transfers(async::Loop::current()));
}

Transfers::Transfers(async::Loop& loop) : loop_(loop) {
  start_libcurl();
  multi_ = curl_multi_init();  // NOLINT(*-prefer-member-initializer): not before libcurl has started
  if (multi_ == nullptr) throw std::runtime_error("libcurl does not start");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Transfers::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Transfers::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

Transfers::~Transfers() {
  curl_multi_cleanup(multi_);
  sockets_.clear();
}

void Transfers::prepare(void* easy) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Else the end of a transfer waits for the thread that looks up the name. The thread frees what it has when it ends.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  // The certificates of a single file are kept for the next transfer; of a folder beside it, they would be read again.
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
}

async::Task<int> Transfers::perform(void* easy) {
  Perform transfer(*this, easy);
  const int result = co_await transfer;
  co_return result;
}

int Transfers::on_socket(void*, int fd, int what, void* self, void*) noexcept {
  auto& transfers = *static_cast<Transfers*>(self);
  try {
    transfers.watch(fd, what);
  } catch (const std::exception&) {
    return -1;  // no memory: the transfer fails
  }
  return 0;
}

void Transfers::watch(int fd, int what) {
  if (what == CURL_POLL_REMOVE) {
    sockets_.erase(fd);
    return;
  }
  auto& socket = sockets_[fd];
  if (!socket) socket = std::make_unique<Socket>(*this, fd);
  if (!socket->want(what)) throw std::runtime_error("a socket cannot be watched");
}

int Transfers::on_timer(void*, long milliseconds, void* self) noexcept {
  auto& transfers = *static_cast<Transfers*>(self);
  transfers.cancel();
  if (milliseconds < 0) return 0;
  const std::int64_t due =
      transfers.loop_.now_ns() + std::chrono::nanoseconds(std::chrono::milliseconds(milliseconds)).count();
  try {
    transfers.loop_.timers().push(transfers, due);
  } catch (const std::exception&) {
    return -1;
  }
  return 0;
}

void Transfers::fire() noexcept { go_on(CURL_SOCKET_TIMEOUT, 0); }

void Transfers::go_on(int fd, int events) noexcept {
  const async::IoStep step(loop_, step_name);
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    Perform* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    transfer->ended(result);
  }
}

}  // namespace belfry::io
