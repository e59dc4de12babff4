// A value that nobody may see: a URL with a token, a password, a header. It stands in the file, or in a file of its
// own.
//
// Whatever is wrong with it is told without quoting it, and it is masked in the lines of the file that other mistakes
// show. One thread; lives within one load.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/map_reader.hpp"
#include "daemon/config/read_file.hpp"

namespace belfry::daemon {

/// Plain value.
struct Secret {
  std::string text;  ///< empty when it is in a file, and that was not read
  friend bool operator==(const Secret&, const Secret&) = default;
};

/// How files of secrets are dealt with in one load.
struct SecretFiles {
  const std::filesystem::path& folder;  ///< of the configuration
  bool read = false;                    ///< false: whoever loads may not be allowed to, and does not need them
  std::vector<SourceFile>& files;       ///< those that were read
};

/// The value of `key` or the contents of the file that `key`_file names, without the end of its line. Complains when
/// both are given, when the file cannot be read, and when it is empty or has more than one line. Nothing: neither is
/// given, or it is wrong.
std::optional<Secret> read_secret(const MapReader& map, std::string_view key, const SecretFiles& files);

/// The same of a single value: text, or a map {file: PATH}.
std::optional<Secret> read_secret(const Value& value, const SecretFiles& files);

/// The contents of the file whose path the value is, as above.
std::optional<Secret> read_secret_file(const Value& path, const SecretFiles& files);

/// Value::is_map() where somebody may have written the secret itself.
bool is_map_of_secrets(const Value& value, std::string_view expected);

/// Notes a mistake at the value without quoting it.
void complain_of_secret(const Value& value, Complaint complaint);

}  // namespace belfry::daemon
