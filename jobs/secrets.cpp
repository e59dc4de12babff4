#include "jobs/secrets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <system_error>
#include <utility>

#include "io/fs.hpp"
#include "jobs/whole_file.hpp"

namespace belfry::jobs {

namespace {

using Text = std::expected<std::string, std::string>;

constexpr mode_t way_through = 0711;  // the user of a job passes through, and sees no names
constexpr mode_t closed = 0700;
constexpr mode_t own_file = 0400;

constexpr FileLimit too_large{.bytes = largest_secret, .problem = "more than 64K, which is no secret"};

/// The folder of a run, or of a part of it. Only a number alone is a whole run: parts are never adopted.
std::string name_of(const engine::Attempt& attempt) {
  const std::string run = std::to_string(attempt.run);
  return attempt.part.empty() ? run : run + "-" + std::string(attempt.part);
}

std::expected<std::string, std::string> path_of(const SecretSource& source) {
  if (!source.credential) return source.place;
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  if (folder == nullptr || *folder == '\0') {
    return std::unexpected("there is no $CREDENTIALS_DIRECTORY for the credential " + source.place +
                           ": the unit of belfryd has no LoadCredential=");
  }
  return std::string(folder) + "/" + source.place;
}

async::Task<Text> read_source(SecretSource source) {
  const auto path = path_of(source);
  if (!path) co_return std::unexpected(path.error());
  try {
    auto text = co_await read_whole_file(*path, too_large);
    if (text && text->empty()) co_return std::unexpected(*path + ": it is empty");
    co_return text;
  } catch (const io::IoError& error) {
    co_return std::unexpected(error.what());
  }
}

/// In spite of any umask.
async::Task<> open_way(std::string folder) {
  io::fs::File opened = co_await io::fs::File::open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  co_await opened.set_mode(way_through);
  co_await opened.close();
}

/// Somebody else may have made it: its name is no secret, and the place is everybody's.
async::Task<std::expected<void, std::string>> make_root(std::string folder) {
  co_await io::fs::make_folders(folder, way_through);
  const io::fs::Stat about = co_await io::fs::lstat(folder);
  if (about.type != io::fs::FileType::folder || about.owner != ::geteuid()) {
    co_return std::unexpected(folder + ": this belongs to somebody else; remove it");
  }
  if (about.mode != way_through) co_await open_way(folder);
  co_return std::expected<void, std::string>();
}

async::Task<> write_file(std::string path, std::string text, std::optional<SecretOwner> owner) {
  io::fs::File file = co_await io::fs::File::open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, own_file);
  co_await file.write(std::move(text), 0);
  if (owner) co_await file.set_owner(owner->uid, owner->gid);
  co_await file.close();
}

async::Task<> remove_folder(std::string folder) {
  const bool there = co_await io::fs::exists(folder);
  if (!there) co_return;
  for (const auto& entry : co_await io::fs::list(folder)) {
    const std::string path = folder + "/" + entry.name;
    co_await io::fs::unlink(path);
  }
  co_await io::fs::remove_folder(folder);
}

}  // namespace

async::Task<std::expected<void, std::string>> RunSecrets::lay_out(const std::vector<SecretSource>& sources,
                                                                  const std::string& folder,
                                                                  const engine::Attempt& attempt,
                                                                  std::optional<SecretOwner> owner) {
  if (folder.empty()) co_return std::unexpected("secrets: there is no place for them");
  try {
    const auto root = co_await make_root(folder);
    if (!root) co_return std::unexpected("secrets: " + root.error());
    folder_ = folder + "/" + name_of(attempt);
    co_await remove_folder(folder_);  // a try before this one, whose files could not be taken away
    co_await io::fs::make_folder(folder_, closed);
    for (const SecretSource& source : sources) {
      auto text = co_await read_source(source);
      if (!text) co_return std::unexpected("secrets: " + source.variable + ": " + text.error());
      co_await write_file(folder_ + "/" + source.variable, *text, owner);
      variables_.push_back(source.variable);
      values_.push_back(*std::move(text));
    }
    co_await open_way(folder_);  // now that all is in it
  } catch (const io::IoError& error) {
    co_return std::unexpected("secrets: " + std::string(error.what()));
  }
  co_return std::expected<void, std::string>();
}

async::Task<> RunSecrets::find(const std::string& folder, const engine::Attempt& attempt) {
  const std::string own = folder + "/" + name_of(attempt);
  try {
    const bool there = co_await io::fs::exists(own);
    if (!there) co_return;
    folder_ = own;
    for (const auto& entry : co_await io::fs::list(own)) {
      auto text = co_await read_whole_file(own + "/" + entry.name, too_large);
      if (text) values_.push_back(*std::move(text));
    }
  } catch (const io::IoError&) {  // its user may forbid us what is his, unless we are root
  }
}

void RunSecrets::add_to(std::vector<std::string>& environment) const {
  for (const std::string& name : variables_) {
    std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    environment.push_back(name + "=" + folder_ + "/" + name);
  }
}

async::Task<std::expected<void, std::string>> RunSecrets::add_values_of(const std::vector<EnvFile>& files) {
  std::vector<EnvFile> secret;
  std::ranges::copy_if(files, std::back_inserter(secret), &EnvFile::secret);
  if (!secret.empty()) {
    auto variables = co_await read_env_files(std::move(secret));
    if (!variables) co_return std::unexpected(std::move(variables.error()));
    for (auto& [name, value] : *variables) values_.push_back(std::move(value));
  }
  std::size_t sum = 0;
  for (const std::string& value : values_) sum += value.size();
  if (sum > most_hidden) co_return std::unexpected("secrets: together they have more than 128K");
  co_return std::expected<void, std::string>();
}

std::shared_ptr<const io::HiddenTexts> RunSecrets::hidden() const {
  if (values_.empty()) return nullptr;
  auto texts = std::make_shared<const io::HiddenTexts>(values_);
  return texts->empty() ? nullptr : std::move(texts);
}

async::Task<> RunSecrets::take_away() {
  if (folder_.empty()) co_return;
  try {
    co_await remove_folder(std::exchange(folder_, {}));
  } catch (const io::IoError&) {  // the next start will see to it
  }
}

void remove_forgotten_secrets(const std::filesystem::path& folder, const std::set<ledger::RunId>& going_on) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const auto goes_on = [&going_on](const std::string& name) {
    ledger::RunId run = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), run);
    return error == std::errc() && end == name.data() + name.size() && going_on.contains(run);
  };
  if (!fs::is_directory(fs::symlink_status(folder, ignored))) return;
  std::vector<fs::path> forgotten;
  for (fs::directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored)) {
    if (!goes_on(at->path().filename())) forgotten.push_back(at->path());
  }
  for (const fs::path& path : forgotten) {
    fs::remove_all(path, ignored);
  }
  fs::remove(folder, ignored);  // when it is empty
}

}  // namespace belfry::jobs
