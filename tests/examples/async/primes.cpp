// A generator of primes beside a checker of mail: long computing that stays fair, in one thread.
#include <async/generator.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/task_group.hpp>
#include <iostream>

namespace async = belfry::async;

async::Task<bool> is_prime(int number) {
  for (int divisor = 2; divisor < number; ++divisor) {
    co_await async::yield();  // let the others run; time_slice.hpp does it by the clock
    if (number % divisor == 0) co_return false;
  }
  co_return number >= 2;
}

async::AsyncGenerator<int> primes(int count) {
  for (int number = 2; count > 0; ++number) {
    const bool prime = co_await is_prime(number);
    if (!prime) continue;
    co_yield number;
    --count;
  }
}

async::Task<> print_primes(int count) {
  async::AsyncGenerator<int> found = primes(count);
  while (std::optional<int> prime = co_await found.next()) std::cout << "prime: " << *prime << "\n";
}

async::Task<> check_mail(int times) {
  for (int i = 1; i <= times; ++i) {
    std::cout << "mail checked\n";
    for (int turn = 0; turn < 8; ++turn) co_await async::yield();
  }
}

async::Task<> both() {
  co_await async::with_task_group([](async::TaskGroup& group) -> async::Task<> {
    group.start(print_primes(6), "primes");
    group.start(check_mail(3), "mail");
    co_return;
  });
}

int main() { async::run(both()); }
