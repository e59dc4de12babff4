#include "daemon/config/failure_signs_reader.hpp"

#include <utility>

#include "daemon/config/map_reader.hpp"

namespace belfry::daemon {

void read_failure_signs(const Value& value, jobs::FailureSigns& signs) {
  if (value.is_none()) {
    signs = {};
    return;
  }
  if (!value.is_map("a map such as {stderr: true, regex: ERROR}, or none")) return;
  const MapReader map(value, fails_when_section);
  if (value.node().entries.empty()) {
    value.complain({"no sign of failure is given", "one or more of stdout, stderr and regex",
                    "none takes back what the defaults say"});
  }
  if (const auto given = map.get("stdout")) signs.standard_output = given->truth().value_or(signs.standard_output);
  if (const auto given = map.get("stderr")) signs.standard_error = given->truth().value_or(signs.standard_error);
  if (const auto given = map.get("regex")) {
    const auto text = given->text("a regular expression");
    if (!text) return;
    jobs::Pattern pattern(*text);
    if (pattern.error().empty()) {
      signs.pattern = std::move(pattern);
    } else {
      given->complain({"not a regular expression: " + pattern.error(), "what RE2 takes, such as ERROR|FATAL"});
    }
  }
}

}  // namespace belfry::daemon
