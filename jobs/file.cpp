#include "jobs/file.hpp"

#include "jobs/file_forms.hpp"

namespace belfry::jobs {

ActionKind file_kind() {
  return {.key = "file",
          .value = "a map",
          .meaning = "treats files without a program: copies, rotates, archives, verifies and so on",
          .form_by = FormBy::key,
          .form_word = "operation",
          .text_means = {},
          .prints = true,
          .forms = {file_copy_form(), file_move_form(), file_delete_form(), file_rotate_form(), file_mkdir_form(),
                    file_checksum_form(), file_verify_form(), file_retention_form(), file_wait_form(), file_sync_form(),
                    file_template_form(), file_archive_form(), file_extract_form()}};
}

}  // namespace belfry::jobs
