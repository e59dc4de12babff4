// What goes wrong with a file: which operation, on which path, why.
#pragma once

#include <string>
#include <system_error>

namespace belfry::io {

/// what() is "cannot <operation> <path>: <reason>", e.g. "cannot open /var/log/x: Permission denied"; code() the errno.
class IoError : public std::system_error {
 public:
  IoError(int error, std::string operation, std::string path)
      : std::system_error(error, std::generic_category()),
        operation_(std::move(operation)),
        path_(std::move(path)),
        message_("cannot " + operation_ + " " + path_ + ": " + code().message()) {}

  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& operation() const noexcept { return operation_; }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string operation_;
  std::string path_;
  std::string message_;
};

}  // namespace belfry::io
