#include "engine/event.hpp"

#include <utility>

namespace belfry::engine {

void EventStream::subscribe(Subscriber subscriber) { subscribers_.push_back(std::move(subscriber)); }

void EventStream::publish(const Event& event) {
  if (telling_) {
    later_.push_back(event);
    return;
  }
  telling_ = true;
  tell(event);
  while (!later_.empty()) {
    const Event next = std::move(later_.front());
    later_.pop_front();
    tell(next);
  }
  telling_ = false;
}

void EventStream::tell(const Event& event) const {
  for (const Subscriber& subscriber : subscribers_) subscriber(event);
}

}  // namespace belfry::engine
