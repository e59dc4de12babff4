// belfry-plugin: the process in which plugins are loaded, so that belfryd never has their code in it.
//
//   belfry-plugin describe PLUGIN OWNER               writes what PLUGIN declares to descriptor 3
//   belfry-plugin run ANSWER PLUGIN FUNCTION OWNER    runs FUNCTION with the parameters on standard input
//
// OWNER is the number of the user who, besides root, may own the file. ANSWER is script_path of io/launch.hpp: that
// descriptor is a memory file, into which goes how the function ended (jobs/plugin_wire.hpp). Without an answer it did
// not come back, whatever the exit code. The function's status is the exit code; 1 also stands for all else.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "describe.hpp"
#include "host.hpp"
#include "io/launch.hpp"
#include "jobs/plugin_wire.hpp"
#include "plugin_file.hpp"

namespace {

using belfry::jobs::put_field;

constexpr int failed = 1;
constexpr int usage = 2;
constexpr unsigned longest_description = 15;  // seconds; whoever asks gives up before, unless it is gone

[[noreturn]] void leave(int status) {
  std::fflush(nullptr);
  ::_exit(status);  // what destructors of the plugin would do now cannot change how it ended
}

uid_t user_number(std::string_view text) {
  uid_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) throw std::runtime_error("OWNER is a number");
  return number;
}

/// False: it cannot all be written.
bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string read_input() {
  std::string text;
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
}

/// Standard input was ours.
void empty_input() {
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  if (nothing > STDIN_FILENO) ::close(nothing);
}

int describe(const std::string& path, std::string_view owner) {
  ::fcntl(belfry::io::report_fd, F_SETFD, FD_CLOEXEC);
  ::alarm(longest_description);
  std::string wire;
  try {
    wire = plugin::describe(plugin::load(path, user_number(owner)));
  } catch (const std::exception& error) {
    wire.clear();
    put_field(wire, belfry::jobs::plugin_wire_version);
    put_field(wire, belfry::jobs::declaration_failed);
    put_field(wire, error.what());
  }
  return write_all(belfry::io::report_fd, wire) ? 0 : failed;
}

void answer(std::string_view how, std::string_view sentence, int status) {
  std::string wire;
  put_field(wire, belfry::jobs::plugin_wire_version);
  put_field(wire, how);
  put_field(wire, sentence);
  put_field(wire, status);
  write_all(belfry::io::script_fd, wire);
}

const belfry_function& find(const belfry_plugin& table, const std::string& name) {
  for (const belfry_function* const function : plugin::functions(table)) {
    if (plugin::text(plugin::member(*function, &belfry_function::name)) != name) continue;
    if (plugin::member(*function, &belfry_function::run) == nullptr) break;
    return *function;
  }
  throw std::runtime_error("it has no function '" + name + "' any more: it was changed; reload the configuration");
}

/// The exit code, and how the run ended in `sentence`.
int call(const belfry_function& function, const std::string& parameters, std::string& sentence) {
  const plugin::Host host(function, parameters);
  int status = failed;
  try {
    status = function.run(&host);
    sentence = host.sentence(status == 0);
  } catch (const std::exception& error) {
    sentence = std::string("it threw an exception: ") + error.what();
  } catch (...) {
    sentence = "it threw an exception";
  }
  if (const std::string mistake = host.mistake(); !mistake.empty()) {
    sentence = mistake;
    return failed;
  }
  if (status >= 0 && status <= 255) return status;
  sentence = "it returned " + std::to_string(status) + ", and a status is from 0 to 255";
  return failed;
}

int run(const std::string& path, const std::string& name, std::string_view owner) {
  ::fcntl(belfry::io::script_fd, F_SETFD, FD_CLOEXEC);
  plugin::cancel_on_sigterm();
  const std::string parameters = read_input();
  empty_input();
  std::string sentence;
  const belfry_function* function = nullptr;
  try {
    function = &find(plugin::load(path, user_number(owner)), name);
  } catch (const std::exception& error) {
    answer(belfry::jobs::answer_refused, error.what(), failed);
    return failed;
  }
  const int status = call(*function, parameters, sentence);
  answer(belfry::jobs::answer_returned, sentence, status);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "describe" && argc == 4) leave(describe(argv[2], argv[3]));
  if (what == "run" && argc == 6 && argv[2] == belfry::io::script_path) leave(run(argv[3], argv[4], argv[5]));
  std::fputs("belfry-plugin is started by belfryd and belfry, which load plugins in it; see <belfry/plugin.h>.\n",
             stderr);
  return usage;
}
