#include "observe/complaint_log.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "observe/rate_limit.hpp"

namespace belfry::observe {

namespace {

class ComplaintLog {
 public:
  explicit ComplaintLog(Log& log) : log_(log) {}

  void tell(const async::Complaint& complaint) {
    if (complaint.kind == async::ComplaintKind::slow_step) return;
    const std::optional<std::uint64_t> held_back = admit(complaint);
    if (!held_back) return;
    LogFields fields = {{"complaint", std::string(to_string(complaint.kind))},
                        {"task", complaint.task},
                        {"place", to_string(complaint.place)}};
    if (complaint.kind == async::ComplaintKind::stalled) fields.emplace_back("stack", stack(complaint.backtrace));
    if (*held_back > 0) fields.emplace_back("more_since_last_line", *held_back);
    log_.warning(to_string(complaint), fields);
  }

 private:
  std::optional<std::uint64_t> admit(const async::Complaint& complaint) {
    const std::string key = std::string(to_string(complaint.kind)) + '\0' + to_string(complaint.place);
    const std::scoped_lock lock(mutex_);
    return limit_.admit(key, std::chrono::system_clock::now());
  }

  static std::string stack(const async::Backtrace& backtrace) {
    std::string calls;
    for (const std::string& call : backtrace.symbolize()) calls += (calls.empty() ? "" : " < ") + call;
    return calls;
  }

  Log& log_;
  std::mutex mutex_;
  RateLimit limit_{std::chrono::minutes(1)};
};

}  // namespace

async::ComplaintHook complaint_log(Log& log) {
  return [told = std::make_shared<ComplaintLog>(log)](const async::Complaint& complaint) { told->tell(complaint); };
}

}  // namespace belfry::observe
