// What `belfry` says: the real program, run by the shell.
#pragma once

#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/temp_dir.hpp"

namespace belfry::test {

struct Said {
  int code = -1;
  std::string out;
  std::string err;
};

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Runs `belfry ARGUMENTS` by the shell.
inline Said belfry(const std::filesystem::path& socket, const std::string& arguments) {
  const TempDir folder;
  const std::string out = (folder / "out").string();
  const std::string err = (folder / "err").string();
  const std::string command = "TZ=UTC BELFRY_SOCKET='" + socket.string() + "' '" + BELFRY_BIN_DIR + "/belfry' " +
                              arguments + " >" + out + " 2>" + err + " </dev/null";
  const int status = std::system(command.c_str());
  REQUIRE(WIFEXITED(status));
  return {.code = WEXITSTATUS(status), .out = content_of(out), .err = content_of(err)};
}

}  // namespace belfry::test
