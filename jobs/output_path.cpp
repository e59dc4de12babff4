#include "jobs/output_path.hpp"

#include <utility>

namespace belfry::jobs {

namespace {

constexpr std::string_view inside_a_line = "\n*** (what must be hidden is no longer known)\n";
constexpr std::string_view at_its_begin = inside_a_line.substr(1);

constexpr std::size_t index(Stream stream) { return stream == Stream::output ? 0 : 1; }

}  // namespace

OutputPath::OutputPath(const ExecSpec& spec, const engine::Attempt& attempt, const Hiding& hiding, HeldBack held_back,
                       std::string failure, Found found)
    : unknown_(hiding.unknown),
      held_back_(std::move(held_back)),
      notices_{at_its_begin, at_its_begin},
      watch_(spec.failure_signs, std::move(failure)) {
  if (hiding.texts && !unknown_) {
    redactors_.emplace(std::array{io::Redactor(hiding.texts), io::Redactor(hiding.texts)});
  }
  if (spec.journal) journal_.emplace(spec.journal, attempt);
  if (watch_.sentence().empty()) found_ = std::move(found);
}

void OutputPath::resume(Stream stream, const io::OutputMirror::Kept& kept) {
  const bool whole = kept.head.size() + kept.tail.size() == kept.total;
  look_at(stream, kept.head, !whole);
  look_at(stream, kept.tail, false);
  if (redactors_) (*redactors_)[index(stream)].resume(held_back_.mark(index(stream)));
  const std::string_view last = kept.tail.empty() ? kept.head : kept.tail;
  if (!last.empty() && !last.ends_with('\n')) notices_[index(stream)] = inside_a_line;
  if (last.ends_with(at_its_begin)) notices_[index(stream)] = {};
}

void OutputPath::reading(Stream stream, bool begins) {
  if (!redactors_) return;
  const std::uint64_t mark = (*redactors_)[index(stream)].mark();
  held_back_.set_mark(index(stream), begins ? mark | io::Redactor::doubtful : mark);
}

std::span<const char> OutputPath::instead_of(std::span<const char> bytes, Stream stream) {
  if (bytes.empty()) return bytes;
  return std::exchange(notices_[index(stream)], {});
}

std::span<const char> OutputPath::pass(Stream stream, std::span<const char> bytes, bool end) {
  if (redactors_) bytes = (*redactors_)[index(stream)].pass(bytes, end);
  if (unknown_) bytes = instead_of(bytes, stream);
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
