// The lock-free stack of the inbox; see inbox.hpp.

#include "async/inbox.hpp"

#include <uv.h>

#include <thread>

#include "async/loop.hpp"

namespace belfry::async::detail {

void Callback::run() noexcept {
  try {
    function_();
  } catch (...) {
    Loop::current().callback_failed(std::current_exception());
  }
  delete this;
}

Inbox::~Inbox() {
  ReadyQueue rest;
  drain(rest);
  while (!rest.empty()) rest.pop().drop();
}

bool Inbox::post(std::move_only_function<void()> function) {
  if (closed_.load(std::memory_order_acquire)) return false;
  auto* callback = new Callback(std::move(function));
  Callback* top = top_.load(std::memory_order_relaxed);
  do {
    callback->below_ = top;
  } while (!top_.compare_exchange_weak(top, callback, std::memory_order_release, std::memory_order_relaxed));
  if (top == nullptr) wake();  // otherwise whoever pushed onto the empty stack has woken the loop, or is about to
  return true;
}

void Inbox::wake() noexcept {
  wakers_.fetch_add(1);
  if (!closed_.load()) uv_async_send(wakeup_);
  wakers_.fetch_sub(1);
}

void Inbox::drain(ReadyQueue& queue) noexcept {
  if (empty()) return;
  Callback* newest_first = top_.exchange(nullptr, std::memory_order_acquire);
  Callback* oldest_first = nullptr;
  while (newest_first != nullptr) {
    Callback* const rest = newest_first->below_;
    newest_first->below_ = oldest_first;
    oldest_first = newest_first;
    newest_first = rest;
  }
  for (; oldest_first != nullptr; oldest_first = oldest_first->below_) queue.push(*oldest_first);
}

void Inbox::close() noexcept {
  closed_.store(true);
  while (wakers_.load() != 0) std::this_thread::yield();
}

}  // namespace belfry::async::detail
