// What complaints say; see complaint.hpp.

#include "async/complaint.hpp"

#include <array>
#include <cstdio>

namespace belfry::async {
namespace {

std::string subject(const Complaint& complaint) {
  if (complaint.task_id == 0) return complaint.task.empty() ? "a callback" : complaint.task;
  return "task " + std::to_string(complaint.task_id) + " \"" + complaint.task + "\"";
}

std::string seconds(Duration span) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.3f s", std::chrono::duration<double>(span).count());
  return text.data();
}

std::string in_brackets(const std::string& detail) { return detail.empty() ? std::string() : " (" + detail + ")"; }

}  // namespace

std::string_view to_string(ComplaintKind kind) noexcept {
  switch (kind) {
    case ComplaintKind::slow_step:
      return "slow_step";
    case ComplaintKind::stalled:
      return "stalled";
    case ComplaintKind::never_awaited:
      return "never_awaited";
    case ComplaintKind::error_lost:
      return "error_lost";
    case ComplaintKind::cancellation_ignored:
      return "cancellation_ignored";
    case ComplaintKind::alive_at_close:
      return "alive_at_close";
  }
  return "unknown";
}

std::string to_string(const Complaint& complaint) {
  std::string who = subject(complaint);
  const std::string where = " at " + to_string(complaint.place);
  switch (complaint.kind) {
    case ComplaintKind::slow_step:
      return who + " held the loop for " + seconds(complaint.lasted) + " in the step that began" + where +
             ": move blocking work to a thread, or yield() in long computations";
    case ComplaintKind::stalled:
      return who + " has been holding the loop for " + seconds(complaint.lasted) + " in the step that began" + where +
             "; nothing else runs";
    case ComplaintKind::never_awaited:
      return "the coroutine " + who + where + " was made but neither awaited nor spawned: it never ran";
    case ComplaintKind::error_lost:
      return who + " failed" + where + in_brackets(complaint.detail) +
             ", and nobody was left to take the error: " + "await its JoinHandle or Future";
    case ComplaintKind::cancellation_ignored:
      return who + " was cancelled " + seconds(complaint.lasted) + " ago and still runs" + where +
             in_brackets(complaint.detail) + ": let Cancelled pass, and bound the clean-up with shielded()";
    case ComplaintKind::alive_at_close:
      return who + " had not ended when its loop closed, and was destroyed" + where + in_brackets(complaint.detail);
  }
  return who;
}

std::string describe_error(const std::exception_ptr& error) {
  if (!error) return "no error";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace belfry::async
