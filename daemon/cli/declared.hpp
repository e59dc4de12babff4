// How commands are declared to CLI11: each with its options, examples and the function that carries it out. Included by
// the two files that declare them, arguments.cpp (jobs and times) and daemon_arguments.cpp (the daemon and its files).
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "daemon/cli/arguments.hpp"

namespace belfry::daemon::cli {

/// Declares a subcommand whose options live in an `Options` that `call` is given later.
class Declared {
 public:
  Declared(CLI::App& app, Arguments& arguments) : app_(app), arguments_(arguments) {}

  template <class Options, class Declare, class Call>
  void command(const char* name, const char* what, const char* examples, Declare declare, Call call) {
    auto options = std::make_shared<Options>();
    CLI::App* const sub = app_.add_subcommand(name, what);
    sub->footer(std::string("Examples:\n") + examples + "\n");
    sub->fallthrough();  // --json and --socket may come after the command, too
    declare(*sub, *options);
    sub->callback([&arguments = arguments_, options, call = std::move(call)] {
      arguments.command = [options, call](Session& session) { return call(session, *options); };
    });
  }

 private:
  CLI::App& app_;
  Arguments& arguments_;
};

struct None {};

inline void no_options(CLI::App& /*sub*/, None& /*options*/) {}

/// status, tasks, reload, upgrade, validate, diff, simulate, lint, version (daemon_arguments.cpp).
void declare_daemon(Declared& declared);
/// catchup plan | run | skip.
void declare_catchup(CLI::App& app, Arguments& arguments);
/// notify test.
void declare_notify(CLI::App& app, Arguments& arguments);
/// db backup | restore | check | vacuum.
void declare_db(CLI::App& app, Arguments& arguments);

}  // namespace belfry::daemon::cli
