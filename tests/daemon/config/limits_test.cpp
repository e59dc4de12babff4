// Whatever a file holds: no crash, at most a second, at most 200 MB. Each text is read by a process of its own.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "case_file.hpp"
#include "daemon/config/load_config.hpp"

using namespace belfry::daemon;

namespace {

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;  // ten times slower and larger: only crashes and endless loops count
#else
constexpr bool sanitized = false;
#endif

constexpr int exit_accepted = 0;
constexpr int exit_refused = 5;

struct Verdict {
  int status = 0;
  long rss_mb = 0;
};

// Runs the load in a child that dies of SIGXCPU after the limit, and reports what it took.
Verdict judge(const std::function<bool()>& load) {
  const auto child = ::fork();
  if (child == 0) {
    const rlim_t seconds = sanitized ? 60 : 2;
    const rlimit cpu{seconds, seconds};
    ::setrlimit(RLIMIT_CPU, &cpu);
    ::_exit(load() ? exit_accepted : exit_refused);
  }
  Verdict verdict;
  rusage usage{};
  ::wait4(child, &verdict.status, 0, &usage);
  verdict.rss_mb = usage.ru_maxrss / 1024;
  return verdict;
}

void check(const Verdict& verdict, int expected) {
  REQUIRE(WIFEXITED(verdict.status));
  CHECK(WEXITSTATUS(verdict.status) == expected);
  if (sanitized) return;
  CHECK(verdict.rss_mb < 200);
}

void check_text(const std::string& text, int expected = exit_refused) {
  check(judge([&] { return parse_config(text, "scheduler.yaml", "/etc/belfry", {}).has_value(); }), expected);
}

std::string repeat(std::string_view unit, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += unit;
  return text;
}

// Just below the limit on the size, where a sanitizer would not make it a test of patience.
constexpr std::size_t most = sanitized ? std::size_t{128} << 10U : (std::size_t{4} << 20U) - 4096;

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "belfry-config-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string refusal(const std::filesystem::path& path) {
  const auto result = load_config(path, {});
  return result ? "accepted" : format_errors(result.error());
}

}  // namespace

TEST_CASE("no broken kind costs more than a second and 200 MB") {
  for (const auto& one : testing::read_cases(CONFIG_TEST_DATA "/broken.txt")) {
    INFO(one.name);
    check_text(one.text);
  }
}

TEST_CASE("texts that are repeated up to the limit of size stay within a second and 200 MB") {
  for (const std::string_view unit : {"[",          "{",      "- ",
                                      "-\n",        "? ",     "? a\n",
                                      "! ",         "!a ",    "&a ",
                                      "*a ",        "a: ",    "a:\n",
                                      ":",          ",",      "a,",
                                      "\"",         "'",      "\"\",",
                                      "\n",         " ",      "\t",
                                      "#",          "# x\n",  "%",
                                      "|",          "|\n",    "a: |\n",
                                      "-",          "---\n",  "...\n",
                                      "- a\n",      "- {}\n", "- []\n",
                                      "- ''\n",     "a: b\n", "<<: ",
                                      "<<: {}\n",   "[a,\n",  "{a: b,",
                                      "[? a : b, ", "[\n",    "{\n",
                                      "[{",         "\\",     "\"\\",
                                      "word ",      "word\n", "ä",
                                      "- ä\n",      "[ä,",    "\xF0\x9F\x94\x94",
                                      "@",          "`",      "a: b\r\n",
                                      "x-",         "[a]: ",  "- &a [*a]\n",
                                      "~",          "- ~\n",  "?"}) {
    INFO(unit);
    check_text(repeat(unit, most));
    check_text("jobs:\n  a:\n    command: [" + repeat(unit, most / 16));
    check_text("jobs:\n  a:\n    schedule: \"" + repeat(unit, most / 16));
  }
}

TEST_CASE("aliases that would expand to billions of values are refused at once") {
  std::string text = "x-0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto alias = "*a" + std::to_string(i - 1);
    text += "x-" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
    for (int k = 0; k < 8; ++k) text += ", " + alias;
    text += "]\n";
  }
  check_text(text + "jobs: {}\n");
}

