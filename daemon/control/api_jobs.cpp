// /v1/jobs: what is declared, what comes next, and what can be done to a job.

#include <expected>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "daemon/control/api_context.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/json_text.hpp"
#include "daemon/control/json_views.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {

namespace {

using nlohmann::json;

constexpr std::int64_t kMostNextSlots = 1000;
constexpr std::size_t kLongestReason = 1000;
constexpr std::int64_t kMostOneShots = 10'000;

/// Runs `command` on the loop and answers with {"job": NAME}, once it is durable, or the refusal.
void command(ApiContext& context, const std::string& job, const Exchange& exchange,
             std::function<std::expected<void, engine::Refusal>(engine::Engine&)> command) {
  context.bridge.post(exchange, [&context, job, command = std::move(command)](const Exchange& asked) {
    const auto done = command(context.parts.engine);
    if (!done) return asked.reply(context.refused(done.error(), job));
    context.reply_when_durable(asked, {.body = to_text({{"job", job}})});
  });
}

struct Listed {
  std::vector<engine::JobStatus> jobs;
  std::size_t one_shots = 0;
  std::map<std::string, std::vector<engine::SlaBreached>> breaches{};  // by job
};

void list(ApiContext& context, const Request& request, const Exchange& exchange) {
  const auto asked_for = request.query.find("one_shots");
  const std::int64_t most =
      asked_for == request.query.end() ? 1000 : parse_number(asked_for->second, "one_shots", 0, kMostOneShots);
  const auto ask = [&context, most]() -> Listed {
    const engine::Engine& engine = context.parts.engine;
    Listed listed{.jobs = engine.jobs(static_cast<std::size_t>(most)), .one_shots = engine.status().one_shots};
    for (engine::SlaBreached& breach : context.parts.breaches()) {
      const std::string job = breach.job;
      listed.breaches[job].push_back(std::move(breach));
    }
    return listed;
  };
  context.bridge.call(exchange, ask, [](const Listed& listed) -> Reply {
    json all = json::array();
    for (const engine::JobStatus& job : listed.jobs) {
      const auto breaches = listed.breaches.find(job.name);
      all.push_back(view(job, breaches == listed.breaches.end() ? decltype(breaches->second){} : breaches->second));
    }
    return {.body = to_text({{"jobs", std::move(all)}, {"one_shots_waiting", listed.one_shots}})};
  });
}

void show(ApiContext& context, const std::string& name, const Exchange& exchange) {
  context.bridge.post(exchange, [&context, name](const Exchange& asked) {
    const auto job = context.parts.engine.job(name);
    if (!job) {
      asked.reply(context.refused({.kind = engine::Refusal::Kind::not_found,
                                   .message = "there is no job \"" + name + "\"; `belfry list` shows all"},
                                  name));
      return;
    }
    asked.finish([job = *job, breaches = context.parts.breaches()]() -> Reply {
      return {.body = to_text(view(job, breaches))};
    });
  });
}

/// `count` slots after `now`; with `around`, as many before that instant and from it on.
json slots_of(const engine::Job& job, engine::WallTime now, std::int64_t count,
              std::optional<engine::WallTime> around) {
  std::vector<engine::WallTime> slots;
  if (!job.enabled || !job.trigger) return json::array();
  const auto most = static_cast<std::size_t>(count);
  if (around) {
    for (auto slot = job.trigger->previous(*around); slot && slots.size() < most; slot = job.trigger->previous(*slot)) {
      slots.insert(slots.begin(), *slot);
    }
  }
  const std::size_t before = slots.size();
  const engine::WallTime after = around ? *around - engine::Duration{1} : now;
  for (auto slot = job.trigger->next(after); slot && slots.size() < before + most; slot = job.trigger->next(*slot)) {
    slots.push_back(*slot);
  }
  json views = json::array();
  for (const engine::WallTime slot : slots) views.push_back(view(std::optional(slot)));
  return views;
}

/// The slots are computed on the API's thread: a trigger may have to look far ahead.
Reply next_slots(const std::shared_ptr<const engine::Job>& job, engine::WallTime now, std::int64_t count,
                 std::optional<engine::WallTime> around) {
  json slots = slots_of(*job, now, count, around);
  json description = nullptr;
  if (job->trigger) description = job->trigger->describe();
  if (job->watch) description = engine::describe(*job->watch);
  return {.body = to_text({{"job", job->name},
                           {"enabled", job->enabled},
                           {"by_files", job->watch != nullptr},
                           {"schedule", job->schedule_text},
                           {"timezone", job->timezone},
                           {"description", std::move(description)},
                           {"normalised", job->trigger ? json(job->trigger->normalise()) : json(nullptr)},
                           {"slots", std::move(slots)}})};
}

void next(ApiContext& context, const Request& request, const std::string& name, const Exchange& exchange) {
  const auto asked_for = request.query.find("n");
  const std::int64_t count =
      asked_for == request.query.end() ? 5 : parse_number(asked_for->second, "n", 1, kMostNextSlots);
  std::optional<engine::WallTime> around;
  if (const auto text = request.query.find("around"); text != request.query.end()) {
    const auto instant = time::parse_time(text->second, time::Zone());
    if (!instant) throw ApiError(400, "bad_request", "\"around\" is no time: " + to_string(instant.error()));
    around = *instant;
  }
  context.bridge.post(exchange, [&context, name, count, around](const Exchange& asked) {
    const auto catalog = context.parts.engine.catalog();
    const auto found = catalog ? catalog->jobs.find(name) : decltype(catalog->jobs.find(name)){};
    if (!catalog || found == catalog->jobs.end()) {
      asked.reply(context.refused({.kind = engine::Refusal::Kind::not_found,
                                   .message = "there is no job \"" + name + "\"; `belfry list` shows all"},
                                  name));
      return;
    }
    asked.finish([job = found->second, now = context.parts.loop.wall_now(), count, around] {
      return next_slots(job, now, count, around);
    });
  });
}

void wait_for_end(ApiContext& context, ledger::RunId run, const Exchange& exchange) {
  context.waiters.wait(run, [exchange](const ledger::RunEnded* ended) {
    if (ended == nullptr) {
      exchange.reply(error_reply(503, "unavailable", "belfryd is shutting down; the run was queued and never started"));
    } else {
      exchange.finish([ended = *ended]() -> Reply { return {.body = to_text({{"run", view(ended)}})}; });
    }
  });
}

void run(ApiContext& context, const Request& request, const std::string& name, const Exchange& exchange) {
  const json body = parse_object(request.body);
  const json wait = body.value("wait", json(false));
  if (!wait.is_boolean()) throw ApiError(400, "bad_request", "\"wait\" must be true or false");
  context.bridge.post(exchange, [&context, name, wait = wait.get<bool>()](const Exchange& asked) {
    const auto started = context.parts.engine.run_now(name);
    if (!started) {
      asked.reply(context.refused(started.error(), name));
    } else if (wait) {
      wait_for_end(context, *started, asked);
    } else {
      const bool queued = !context.parts.engine.active_run(*started);
      asked.reply({.status = 202, .body = to_text({{"run", {{"run", *started}, {"job", name}, {"queued", queued}}}})});
    }
  });
}

std::string reason_of(const json& body) {
  const json reason = body.value("reason", json(""));
  if (reason.is_string() && reason.get_ref<const std::string&>().size() <= kLongestReason) return reason;
  throw ApiError(400, "bad_request",
                 "\"reason\" must be a text of at most " + std::to_string(kLongestReason) + " bytes");
}

std::optional<engine::WallTime> until_of(const json& body) {
  const json until = body.value("until", json(nullptr));
  if (until.is_null()) return std::nullopt;
  if (!until.is_string()) throw ApiError(400, "bad_request", "\"until\" must be a time, such as 2026-12-31T23:59:00Z");
  const auto instant = time::parse_time(until.get_ref<const std::string&>(), time::Zone());
  if (!instant) throw ApiError(400, "bad_request", "until: " + to_string(instant.error()));
  return *instant;
}

void pause(ApiContext& context, const Request& request, const std::string& name, const Exchange& exchange) {
  const json body = parse_object(request.body);
  for (const auto& [key, value] : body.items()) {
    if (key == "reason" || key == "until") continue;
    throw ApiError(400, "bad_request", "unknown key \"" + key + "\"; there are reason and until");
  }
  const auto ask = [&context, name, reason = reason_of(body), until = until_of(body),
                    by = request.peer.name](const Exchange& asked) {
    const auto done = context.parts.engine.pause(name, reason, by, until);
    if (!done) return asked.reply(context.refused(done.error(), name));
    context.reply_when_durable(asked, {.body = to_text({{"job", name}, {"until", view(until)}})});
  };
  context.bridge.post(exchange, ask);
}

void cancel(ApiContext& context, const Request& request, const std::string& name, const Exchange& exchange) {
  context.bridge.post(exchange, [&context, name, by = request.peer.name](const Exchange& asked) {
    const auto cancelled = context.parts.engine.cancel_job(name, by);
    asked.reply(cancelled ? Reply{.body = to_text({{"job", name}, {"cancelled", *cancelled}})}
                          : context.refused(cancelled.error(), name));
  });
}

}  // namespace

