#include "jobs/secrets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "async/thread_pool.hpp"
#include "io/fs.hpp"
#include "jobs/whole_file.hpp"

namespace belfry::jobs {

namespace {

using Text = std::expected<std::string, std::string>;

constexpr mode_t way_through = 0711;  // the user of a job passes through, and sees no names
constexpr mode_t closed = 0700;
constexpr mode_t own_file = 0400;

constexpr FileLimit too_large{.bytes = largest_secret, .problem = "more than 64K, which is no secret"};

// What is to be hidden, for a later daemon: for each text its length, a line feed and the text; then a full stop, as
// whoever writes it may be killed. No variable has such a name. No text has less than four bytes.
constexpr const char* note_name = "hidden.texts";
constexpr FileLimit too_large_note{.bytes = 4 * most_hidden, .problem = "too large"};

// To look for more than so many bytes, preparations take more than some 0.2 ms.
constexpr std::size_t hidden_at_once = std::size_t{4} << 10U;

std::string note_of(const std::vector<std::string>& values) {
  std::string note;
  for (const std::string& value : values) note += std::to_string(value.size()) + "\n" + value;
  return note + ".";
}

/// Nothing: it is not whole.
std::optional<std::vector<std::string>> values_in(std::string_view note) {
  std::vector<std::string> values;
  while (note != ".") {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(note.data(), note.data() + note.size(), length);
    if (error != std::errc()) return std::nullopt;
    note.remove_prefix(static_cast<std::size_t>(end - note.data()));
    if (!note.starts_with('\n') || note.size() - 1 < length) return std::nullopt;
    values.emplace_back(note.substr(1, length));
    note.remove_prefix(1 + length);
  }
  return values;
}

std::shared_ptr<const io::HiddenTexts> make_texts(const std::vector<std::string>& values) {
  auto texts = std::make_shared<const io::HiddenTexts>(values);
  return texts->empty() ? nullptr : std::move(texts);
}

/// Null: nothing of it can be hidden.
async::Task<std::shared_ptr<const io::HiddenTexts>> texts_of(std::vector<std::string> values) {
  std::size_t sum = 0;
  for (const std::string& value : values) sum += value.size();
  if (sum <= hidden_at_once) co_return make_texts(values);
  try {
    async::ThreadPool pool(async::ThreadPoolOptions("secrets").threads(1));  // they are rare: none is kept for them
    auto texts = co_await pool.run(make_texts, values);
    co_return texts;
  } catch (const std::system_error&) {  // there is no thread
  }
  co_return make_texts(values);
}

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

/// False: the folder of all has gone meanwhile. Whoever takes the last of them away takes it, too.
async::Task<std::expected<bool, std::string>> made(std::string root, std::string own) {
  try {
    const auto ours = co_await make_root(std::move(root));
    if (!ours) co_return std::unexpected(ours.error());
    co_await remove_folder(own);  // a try before this one, whose files could not be taken away
    co_await io::fs::make_folder(own, closed);
  } catch (const io::IoError& error) {
    if (error.code().value() != ENOENT) throw;
    co_return false;
  }
  co_return true;
}

}  // namespace

async::Task<std::expected<void, std::string>> RunSecrets::make_place(const std::string& folder,
                                                                     const engine::Attempt& attempt) {
  root_ = folder;
  folder_ = root_ + "/" + name_of(attempt);
  for (;;) {
    const auto there = co_await made(root_, folder_);
    if (!there) co_return std::unexpected(there.error());
    if (*there) co_return std::expected<void, std::string>();
  }
}

async::Task<std::expected<void, std::string>> RunSecrets::lay_out(const std::vector<SecretSource>& sources,
                                                                  const std::string& folder,
                                                                  const engine::Attempt& attempt,
                                                                  std::optional<SecretOwner> owner) {
  if (folder.empty()) co_return std::unexpected("secrets: there is no place for them");
  try {
    const auto place = co_await make_place(folder, attempt);
    if (!place) co_return std::unexpected("secrets: " + place.error());
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

void RunSecrets::add_to(std::vector<std::string>& environment) const {
  for (const std::string& name : variables_) {
    std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    environment.push_back(name + "=" + folder_ + "/" + name);
  }
}

async::Task<std::expected<void, std::string>> RunSecrets::hide(Variables variables, const std::string& folder,
                                                               const engine::Attempt& attempt) {
  const bool adoptable = attempt.part.empty() && !folder.empty();
  for (auto& [name, value] : variables) values_.push_back(std::move(value));
  std::erase_if(values_, [](const std::string& value) { return value.size() < io::HiddenTexts::shortest; });
  std::size_t sum = 0;
  for (const std::string& value : values_) sum += value.size();
  if (sum > most_hidden) co_return std::unexpected("secrets: together they have more than 128K");
  try {
    if (adoptable && !laid_out()) {
      const auto place = co_await make_place(folder, attempt);
      if (!place) co_return std::unexpected("secrets: " + place.error());
    }
    if (adoptable) co_await write_file(folder_ + "/" + note_name, note_of(values_), std::nullopt);
  } catch (const io::IoError& error) {
    co_return std::unexpected("secrets: " + std::string(error.what()));
  }
  hiding_.texts = co_await texts_of(std::move(values_));
  co_return std::expected<void, std::string>();
}

async::Task<> RunSecrets::recall(const std::string& folder, const engine::Attempt& attempt, bool expected) {
  hiding_ = {.unknown = true, .taken_over = true};
  try {
    const std::string own = folder + "/" + name_of(attempt);
    const bool there = !folder.empty() && co_await io::fs::exists(own);
    if (!there) {
      hiding_.unknown = expected;
      co_return;
    }
    root_ = folder;
    folder_ = own;
    auto note = co_await read_whole_file(own + "/" + note_name, too_large_note);
    auto values = note ? values_in(*note) : std::nullopt;
    if (!values) co_return;
    hiding_.texts = co_await texts_of(*std::move(values));
    hiding_.unknown = false;
  } catch (const io::IoError&) {  // it is unknown
  }
}

async::Task<> RunSecrets::take_away() {
  if (folder_.empty()) co_return;
  try {
    co_await remove_folder(std::exchange(folder_, {}));
    co_await io::fs::remove_folder(root_);
  } catch (const io::IoError&) {  // there are others in it, or the next start will see to it
  }
}

bool hides(const std::vector<SecretSource>& sources, const std::vector<EnvFile>& files) noexcept {
  return !sources.empty() || std::ranges::any_of(files, &EnvFile::secret);
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
