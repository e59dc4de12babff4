// What happens to the output of a program on its way to where it is kept. Private to exec_run.cpp.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/output_mirror.hpp"
#include "io/redactor.hpp"
#include "jobs/exec.hpp"
#include "jobs/failure_signs.hpp"
#include "jobs/held_back.hpp"
#include "jobs/journal_lines.hpp"

namespace belfry::jobs {

/// Both streams of one run: secrets are taken out of it, then signs of failure are looked for, and its lines go to
/// the journal. Where nobody knows what to take out, nothing is passed on but a line that says so. Most have none of
/// it: see needed(). Loop thread.
class OutputPath {
 public:
  using Found = std::move_only_function<void(const std::string& sentence)>;

  /// Whether the spec asks for it.
  static bool needed(const ExecSpec& spec) noexcept { return spec.failure_signs.any() || spec.journal; }

  /// `spec` is borrowed. `hiding`: what must not be shown; `held_back`: what of it waits for more, now and when an
  /// earlier daemon ended. `found`: is told the first sign of failure; `failure`: what an earlier daemon found so.
  OutputPath(const ExecSpec& spec, const engine::Attempt& attempt, const Hiding& hiding, HeldBack held_back,
             std::string failure, Found found);

  /// Sees what an earlier daemon kept of a stream, and goes on with what it held back; before pass().
  void resume(Stream stream, const io::OutputMirror::Kept& kept);

  /// As io::OutputCapture::Through.
  std::span<const char> pass(Stream stream, std::span<const char> bytes, bool end);

  /// As io::OutputCapture::Reading.
  void reading(Stream stream, bool begins);

  /// The first sign of failure, as a sentence; empty: there was none so far.
  const std::string& failure() const noexcept { return watch_.sentence(); }

 private:
  std::span<const char> instead_of(std::span<const char> bytes, Stream stream);
  void look_at(Stream stream, std::span<const char> bytes, bool end);

  std::optional<std::array<io::Redactor, 2>> redactors_;
  bool unknown_;  // what must be taken out
  HeldBack held_back_;
  std::array<std::string_view, 2> notices_;  // what stands there instead; empty: it was told
  FailureWatch watch_;
  std::optional<JournalLines> journal_;
  Found found_;
};

}  // namespace belfry::jobs
