#include "daemon/control/http_server.hpp"

#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "async/no_signals.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/http_head.hpp"

namespace belfry::daemon {

/// A client that is connected.
struct HttpServer::Connection {
  int fd = -1;
  Peer peer;
  std::optional<SteadyTime> receive_by;  ///< when its request must be complete; none while we have the word
};

/// A request on its way: MHD keeps a pointer to it, from the first header to the end of the reply.
struct HttpServer::Waiting {
  HttpServer& server;
  MHD_Connection* connection = nullptr;
  Connection* client = nullptr;
  Request request;
  std::uint64_t exchange = 0;  ///< 0: not dispatched
  bool suspended = false;
  std::optional<Expiry> expiry;
  std::optional<Reply> reply;
};

namespace {

MHD_Result send_reply(MHD_Connection* connection, const Reply& reply) {
  MHD_Response* const response =
      MHD_create_response_from_buffer(reply.body.size(), const_cast<char*>(reply.body.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, "Content-Type", reply.content_type.c_str());
  MHD_add_response_header(response, "Cache-Control", "no-store");
  MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  const MHD_Result result = MHD_queue_response(connection, static_cast<unsigned>(reply.status), response);
  MHD_destroy_response(response);
  return result;
}

/// What `make` returns, or the reply that tells what it threw.
std::optional<Reply> guarded(auto&& make) {
  try {
    return make();
  } catch (const ApiError& error) {
    return error.reply();
  } catch (const std::exception& error) {
    return error_reply(500, "internal", error.what());
  }
}

int milliseconds_until(SteadyTime at) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(at - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

}  // namespace

/// What MHD calls, always from within MHD_run or MHD_stop_daemon on the server's thread.
struct HttpServer::Callbacks {
  static MHD_Result on_request(void* cls, MHD_Connection* connection, const char* url, const char* method,
                               const char* version, const char* upload, std::size_t* upload_size, void** context) {
    auto& server = *static_cast<HttpServer*>(cls);
    if (*context == nullptr) {
      auto* const waiting =
          new Waiting{.server = server, .connection = connection, .request = {}, .expiry = {}, .reply = {}};
      *context = waiting;  // freed by on_completed
      waiting->client = client_of(connection);
      waiting->request.method = std::string_view(method) == "HEAD" ? "GET" : method;
      waiting->request.path = url;
      waiting->request.query = query_of(connection);
      waiting->request.peer = waiting->client->peer;
      const auto refused = refuse_head(connection, method, version, server.options_.body_limit);
      return refused ? send_reply(connection, *refused) : MHD_YES;
    }
    auto& waiting = *static_cast<Waiting*>(*context);
    if (*upload_size > 0) {
      receive(server, waiting, {upload, *upload_size});
      *upload_size = 0;
      return MHD_YES;
    }
    if (waiting.reply) return send_reply(connection, *waiting.reply);
    server.dispatch(waiting);
    return MHD_YES;
  }

  static void receive(const HttpServer& server, Waiting& waiting, std::string_view piece) {
    std::string& body = waiting.request.body;
    if (waiting.reply) return;  // refused already: read on, so that the client gets to see why
    if (body.size() + piece.size() <= server.options_.body_limit) {
      body += piece;
    } else {
      body.clear();
      waiting.reply = error_reply(413, "bad_request", "the body is too large");
    }
  }

  static void on_completed(void* /*cls*/, MHD_Connection* /*connection*/, void** context, MHD_RequestTerminationCode) {
    auto* const waiting = static_cast<Waiting*>(std::exchange(*context, nullptr));
    if (waiting == nullptr) return;
    if (waiting->exchange != 0) waiting->server.waiting_.erase(waiting->exchange);
    waiting->client->receive_by = std::chrono::steady_clock::now() + waiting->server.options_.request_deadline;
    delete waiting;
  }

  static void on_connection(void* cls, MHD_Connection* connection, void** context,
                            MHD_ConnectionNotificationCode code) {
    auto& server = *static_cast<HttpServer*>(cls);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
      const auto* const info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
      server.connections_.push_back(
          {.fd = info->connect_fd,
           .peer = server.accepting_.value_or(Peer{}),
           .receive_by = std::chrono::steady_clock::now() + server.options_.request_deadline});
      *context = &server.connections_.back();
    } else {
      std::erase_if(server.connections_, [&](const Connection& each) { return &each == *context; });
    }
  }

  static Connection* client_of(MHD_Connection* connection) {
    const auto* const info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return static_cast<Connection*>(info->socket_context);
  }
};

HttpServer::HttpServer(const HttpOptions& options, Handler handler)
    : options_(options),
      handler_(std::move(handler)),
      listener_(options.socket, options.mode, options.inherited),
      mailbox_(std::make_shared<Mailbox>()) {
  const auto inactivity = std::chrono::ceil<std::chrono::seconds>(options_.request_deadline).count();
  mhd_ = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC, 0, nullptr,
                          nullptr, &Callbacks::on_request, this, MHD_OPTION_NOTIFY_CONNECTION,
                          &Callbacks::on_connection, this, MHD_OPTION_NOTIFY_COMPLETED, &Callbacks::on_completed, this,
                          MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(inactivity), MHD_OPTION_CONNECTION_LIMIT,
                          options_.connections, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
  if (mhd_ == nullptr) throw ListenError("libmicrohttpd does not start: out of memory or descriptors");
  mhd_descriptor_ = MHD_get_daemon_info(mhd_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  const async::NoSignals guard;
  thread_ = std::thread([this] { serve(); });
}

HttpServer::~HttpServer() {
  stopping_ = true;
  mailbox_->wake();
  thread_.join();
}

void HttpServer::serve() {
  ::pthread_setname_np(::pthread_self(), "belfry-api");
  while (!stopping_) turn();
  stop();
}

void HttpServer::turn() {
  std::vector<pollfd> watched{{.fd = mailbox_->descriptor(), .events = POLLIN, .revents = 0},
                              {.fd = listener_.descriptor(), .events = POLLIN, .revents = 0},
                              {.fd = mhd_descriptor_, .events = POLLIN, .revents = 0}};
  // MHD does not look at suspended connections; we do, for hang-ups only.
  std::vector<std::uint64_t> suspended;
  for (const auto& [exchange, waiting] : waiting_) {
    watched.push_back({.fd = waiting->client->fd, .events = 0, .revents = 0});
    suspended.push_back(exchange);
  }
  ::poll(watched.data(), watched.size(), patience());
  for (std::size_t i = 0; i < suspended.size(); ++i) {
    if (watched[3 + i].revents != 0)
      answer(*waiting_.at(suspended[i]), {.status = 499, .body = {}});  // nobody will read it
  }
  accept_all();
  take_letters();
  const auto now = std::chrono::steady_clock::now();
  expire_waiting(now);
  drop_late_senders(now);
  MHD_run(mhd_);  // always: what was resumed moves only in here
}

/// For how long there is nothing to do unless somebody knocks; -1: for ever.
int HttpServer::patience() const {
  int least = -1;
  const auto consider = [&](int milliseconds) { least = least < 0 ? milliseconds : std::min(least, milliseconds); };
  MHD_UNSIGNED_LONG_LONG mhd_timeout = 0;
  if (MHD_get_timeout(mhd_, &mhd_timeout) == MHD_YES) {
    consider(static_cast<int>(std::min<MHD_UNSIGNED_LONG_LONG>(mhd_timeout, 60'000)));
  }
  for (const auto& [exchange, waiting] : waiting_) {
    if (waiting->expiry) consider(milliseconds_until(waiting->expiry->at));
  }
  for (const Connection& client : connections_) {
    if (client.receive_by) consider(milliseconds_until(*client.receive_by));
  }
  return least;
}

void HttpServer::accept_all() {
  while (auto accepted = listener_.accept()) {
    sockaddr none{};
    none.sa_family = AF_UNIX;
    accepting_ = std::move(accepted->peer);
    MHD_add_connection(mhd_, accepted->fd, &none, sizeof none);  // closes the descriptor when it fails
    accepting_.reset();
  }
}

void HttpServer::take_letters() {
  for (Mailbox::Letter& each : mailbox_->take()) {
    const auto found = waiting_.find(each.exchange);
    if (found == waiting_.end()) continue;  // the client is gone, or the letter came too late
    if (auto* const expiry = std::get_if<Expiry>(&each.content)) {
      found->second->expiry = std::move(*expiry);
    } else {
      answer(*found->second, *guarded([&]() -> std::optional<Reply> { return std::get<Finish>(each.content)(); }));
    }
  }
}

void HttpServer::expire_waiting(SteadyTime now) {
  std::vector<Waiting*> late;
  for (const auto& [exchange, waiting] : waiting_) {
    if (waiting->expiry && waiting->expiry->at <= now) late.push_back(waiting);
  }
  for (Waiting* const waiting : late) {
    Expiry expiry = std::move(*waiting->expiry);
    waiting->expiry.reset();
    if (auto reply = guarded(expiry.finish)) answer(*waiting, *std::move(reply));
  }
}

/// MHD's own timeout is one of inactivity: a client that sends a byte now and then would stay for ever.
void HttpServer::drop_late_senders(SteadyTime now) {
  for (Connection& client : connections_) {
    if (!client.receive_by || *client.receive_by > now) continue;
    ::shutdown(client.fd, SHUT_RDWR);
    client.receive_by.reset();
  }
}

void HttpServer::dispatch(Waiting& waiting) {
  waiting.client->receive_by.reset();
  waiting.exchange = next_exchange_++;
  waiting_.emplace(waiting.exchange, &waiting);
  MHD_suspend_connection(waiting.connection);
  waiting.suspended = true;
  const Exchange exchange(mailbox_, waiting.exchange);
  const auto refused = guarded([&]() -> std::optional<Reply> {
    handler_(waiting.request, exchange);
    return std::nullopt;
  });
  if (refused) exchange.reply(*refused);
}

void HttpServer::answer(Waiting& waiting, Reply reply) {
  waiting.reply = std::move(reply);
  waiting.expiry.reset();
  waiting_.erase(waiting.exchange);
  if (std::exchange(waiting.suspended, false)) MHD_resume_connection(waiting.connection);
}

void HttpServer::stop() {
  take_letters();  // what was decided is still told
  while (!waiting_.empty()) {
    answer(*waiting_.begin()->second, error_reply(503, "unavailable", "belfryd is shutting down"));
  }
  MHD_run(mhd_);  // resumes and sends; MHD_stop_daemon aborts the process while a connection is suspended
  MHD_stop_daemon(mhd_);
}

}  // namespace belfry::daemon
