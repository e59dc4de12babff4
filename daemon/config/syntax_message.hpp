// The words for mistakes of YAML syntax: from what yaml-cpp says and what stands at the place, to what to do.
#pragma once

#include <string_view>

#include "daemon/config/error_list.hpp"
#include "daemon/config/source_text.hpp"

namespace belfry::daemon::yaml {

struct SyntaxMistake {
  Place place;
  Complaint complaint;
};

/// `message` is yaml-cpp's, `offset` the byte at which it gave up.
SyntaxMistake explain_syntax(const SourceText& source, std::string_view message, std::size_t offset);

}  // namespace belfry::daemon::yaml
