// The client's end of the control API: one HTTP request at a time over the Unix socket, by libcurl. Not thread-safe.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "daemon/cli/exit_code.hpp"

namespace belfry::daemon::cli {

/// A command cannot be carried out: the text is for the user, the code is for the shell.
class CommandError : public std::runtime_error {
 public:
  CommandError(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// The daemon closed the connection without an answer.
class Disconnected : public CommandError {
 public:
  using CommandError::CommandError;
};

/// How long to wait for an answer.
enum class Patience {
  brief,    ///< 5 s: for what the daemon answers although its loop is stuck
  usual,    ///< longer than the daemon takes to tell that its loop is stuck
  endless,  ///< until the end of a run
};

class Client {
 public:
  /// Talks to the daemon that listens at `socket`; nothing is opened yet.
  explicit Client(std::string socket);
  ~Client();

  /// The document of a good answer. Throws CommandError: unreachable, or what the daemon's error means.
  nlohmann::json get(const std::string& path, Patience patience = Patience::usual);
  nlohmann::json remove(const std::string& path);  ///< DELETE
  nlohmann::json post(const std::string& path, const nlohmann::json& body = nlohmann::json::object(),
                      Patience patience = Patience::usual);

  const std::string& socket() const noexcept { return socket_; }

 private:
  struct Handle;
  nlohmann::json request(const char* method, const std::string& path, const std::string* body, Patience patience);

  std::string socket_;
  std::unique_ptr<Handle> handle_;
};

/// The path of a job or of what belongs to it (`rest`). Throws CommandError for what cannot be the name of a job and
/// would lead to another path.
std::string job_path(const std::string& job, const std::string& rest = {});

/// `text` as one part of a path or as an argument of a query: everything but letters, digits and -._~ is escaped.
std::string escaped(std::string_view text);

/// The socket to use: `given` (--socket), else $BELFRY_SOCKET, else /run/belfry/belfry.sock, unless only
/// $XDG_RUNTIME_DIR/belfry/belfry.sock exists.
std::string find_socket(const std::string& given);

}  // namespace belfry::daemon::cli