TEST_CASE("merges that would make millions of keys are refused at once") {
  std::string text = "x-base: &b {";
  for (int i = 0; i < 5000; ++i) text += "k" + std::to_string(i) + ": 1, ";
  text += "}\njobs:\n";
  for (int i = 0; i < 5000; ++i) text += "  j" + std::to_string(i) + ": {<<: *b}\n";
  check_text(text);
}

TEST_CASE("a thousand errors are listed, and the rest is counted") {
  std::string text = "jobs:\n";
  for (int i = 0; i < 100'000; ++i) text += " j" + std::to_string(i) + ": {comand: x}\n";
  check_text(text);
  const auto result = parse_config(text, "f", "/", {});
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().size() == 1001);
  CHECK(result.error().back().message == "and 199000 more errors");
}

TEST_CASE("ten thousand jobs are accepted") {
  std::string text = "jobs:\n";
  for (int i = 0; i < 10'000; ++i) {
    text += "  job_" + std::to_string(i) + ":\n    schedule: \"" + std::to_string(i % 60) +
            " * * * *\"\n    command: [/bin/true]\n    timeout: 30s\n    environment: {A: b}\n";
  }
  check_text(text, exit_accepted);
}

TEST_CASE("a file of the size limit is read, a larger one is refused by its size") {
  const Folder folder;
  std::ofstream(folder / "large.yaml") << "jobs: {}\n" << std::string(std::size_t{4} << 20U, '#');
  check(judge([&] { return load_config(folder / "large.yaml", {}).has_value(); }), exit_refused);
  CHECK(refusal(folder / "large.yaml").find("larger than 4 MiB") != std::string::npos);
  std::filesystem::resize_file(folder / "large.yaml", std::size_t{1} << 30U);  // sparse
  check(judge([&] { return load_config(folder / "large.yaml", {}).has_value(); }), exit_refused);
}

TEST_CASE("what is not a readable regular file is refused with the system's reason, without waiting") {
  const Folder folder;
  CHECK(refusal(folder / "absent.yaml").find("No such file or directory") != std::string::npos);
  std::filesystem::create_symlink(folder / "loop.yaml", folder / "loop.yaml");
  CHECK(refusal(folder / "loop.yaml").find("symbolic links") != std::string::npos);
  CHECK(refusal(folder / ".").find("Is a directory") != std::string::npos);
  REQUIRE(::mkfifo((folder / "fifo.yaml").c_str(), 0600) == 0);
  CHECK(refusal(folder / "fifo.yaml").find("not a regular file") != std::string::npos);
  CHECK(refusal("/dev/zero").find("not a regular file") != std::string::npos);
  CHECK(refusal("/proc/self/mem").find("Input/output error") != std::string::npos);

  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (folder / "socket.yaml").string().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK(refusal(folder / "socket.yaml").find("No such device or address") != std::string::npos);
  ::close(socket);

  if (::geteuid() != 0) {
    std::ofstream(folder / "secret.yaml") << "jobs: {}\n";
    std::filesystem::permissions(folder / "secret.yaml", std::filesystem::perms::none);
    CHECK(refusal(folder / "secret.yaml").find("Permission denied") != std::string::npos);
  }
}

TEST_CASE("as root, a file that others may change is refused, and the message says how to mend it") {
  if (::geteuid() != 0) return;
  const Folder folder;
  const auto path = folder / "scheduler.yaml";
  std::ofstream(path) << "jobs: {}\n";
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  CHECK(refusal(path) == "accepted");
  REQUIRE(::chmod(path.c_str(), 0666) == 0);
  CHECK(refusal(path).find("chmod go-w ") != std::string::npos);
  REQUIRE(::chmod(path.c_str(), 0664) == 0);
  CHECK(refusal(path) == "accepted");  // the group is root
  REQUIRE(::chown(path.c_str(), 0, 65534) == 0);
  CHECK(refusal(path).find("chmod go-w ") != std::string::npos);
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  REQUIRE(::chown(path.c_str(), 65534, 0) == 0);
  CHECK(refusal(path).find("chown root ") != std::string::npos);
}
