// How belfry-exec tells what went wrong: one sentence to belfryd, then the end.
#pragma once

#include <string>

enum : int { exit_usage = 125, exit_failed = 126, exit_not_found = 127 };

/// Where errors go from now on; standard error at first. False: it is no open descriptor.
bool report_to_descriptor(int descriptor);

/// What the sentences call the command; borrowed.
void report_for_command(const char* name);

/// The command line is wrong: ends the process with 125.
[[noreturn]] void usage(const std::string& problem);

/// A step failed: "cannot start COMMAND: <the errno's text> (<step>)". Ends the process with 126, for ENOENT with 127.
[[noreturn]] void fail(int error, const std::string& step);
