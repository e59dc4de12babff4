// Lines of a configuration as errors may show them: what is secret in them is masked. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace belfry::daemon {

/// A star for each byte of `text`, but for its spaces.
std::string masked(std::string_view text);

/// `line` with stars in the place of what stands behind a key that may hold a secret (url, endpoint, password, headers,
/// and names of headers that are known for it), whatever else is wrong with the line. One star for each byte: offsets
/// stay.
std::string conceal(std::string_view line);

/// `text` with stars in the place of each of `secrets`, or of all of it when it is very long.
std::string conceal(std::string_view text, std::span<const std::string> secrets);

}  // namespace belfry::daemon
