// The layer over SQLite's files; see faulty_disk.hpp.
#include "ledger/support/faulty_disk.hpp"

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>

namespace belfry::ledger::test {

struct FaultyDisk::State {
  sqlite3_vfs vfs{};
  sqlite3_io_methods methods{};
  sqlite3_vfs* below = nullptr;
  std::atomic<Fault> fault = Fault::none;
  std::atomic<std::uint64_t> each_sync = 0;  // 0: fails for good, after so many operations
  std::atomic<std::uint64_t> well = 0, syncs = 0, failures = 0;

  std::mutex mutex;
  std::condition_variable changed;
  bool stalled = false;
  int waiting = 0;

  // Whether an operation that `may_fail` by this fault does.
  bool strikes(bool may_fail) {
    if (!may_fail) return false;
    if (well > 0) {
      --well;
      return false;
    }
    if (each_sync > 0) well = forever;
    ++failures;
    return true;
  }

  void note_sync() {
    if (each_sync > 0 && ++syncs % each_sync == 0) well = 0;
  }

  static constexpr std::uint64_t forever = std::uint64_t{1} << 60;

  void pass_gate() {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.notify_all();
    changed.wait(lock, [this] { return !stalled; });
    --waiting;
  }
};

namespace {

using State = FaultyDisk::State;

// What SQLite sees of a file; the file below lies behind it in the same memory.
struct Layer {
  sqlite3_file base;
  State* state;
};

Layer* layer_of(sqlite3_file* file) { return reinterpret_cast<Layer*>(file); }
State& state_of(sqlite3_file* file) { return *layer_of(file)->state; }
sqlite3_file* below(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(layer_of(file) + 1); }

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  State& state = state_of(file);
  state.pass_gate();
  const Fault fault = state.fault;
  const auto* const methods = below(file)->pMethods;
  if (state.strikes(fault == Fault::io_error || fault == Fault::full || fault == Fault::torn_write)) {
    if (fault == Fault::torn_write) methods->xWrite(below(file), data, size / 2, offset);
    return fault == Fault::full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  }
  return methods->xWrite(below(file), data, size, offset);
}

int sync(sqlite3_file* file, int flags) {
  State& state = state_of(file);
  state.pass_gate();
  const Fault fault = state.fault;
  if (state.strikes(fault == Fault::io_error || fault == Fault::sync_error)) return SQLITE_IOERR_FSYNC;
  state.note_sync();
  return below(file)->pMethods->xSync(below(file), flags);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  State& state = state_of(file);
  state.pass_gate();
  if (state.strikes(state.fault == Fault::io_error)) return SQLITE_IOERR_TRUNCATE;
  return below(file)->pMethods->xTruncate(below(file), size);
}

sqlite3_io_methods methods_of_layer() {
  sqlite3_io_methods methods{};
  methods.iVersion = 2;  // no memory-mapped files: what goes past xWrite could not fail
  methods.xClose = [](sqlite3_file* f) { return below(f)->pMethods->xClose(below(f)); };
  methods.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
    return below(f)->pMethods->xRead(below(f), to, size, at);
  };
  methods.xWrite = write;
  methods.xTruncate = truncate;
  methods.xSync = sync;
  methods.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
    return below(f)->pMethods->xFileSize(below(f), size);
  };
  methods.xLock = [](sqlite3_file* f, int level) { return below(f)->pMethods->xLock(below(f), level); };
  methods.xUnlock = [](sqlite3_file* f, int level) { return below(f)->pMethods->xUnlock(below(f), level); };
  methods.xCheckReservedLock = [](sqlite3_file* f, int* out) {
    return below(f)->pMethods->xCheckReservedLock(below(f), out);
  };
  methods.xFileControl = [](sqlite3_file* f, int op, void* arg) {
    return below(f)->pMethods->xFileControl(below(f), op, arg);
  };
  methods.xSectorSize = [](sqlite3_file* f) { return below(f)->pMethods->xSectorSize(below(f)); };
  methods.xDeviceCharacteristics = [](sqlite3_file* f) { return below(f)->pMethods->xDeviceCharacteristics(below(f)); };
  methods.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
    return below(f)->pMethods->xShmMap(below(f), page, size, extend, out);
  };
  methods.xShmLock = [](sqlite3_file* f, int offset, int count, int flags) {
    return below(f)->pMethods->xShmLock(below(f), offset, count, flags);
  };
  methods.xShmBarrier = [](sqlite3_file* f) { below(f)->pMethods->xShmBarrier(below(f)); };
  methods.xShmUnmap = [](sqlite3_file* f, int remove) { return below(f)->pMethods->xShmUnmap(below(f), remove); };
  return methods;
}

int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  State& state = *static_cast<State*>(vfs->pAppData);
  Layer* const layer = layer_of(file);
  layer->state = &state;
  layer->base.pMethods = nullptr;
  const int code = state.below->xOpen(state.below, name, below(file), flags, out_flags);
  if (below(file)->pMethods != nullptr) layer->base.pMethods = &state.methods;  // it must be closed, then
  return code;
}

sqlite3_vfs* vfs_below(sqlite3_vfs* vfs) { return static_cast<State*>(vfs->pAppData)->below; }

}  // namespace

FaultyDisk::FaultyDisk() : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.below = sqlite3_vfs_find(nullptr);
  state.methods = methods_of_layer();
  state.vfs = *state.below;
  state.vfs.szOsFile = static_cast<int>(sizeof(Layer)) + state.below->szOsFile;
  state.vfs.zName = "faulty";
  state.vfs.pNext = nullptr;
  state.vfs.pAppData = &state;
  state.vfs.xOpen = open;
  state.vfs.xDelete = [](sqlite3_vfs* v, const char* name, int sync_folder) {
    return vfs_below(v)->xDelete(vfs_below(v), name, sync_folder);
  };
  state.vfs.xAccess = [](sqlite3_vfs* v, const char* name, int flags, int* out) {
    return vfs_below(v)->xAccess(vfs_below(v), name, flags, out);
  };
  state.vfs.xFullPathname = [](sqlite3_vfs* v, const char* name, int size, char* out) {
    return vfs_below(v)->xFullPathname(vfs_below(v), name, size, out);
  };
  sqlite3_vfs_register(&state.vfs, 1);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&state_->vfs);
  sqlite3_vfs_register(state_->below, 1);
}

void FaultyDisk::fail(Fault fault, std::uint64_t after) {
  state_->each_sync = 0;
  state_->well = after;
  state_->fault = fault;
}

void FaultyDisk::fail_now_and_then(Fault fault, std::uint64_t each) {
  state_->well = State::forever;
  state_->each_sync = each;
  state_->fault = fault;
}

std::uint64_t FaultyDisk::failures() const { return state_->failures; }

void FaultyDisk::stall() {
  const std::lock_guard lock(state_->mutex);
  state_->stalled = true;
}

void FaultyDisk::go_on() {
  const std::lock_guard lock(state_->mutex);
  state_->stalled = false;
  state_->changed.notify_all();
}

void FaultyDisk::wait_until_stalled() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [this] { return state_->stalled && state_->waiting > 0; });
}

}  // namespace belfry::ledger::test
