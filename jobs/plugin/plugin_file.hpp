// A plugin's file: who may change it, and its tables as far as they may be read. Throws std::runtime_error with a
// sentence that says what to do, and that does not name the file.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "belfry/plugin.h"

namespace plugin {

/// Runs the constructors and the entry of the plugin. Refuses a file that others than root and `owner` may change, one
/// that is no plugin, and one of another major version. It stays loaded.
const belfry_plugin& load(const std::string& path, uid_t owner);

/// A member of a table, or 0 if the plugin was built before there was one.
template <class Table, class Value>
Value member(const Table& table, Value Table::* which) {
  const auto* const begin = reinterpret_cast<const char*>(&table);
  const auto* const at = reinterpret_cast<const char*>(&(table.*which));
  return static_cast<std::size_t>(at - begin) + sizeof(Value) <= table.struct_size ? table.*which : Value{};
}

/// A text of a table; empty for NULL. Refuses one of more than 4,000 bytes: it may have no end.
std::string text(const char* given);

/// The items of the lists, which end with NULL. Too long ones are refused: they may have no end.
std::vector<const belfry_function*> functions(const belfry_plugin& plugin);
std::vector<const belfry_parameter*> parameters(const belfry_function& function);
std::vector<const char*> choices(const belfry_parameter& parameter);

}  // namespace plugin
