// One run of an sql action. Private to sql.cpp.
#pragma once

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "engine/action.hpp"
#include "jobs/sql/pool.hpp"
#include "jobs/sql/spec.hpp"

namespace belfry::jobs::sql {

/// As engine::Action::run(). All must outlive the task. Loop thread.
async::Task<ledger::Outcome> run_sql(const Spec& spec, Pool& pool, async::ThreadPool& threads, engine::Report& report);

}  // namespace belfry::jobs::sql
