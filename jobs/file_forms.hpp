// The forms of the action `file`, each in the .cpp of its name. Private to file.cpp.
#pragma once

#include "jobs/action_kind.hpp"

namespace belfry::jobs {

ActionForm file_copy_form();
ActionForm file_move_form();
ActionForm file_delete_form();
ActionForm file_rotate_form();
ActionForm file_mkdir_form();
ActionForm file_checksum_form();
ActionForm file_verify_form();
ActionForm file_retention_form();
ActionForm file_wait_form();
ActionForm file_sync_form();
ActionForm file_template_form();
ActionForm file_archive_form();
ActionForm file_extract_form();

}  // namespace belfry::jobs
