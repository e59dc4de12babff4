// The key `notify` of the top: channels by which people are told what happened to jobs. Plain values, and their reader.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/config/command_reader.hpp"
#include "daemon/config/http_headers.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/message_template.hpp"
#include "daemon/config/secret.hpp"
#include "io/smtp_client.hpp"

namespace belfry::daemon {

/// An HTTP request.
struct WebhookTarget {
  Secret url;
  std::string method = "POST";
  HttpHeaders headers;
  std::optional<MessageTemplate> body;  ///< none: the facts as JSON
  std::filesystem::path ca_file;        ///< empty: the system's authorities
};

/// A program that is told by its environment and its standard input.
struct ExecTarget {
  CommandLine command;
  std::filesystem::path working_dir;  ///< absolute
};

/// A mail, handed to a program such as sendmail or to an SMTP server.
struct MailTarget {
  /// How to reach the server.
  struct Smtp {
    std::string host;
    int port = 587;
    io::Mail::Security security = io::Mail::Security::starttls;
    std::string user;
    Secret password;
    std::filesystem::path ca_file;  ///< empty: the system's authorities
  };
  std::vector<std::string> to;
  std::string from;                        ///< empty: belfry at this host
  std::optional<MessageTemplate> subject;  ///< none: the summary
  std::optional<MessageTemplate> body;     ///< none: the facts, a line each
  std::filesystem::path working_dir;       ///< of the program: the folder of the configuration
  CommandLine sendmail = std::vector<std::string>{"/usr/sbin/sendmail", "-i", "-t"};
  std::optional<Smtp> smtp;  ///< none: by `sendmail`
};

struct Channel {
  std::string name;
  std::variant<WebhookTarget, MailTarget, ExecTarget> target;
  time::Duration timeout = std::chrono::seconds{10};     ///< of one try
  int retries = 5;                                       ///< tries after the first
  time::Duration retry_delay = std::chrono::seconds{1};  ///< before the first retry; each further one is twice as long
  int queue_limit = 100;                                 ///< messages that wait
  time::Duration cooldown{};        ///< the same event of the same job is told once in this time; 0: always
  std::uint64_t send_output = 0;    ///< bytes of the end of the output that are told; 0: none
  bool first_failure_only = false;  ///< of failures in a row the first one is told
  bool dedup = true;                ///< a newer one takes the place of its like that still waits
};

using Channels = std::map<std::string, Channel, std::less<>>;

/// Reads the map of channels; complains about what is wrong. One that is wrong is there all the same: that it is used
/// is no mistake.
Channels read_channels(const Value& value, const SecretFiles& files);

}  // namespace belfry::daemon
