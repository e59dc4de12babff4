// What is looked at before any YAML is: the bytes of the file.
#pragma once

#include <cstddef>
#include <string_view>

#include "daemon/config/error_list.hpp"
#include "daemon/config/source_text.hpp"

namespace belfry::daemon::yaml {

/// Whether the text may be handed to the YAML parser: at most `limit` bytes of UTF-8 without control characters, lone
/// carriage returns, invisible characters and directives. Otherwise the first fault is in `errors`.
bool check_text(const SourceText& source, ErrorList& errors, std::size_t limit);

}  // namespace belfry::daemon::yaml
