#include "jobs/native_checksum.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "jobs/atomic_file.hpp"
#include "jobs/blocking_glob.hpp"
#include "jobs/digest.hpp"

namespace belfry::jobs {

namespace {

std::string plural(std::size_t count, const std::string& word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

std::string write_checksums(const std::stop_token& stop, const std::vector<std::string>& patterns,
                            const std::string& output) {
  auto files = regular_files(patterns);
  std::erase(files, output);  // a list cannot hold its own sum
  // An empty list would take the place of one that is still of use, and sha256sum refuses it.
  if (files.empty()) return "nothing to sum: no file matches, " + output + " was not written";
  std::string text;
  std::uint64_t bytes = 0;
  for (const auto& file : files) text += sha256sum_line(sha256_of_file(stop, file, bytes), file);
  AtomicFile target(output);
  target.write(text);
  target.set_mode(0644);
  target.commit();
  return "SHA-256 of " + plural(files.size(), "file") + ", " + format_size(bytes) + ", in " + output;
}

}  // namespace

NativeFunction checksum_function() {
  return {.name = "checksum",
          .summary = "writes the SHA-256 of files in the format of sha256sum(1)",
          .parameters = {{.name = "paths",
                          .type = ParameterType::path,
                          .value = "a path, a glob or a list of them",
                          .meaning = "the files to read",
                          .required = true,
                          .list = true},
                         {.name = "output",
                          .type = ParameterType::path,
                          .meaning = "where the sums are written; replaced as a whole",
                          .required = true}},
          .bind = [](ParameterReader& reader) -> NativeCall {
            return [paths = reader.list("paths"), output = reader.text("output")](const std::stop_token& stop) {
              return write_checksums(stop, paths, output);
            };
          }};
}

}  // namespace belfry::jobs
