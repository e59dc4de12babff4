// What happens to the output of a program on its way to where it is kept. Private to exec_run.cpp.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "io/output_mirror.hpp"
#include "io/redactor.hpp"
#include "jobs/exec.hpp"
#include "jobs/failure_signs.hpp"
#include "jobs/journal_lines.hpp"

namespace belfry::jobs {

/// Both streams of one run: secrets are taken out of it, then signs of failure are looked for, and its lines go to
/// the journal. Most have none of it:
/// see needed(). Loop thread.
class OutputPath {
 public:
  using Found = std::move_only_function<void(const std::string& sentence)>;

  /// Whether the spec asks for it.
  static bool needed(const ExecSpec& spec) noexcept { return spec.failure_signs.any() || spec.journal; }

  /// `spec` is borrowed. `hidden`: what must not be shown; may be null. `found`: is told the first sign of failure;
  /// `failure`: what an earlier daemon found so.
  OutputPath(const ExecSpec& spec, const engine::Attempt& attempt, const std::shared_ptr<const io::HiddenTexts>& hidden,
             std::string failure, Found found);

  /// Sees what an earlier daemon kept of a stream; before pass().
  void resume(Stream stream, const io::OutputMirror::Kept& kept);

  /// As io::OutputCapture::Through.
  std::span<const char> pass(Stream stream, std::span<const char> bytes, bool end);

  /// The first sign of failure, as a sentence; empty: there was none so far.
  const std::string& failure() const noexcept { return watch_.sentence(); }

 private:
  void look_at(Stream stream, std::span<const char> bytes, bool end);

  std::optional<std::array<io::Redactor, 2>> redactors_;
  FailureWatch watch_;
  std::optional<JournalLines> journal_;
  Found found_;
};

}  // namespace belfry::jobs
