// BELFRY_FAULT_POINT("ledger.before_commit"): a named place at which a test lets the process die by SIGKILL, stand
// still or lose a task.
//
// It is nothing at all in the programs that are installed: only belfryd_faulty (tests/system/crash) is built with
// BELFRY_FAULT_POINTS, and only its fault_point.cpp knows what passing one means. A name is written once, in a .cpp, as
// the thing and what has just become of it. Any thread.
#pragma once

#ifdef BELFRY_FAULT_POINTS

namespace belfry::async {

/// The calling thread passes the point of this name; may not return. Defined by the test.
void pass_fault_point(const char* name) noexcept;

}  // namespace belfry::async

#define BELFRY_FAULT_POINT(name) ::belfry::async::pass_fault_point(name)
#else
#define BELFRY_FAULT_POINT(name) static_cast<void>(0)
#endif
