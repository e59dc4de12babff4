#include "engine/event.hpp"

#include <utility>

namespace belfry::engine {

void EventStream::subscribe(Subscriber subscriber) { subscribers_.push_back(std::move(subscriber)); }

void EventStream::publish(const Event& event) const {
  for (const Subscriber& subscriber : subscribers_) subscriber(event);
}

}  // namespace belfry::engine
