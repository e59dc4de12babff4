// One run of an http action. Private to http.cpp.
#pragma once

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "engine/action.hpp"
#include "jobs/http_spec.hpp"

namespace belfry::jobs {

/// As engine::Action::run(). All must outlive the task. Loop thread.
async::Task<ledger::Outcome> run_http(const HttpSpec& spec, async::ThreadPool& pool, engine::Report& report);

}  // namespace belfry::jobs
