#include "jobs/output_path.hpp"

#include <utility>

namespace belfry::jobs {

OutputPath::OutputPath(const ExecSpec& spec, const engine::Attempt& attempt,
                       const std::shared_ptr<const io::HiddenTexts>& hidden, std::string failure, Found found)
    : watch_(spec.failure_signs, std::move(failure)) {
  if (hidden) redactors_.emplace(std::array{io::Redactor(hidden), io::Redactor(hidden)});
  if (spec.journal) journal_.emplace(spec.journal, attempt);
  if (watch_.sentence().empty()) found_ = std::move(found);
}

void OutputPath::resume(Stream stream, const io::OutputMirror::Kept& kept) {
  const bool whole = kept.head.size() + kept.tail.size() == kept.total;
  look_at(stream, kept.head, !whole);
  look_at(stream, kept.tail, false);
}

std::span<const char> OutputPath::pass(Stream stream, std::span<const char> bytes, bool end) {
  if (redactors_) bytes = (*redactors_)[stream == Stream::output ? 0 : 1].pass(bytes, end);
  look_at(stream, bytes, end);
  if (journal_) {
    journal_->take(stream, bytes);
    if (end) journal_->end(stream);
  }
  return bytes;
}

void OutputPath::look_at(Stream stream, std::span<const char> bytes, bool end) {
  watch_.take(stream, bytes);
  if (end) watch_.end(stream);
  if (found_ && !watch_.sentence().empty()) std::exchange(found_, nullptr)(watch_.sentence());
}

}  // namespace belfry::jobs
