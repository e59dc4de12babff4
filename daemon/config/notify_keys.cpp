// The keys of channels, of what they are told, and of pings: a part of keys.hpp.

#include <array>

#include "daemon/config/keys.hpp"

namespace belfry::daemon {
namespace {

constexpr std::array channel_keys{
    Key{"webhook", "a map", "", "it is an HTTP request"},
    Key{"mail", "a map", "", "it is a mail"},
    Key{"exec", "a map", "", "it is a program"},
    Key{"timeout", "a duration from 100ms to 5m", "10s, of mail and programs 30s", "how long one try may take"},
    Key{"retries", "0 to 20", "5", "tries after the first, unless the other side says that it never will do"},
    Key{"retry_delay", "a duration from 1ms to 5m", "1s",
        "the wait before the first retry; each further one is twice as long, up to 5m"},
    Key{"queue_limit", "1 to 10000", "100", "how many messages may wait; the oldest one makes room for one more"},
    Key{"cooldown", "a duration up to 30d", "0s", "the same event of the same job is told once in this time"},
    Key{"first_failure_only", "true or false", "false", "true: of failures in a row the first one is told"},
    Key{"send_output", "a size up to 1M", "0", "so much of the end of the output is told, as output"},
    Key{"dedup", "true or false", "true", "whether a message takes the place of its like that still waits"},
};

constexpr std::array webhook_keys{
    Key{"url", "a URL", "", "where to; http or https"},
    Key{"url_file", "a path", "", "the file that holds the URL, which is a secret"},
    Key{"method", "POST, PUT, PATCH or GET", "POST", "the method of the request"},
    Key{"headers", "a map of text or {file: PATH}", "", "more headers by name, such as Authorization"},
    Key{"body", "text", "the facts as JSON", "what is sent, with names to fill in"},
    Key{"ca_file", "a path", "the system's", "the authorities to trust, as PEM"},
};

constexpr std::array exec_keys{
    Key{"command", "text or a list", "", "the program: text is run by the shell, a list is run as it is"},
    Key{"working_dir", "a path", "the folder of this file", "where it runs"},
};

constexpr std::array mail_keys{
    Key{"to", "an address or a list", "", "who gets it"},
    Key{"from", "an address", "belfry at this host", "who sends it"},
    Key{"subject", "text", "the summary", "with names to fill in"},
    Key{"body", "text", "the facts, a line each", "with names to fill in"},
    Key{"sendmail", "text or a list", "[/usr/sbin/sendmail, -i, -t]",
        "the program that is given the mail; it takes the addresses from its headers"},
    Key{"smtp", "a map", "", "the server that is given the mail, instead of a program"},
};

constexpr std::array smtp_keys{
    Key{"host", "the name of a host", "", "the server"},
    Key{"port", "1 to 65535", "587, with tls: tls 465, with none 25", "its port"},
    Key{"tls", "starttls, tls or none", "starttls", "how the connection is protected; there is no falling back"},
    Key{"user", "text", "", "as whom to log in"},
    Key{"password", "text", "", "the password"},
    Key{"password_file", "a path", "", "the file that holds the password"},
    Key{"ca_file", "a path", "the system's", "the authorities to trust, as PEM"},
};

constexpr std::array secret_keys{
    Key{"file", "a path", "", "the file that holds it"},
};

constexpr std::array notify_keys{
    Key{"on_failure", "a channel or a list", "", "told when a run has failed, retries included"},
    Key{"on_success", "a channel or a list", "", "told when a run has succeeded"},
    Key{"on_recovery", "a channel or a list", "", "told of the first success after failures"},
    Key{"on_missed", "a channel or a list", "", "told when slots have passed while nobody could act on them"},
    Key{"on_give_up", "a channel or a list", "", "told when a run has failed and used up its retries"},
    Key{"on_late", "a channel or a list", "", "told when a check of the job's sla begins to fail"},
    Key{"on_approval", "a channel or a list", "", "told when a step of a flow begins to wait for an approval"},
};

constexpr std::array ping_keys{
    Key{"url", "a URL", "", "what is pinged; {{job}} in it is the name of the job"},
    Key{"url_file", "a path", "", "the file that holds the URL"},
    Key{"on", "a list of start, success, failure", "all of them", "what is told"},
    Key{"send_output", "a size up to 1M", "0", "so much of the end of the output is sent with it"},
    Key{"timeout", "a duration from 100ms to 5m", "10s", "how long one try may take"},
};

constexpr std::array daemon_ping_keys{
    Key{"url", "a URL", "", "what is pinged"},
    Key{"url_file", "a path", "", "the file that holds the URL"},
    Key{"every", "a duration from 1s to 1d", "1m", "how often"},
    Key{"timeout", "a duration from 100ms to 5m", "10s", "how long one try may take"},
};

}  // namespace

constinit const Section channel_section{"channel", channel_keys, true};
constinit const Section webhook_section{"webhook", webhook_keys, true};
constinit const Section mail_section{"mail", mail_keys, true};
constinit const Section smtp_section{"smtp", smtp_keys, true};
constinit const Section exec_section{"exec", exec_keys};
constinit const Section secret_section{"secret", secret_keys, true};
constinit const Section notify_section{"notify", notify_keys};
constinit const Section ping_section{"ping", ping_keys, true};
constinit const Section daemon_ping_section{"daemon_ping", daemon_ping_keys, true};

}  // namespace belfry::daemon
