// What an HTTP exchange on the control socket consists of: plain values, no library behind them.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

namespace belfry::daemon {

/// Who is at the other end of the socket, by SO_PEERCRED (unix(7)): the kernel vouches for it.
struct Peer {
  uid_t uid = static_cast<uid_t>(-1);
  pid_t pid = 0;
  std::string name;  ///< of the user; the number when it has none
};

struct Request {
  std::string method;  ///< "GET" for HEAD, too
  std::string path;    ///< decoded, without the query
  std::map<std::string, std::string> query;
  std::string body;
  Peer peer;
};

struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
};

}  // namespace belfry::daemon
