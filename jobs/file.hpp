// file: what is done to files without a program: copied, moved, removed, rotated, summed and so on, whole or not at
// all.
//
// Everything that touches a file runs on the context's pool, never on the loop's thread. Trees are walked by
// descriptors (folder.hpp), so no symbolic link leads out of what a pattern's base names, even one that is made
// meanwhile. A target is written under a temporary name beside it and renamed (atomic_file.hpp).
#pragma once

#include "jobs/action_kind.hpp"

namespace belfry::jobs {

/// The kind of action; each operation is a form of it. Relative paths are meant in the context's working directory. A
/// run resumes on the loop, fails with a sentence that names the path and the operation, and succeeds with one such as
/// "rotated 3 files, 12.4 MiB to 1.1 MiB"; its output has the lines of a dry run. Cancellation: between two files, or
/// at most 8 MiB of one later; no half-written target and no temporary file remains.
ActionKind file_kind();

}  // namespace belfry::jobs
