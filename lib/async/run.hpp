// run(): the way from ordinary code into tasks.
#pragma once

#include <source_location>

#include "async/loop.hpp"
#include "async/spawn.hpp"
#include "async/task.hpp"

namespace belfry::async {

/// Runs `main` on this loop and this thread until it has ended; then cancels the tasks that are left
/// (CancelReason::shutdown) and waits for them. Returns what main returned or rethrows its exception; an exception that
/// escaped from a call_soon function goes first. May be called again. Throws std::logic_error when a loop runs already
/// on this thread.
template <class T>
T run(Loop& loop, Task<T> main, std::source_location place = std::source_location::current()) {
  const auto node =
      detail::make_node<detail::TypedTaskNode<T>>(std::move(main), SpawnOptions("main").kind("main"), place);
  detail::begin_main(loop, *node);
  loop.run_until_ended(*node);
  node->retrieved = true;
  return node->outcome().take();
}

/// Makes a loop, runs `main` on it, and closes it: an unclosed handle is a std::logic_error.
template <class T>
T run(Task<T> main, const LoopOptions& options = LoopOptions(),
      std::source_location place = std::source_location::current()) {
  Loop loop(options);
  if constexpr (std::is_void_v<T>) {
    run(loop, std::move(main), place);
    loop.close();
  } else {
    T result = run(loop, std::move(main), place);
    loop.close();
    return result;
  }
}

}  // namespace belfry::async
