// How the complaints of databases are put into one sentence. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "jobs/sql/connection.hpp"
#include "jobs/sql/target.hpp"

namespace belfry::jobs::sql {

/// Blanks for line breaks and the like, and no more than a few hundred characters.
std::string one_line(std::string_view text);

/// The line, from 1, of the character with this number, from 0, of a text in UTF-8.
std::size_t line_of_character(std::string_view text, std::size_t character) noexcept;

/// Why there is no connection, from what the client library says, and what to do about it.
Error cannot_connect(const Target& target, std::string_view said);

}  // namespace belfry::jobs::sql