void add_job_routes(Router& router, ApiContext& context) {
  router.add("GET", "/v1/jobs", [&context](const Request& request, const PathParts&, const Exchange& exchange) {
    list(context, request, exchange);
  });
  router.add("GET", "/v1/jobs/{name}", [&context](const Request&, const PathParts& path, const Exchange& exchange) {
    show(context, path[0], exchange);
  });
  router.add("GET", "/v1/jobs/{name}/next",
             [&context](const Request& request, const PathParts& path, const Exchange& exchange) {
               next(context, request, path[0], exchange);
             });
  router.add("POST", "/v1/jobs/{name}/run",
             [&context](const Request& request, const PathParts& path, const Exchange& exchange) {
               run(context, request, path[0], exchange);
             });
  router.add("POST", "/v1/jobs/{name}/pause",
             [&context](const Request& request, const PathParts& path, const Exchange& exchange) {
               pause(context, request, path[0], exchange);
             });
  router.add("POST", "/v1/jobs/{name}/resume",
             [&context](const Request& request, const PathParts& path, const Exchange& exchange) {
               command(context, path[0], exchange, [name = path[0], by = request.peer.name](engine::Engine& engine) {
                 return engine.resume_job(name, by);
               });
             });
  router.add("POST", "/v1/jobs/{name}/cancel",
             [&context](const Request& request, const PathParts& path, const Exchange& exchange) {
               cancel(context, request, path[0], exchange);
             });
}

}  // namespace belfry::daemon
