#include "plugin_file.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace plugin {

namespace {

constexpr std::size_t longest_text = 4000;
constexpr std::size_t most_functions = 200;
constexpr std::size_t most_parameters = 100;
constexpr std::size_t most_choices = 100;

[[noreturn]] void refuse(const std::string& sentence) { throw std::runtime_error(sentence); }

/// Whoever may change the file, or put another one in its place, decides what runs.
void check_writers(const std::string& path, uid_t owner) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) refuse(std::string("it cannot be read: ") + std::strerror(errno));
  struct ::stat status{};
  const int result = ::fstat(file, &status);
  ::close(file);
  if (result != 0 || !S_ISREG(status.st_mode)) refuse("it is not a regular file; name the .so file itself");
  if (status.st_uid != 0 && status.st_uid != owner) {
    refuse("it belongs to user " + std::to_string(status.st_uid) + ", who could change what it does: chown root " +
           path);
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    refuse("others than its owner may write it, and so change what it does: chmod go-w " + path);
  }
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const bool found = !folder.empty() && ::stat(folder.c_str(), &status) == 0;
  if (found && (status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0) {
    refuse("everybody may put another file in its place: chmod o-w " + folder);
  }
}

/// What dlerror(3) says, without the path in front.
std::string loader_error(const std::string& path) {
  const char* const said = ::dlerror();
  std::string sentence = said == nullptr ? "unknown error" : said;
  if (sentence.starts_with(path + ": ")) sentence.erase(0, path.size() + 2);
  return sentence;
}

template <class Item>
std::vector<Item> items(const Item* list, std::size_t most, const std::string& what) {
  std::vector<Item> found;
  for (; list != nullptr && *list != nullptr; ++list) {
    if (found.size() == most) refuse("it has more than " + std::to_string(most) + " " + what);
    found.push_back(*list);
  }
  return found;
}

}  // namespace

const belfry_plugin& load(const std::string& path, uid_t owner) {
  check_writers(path, owner);
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) refuse("it cannot be loaded: " + loader_error(path));
  const auto entry = reinterpret_cast<decltype(&belfry_plugin_entry)>(::dlsym(handle, "belfry_plugin_entry"));
  if (entry == nullptr) {
    refuse("it does not export belfry_plugin_entry(), so it is no plugin of belfry; see <belfry/plugin.h>");
  }
  const belfry_plugin* const plugin = entry();
  if (plugin == nullptr) refuse("its belfry_plugin_entry() returned NULL: it says that it cannot be used here");
  if (plugin->abi_major != BELFRY_ABI_MAJOR) {
    refuse("it was built for version " + std::to_string(plugin->abi_major) +
           " of the ABI, and this belfry has version " + std::to_string(BELFRY_ABI_MAJOR) +
           ": build it with the <belfry/plugin.h> of this belfry");
  }
  return *plugin;
}

std::string text(const char* given) {
  if (given == nullptr) return {};
  const std::size_t length = ::strnlen(given, longest_text + 1);
  if (length > longest_text) refuse("a text of its declaration is longer than 4,000 bytes");
  return {given, length};
}

std::vector<const belfry_function*> functions(const belfry_plugin& plugin) {
  return items(member(plugin, &belfry_plugin::functions), most_functions, "functions");
}

std::vector<const belfry_parameter*> parameters(const belfry_function& function) {
  return items(member(function, &belfry_function::parameters), most_parameters, "parameters of a function");
}

std::vector<const char*> choices(const belfry_parameter& parameter) {
  return items(member(parameter, &belfry_parameter::choices), most_choices, "choices of a parameter");
}

}  // namespace plugin
