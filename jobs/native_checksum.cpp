#include "jobs/native_checksum.hpp"

#include "jobs/blocking_glob.hpp"
#include "jobs/checksum_list.hpp"

namespace belfry::jobs {

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
              return write_checksums(stop, regular_files(stop, paths), {.output = output, .relative_to = {}});
            };
          }};
}

}  // namespace belfry::jobs
