// The four operations of the action `file`, one task each. Private to file.cpp. Loop thread.
#pragma once

#include <string>

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "io/fs.hpp"
#include "jobs/file.hpp"

namespace belfry::jobs {

// Each returns the sentence for the ledger and throws io::IoError, or std::runtime_error with a whole sentence. The
// spec must outlive the task.
async::Task<std::string> copy_files(const CopySpec& spec);
async::Task<std::string> move_files(const MoveSpec& spec);
async::Task<std::string> delete_files(const DeleteSpec& spec);
async::Task<std::string> rotate_files(const RotateSpec& spec, async::ThreadPool& pool);

/// One file, by a temporary name beside `to`. Returns its size.
async::Task<std::uint64_t> copy_file(std::string from, std::string to, bool overwrite);

/// "1 file", "3 files".
std::string count_files(std::size_t count);

}  // namespace belfry::jobs
