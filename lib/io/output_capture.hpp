// OutputCapture: reads what a process prints, as it comes, and keeps its two ends.
//
// Driven by the loop, not by a task: it goes on reading while the task that owns the process is being cancelled.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "async/event.hpp"
#include "async/task.hpp"
#include "io/fd.hpp"
#include "io/head_tail_buffer.hpp"
#include "io/output_mirror.hpp"
#include "io/poller.hpp"

namespace belfry::io {

/// Reads the end of a pipe that does not block, from watch() to destruction; the writer is never kept waiting longer
/// than a turn of the loop. Memory: the buffer's limits, whatever is printed. Fair: at most 1 MiB for each turn, and
/// with `through` 128 KiB. Loop thread only; destroyed before the loop ends.
class OutputCapture final : private PollHandler {
 public:
  /// A larger mirror that holds `so_far`, or one that keeps nothing; never throws. Asked for once.
  using Enlarge = std::move_only_function<OutputMirror(const OutputMirror::Kept& so_far)>;

  /// What is kept in the place of a piece that was read: all of it, less, or something else; valid until the next call.
  /// With `end`, which is told once, the piece is empty and nothing more will come. Never throws.
  using Through = std::move_only_function<std::span<const char>(std::span<const char> bytes, bool end)>;

  /// Is told true before anything is read, and false when all that was read is kept. Never throws.
  using Reading = std::move_only_function<void(bool reading)>;

  /// `mirror`: what is read is kept there, too; before it has to drop something, a larger one is asked for, and both
  /// are kept from then on. `through` sees all that is read before anything is kept. No pipe (empty): it is at its end
  /// already, and `buffer` is all there is.
  OutputCapture(Fd pipe, HeadTailBuffer buffer, OutputMirror mirror = {}, Enlarge enlarge = {}, Through through = {},
                Reading reading = {});
  OutputCapture(const OutputCapture&) = delete;
  OutputCapture& operator=(const OutputCapture&) = delete;
  ~OutputCapture();

  /// Reads from now on; a second call does nothing. Until then only drain() does: of a process that has ended before
  /// anyone had the time to watch, nothing is left to be told of. Throws std::system_error.
  void watch();

  /// Returns when every process has closed its end; watches. Cancellation: stops waiting, the capture goes on.
  async::Task<> ended();
  bool at_end() const noexcept { return !pipe_; }

  /// Reads what is in the pipe now, up to its end or until it is empty.
  void drain();

  /// Reads no more, whoever may still write; `through` has been told of the end then.
  void finish();

  const HeadTailBuffer& buffer() const noexcept { return buffer_; }

 private:
  void on_ready(std::uint32_t events) override;
  bool read_some(std::size_t limit);  // true: nothing more for now
  bool read_pieces(std::size_t limit);
  void take(std::span<const char> bytes);
  void keep(std::span<const char> bytes);
  void close();

  std::shared_ptr<Poller> poller_;
  Fd pipe_;
  HeadTailBuffer buffer_;
  OutputMirror mirror_;
  Enlarge enlarge_;
  OutputMirror larger_;
  Through through_;
  Reading reading_;
  async::Event ended_;
  bool watched_ = false;
  std::shared_ptr<OutputCapture*> self_;  // made for the callback that goes on in the next turn
};

}  // namespace belfry::io
