// JSON as text, both ways, safe for what others wrote. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace belfry::daemon {

/// The document in one line with its end of line. Bytes that are not UTF-8 (job output may be anything) are replaced.
std::string to_text(const nlohmann::json& document);

/// The object that `text` holds; empty text is an empty object. Throws ApiError 400 on anything else, on nesting deeper
/// than 16 and on a key that comes twice.
nlohmann::json parse_object(std::string_view text);

}  // namespace belfry::daemon
