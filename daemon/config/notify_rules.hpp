// The keys `notify` and `ping` of a job, and `ping` of the top: who is told of what. Plain values, and their readers.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/map_reader.hpp"
#include "daemon/config/message_template.hpp"
#include "daemon/config/notify_channels.hpp"
#include "daemon/config/secret.hpp"

namespace belfry::daemon {

/// What may happen to a job that somebody wants to hear of.
enum class NoticeKind : std::uint8_t {
  failure,   ///< a run ended in neither success nor cancelled
  success,   ///< a run succeeded
  recovery,  ///< the first success after failures
  missed,    ///< slots passed while nobody could act on them
  give_up,   ///< a run failed, and its retries are used up
  late,      ///< a check of the job's `sla` failed
  approval,  ///< a step of a run waits for a person's approval
};
inline constexpr std::size_t notice_kinds = 7;

/// "failure", "give_up", ...: the name in messages.
std::string_view to_string(NoticeKind kind) noexcept;

/// The channels of a job, by what they are told of.
using NotifyRules = std::array<std::vector<std::string>, notice_kinds>;

/// Pings of a job's runs, as healthchecks.io takes them.
struct JobPing {
  Secret url;                            ///< with {{job}}, perhaps
  std::optional<MessageTemplate> where;  ///< of the URL; none: the secret was not read
  bool on_start = true;
  bool on_success = true;
  bool on_failure = true;
  std::uint64_t send_output = 0;  ///< bytes of the end of the output that are sent; 0: none
  time::Duration timeout = std::chrono::seconds{10};
};

/// Pings of the daemon itself.
struct DaemonPing {
  Secret url;
  time::Duration every = std::chrono::minutes{1};
  time::Duration timeout = std::chrono::seconds{10};
};

struct NotifyPolicies {
  NotifyRules rules;
  std::optional<JobPing> ping;
};

/// What they refer to.
struct NotifyContext {
  const Channels& channels;
  SecretFiles files;
};

/// The keys `notify` and `ping` of a job or of `defaults`: changes what the map gives. Complains about what is wrong,
/// also about channels that there are not.
void read_notify_policies(const MapReader& map, const NotifyContext& context, NotifyPolicies& policies);

/// The key `ping` of the top.
std::optional<DaemonPing> read_daemon_ping(const Value& value, const SecretFiles& files);

/// A text with names of `known` to fill in; complains about what is wrong, and gives nothing then.
std::optional<MessageTemplate> read_template(const Value& value, std::span<const std::string_view> known);

}  // namespace belfry::daemon
