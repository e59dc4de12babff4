// What a stranger writes first: two tasks at once on a loop.
#include <async/gather.hpp>
#include <async/run.hpp>
#include <async/task.hpp>
#include <cstdio>
#include <tuple>

namespace async = belfry::async;

async::Task<int> twice(int value) { co_return 2 * value; }

async::Task<int> answer() {
  const auto [a, b] = co_await async::gather(twice(20), twice(1));
  co_return a + b;
}

int main() {
  const int value = async::run(answer());
  std::printf("%d\n", value);
  return value == 42 ? 0 : 1;
}
