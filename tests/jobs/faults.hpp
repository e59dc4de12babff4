// Errors of system calls on demand: the program's own openat() and so on stand before those of the C library, for the
// library under test too, and let the n-th call of a thread that is armed fail, or call back.
#pragma once

#include <functional>

namespace belfry::test {

/// The calling thread's calls that touch a file or a folder are counted from now on; the one with the number `at` (from
/// 1) fails with `error`, or with 0 calls `reached` first and goes on. 0: none does.
void arm_faults(int at, int error, std::function<void()> reached = {});

/// Ends that; how many calls there were.
int disarm_faults();

}  // namespace belfry::test
