#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <optional>
#include <stdexcept>

#include "io/fd.hpp"
#include "io/io_error.hpp"
#include "jobs/atomic_file.hpp"
#include "jobs/file_forms.hpp"
#include "jobs/file_run.hpp"
#include "time/suggest.hpp"

namespace belfry::jobs {

namespace {

constexpr std::size_t most_bytes = std::size_t{16} << 20U;  // of the template, and of what becomes of it

struct TemplateSpec {
  std::string from;
  std::string to;
  std::map<std::string, std::string> values;
  bool environment = false;
  std::optional<mode_t> mode;  ///< none: that of the template
  bool dry_run = false;
  bool fsync = true;
};

struct Template {
  std::string text;
  mode_t mode = 0;
};

Template read_template(const std::string& path, const FileRun& run) {
  const io::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) throw io::IoError(errno, "open", path);
  struct ::stat status{};
  if (::fstat(file.get(), &status) != 0) throw io::IoError(errno, "stat", path);
  if (!S_ISREG(status.st_mode)) throw io::IoError(EINVAL, "read what is no regular file:", path);
  Template result{.text = {}, .mode = status.st_mode & 0777U};
  std::array<char, std::size_t{64} << 10U> block;
  while (true) {
    run.check();
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw io::IoError(errno, "read", path);
    if (got == 0) return result;
    result.text.append(block.data(), static_cast<std::size_t>(got));
    if (result.text.size() > most_bytes) throw io::IoError(EFBIG, "read more than 16M of", path);
  }
}

bool is_name(std::string_view text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  return !text.empty() && letters.contains(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letters.contains(c) || (c >= '0' && c <= '9'); });
}

class Filling {
 public:
  Filling(const TemplateSpec& spec, std::string_view text) : spec_(spec), text_(text) {}

  std::string fill() {
    std::string result;
    while (at_ < text_.size()) {
      const auto next = std::min(text_.find('$', at_), text_.size());
      result += text_.substr(at_, next - at_);
      at_ = next;
      if (text_.substr(at_).starts_with("$${")) {
        result += "${";
        at_ += 3;
      } else if (text_.substr(at_).starts_with("${")) {
        result += value();
      } else if (at_ < text_.size()) {
        result += text_[at_++];
      }
      if (result.size() > most_bytes) fail("the result is larger than 16M");
    }
    return result;
  }

 private:
  std::string value() {
    const auto end = text_.find('}', at_);
    const std::string name(text_.substr(at_ + 2, end == std::string_view::npos ? 0 : end - at_ - 2));
    if (!is_name(name)) fail("${ wants a name and } behind it; write $${ for ${ itself");
    const auto found = spec_.values.find(name);
    const char* const variable = found == spec_.values.end() && spec_.environment ? ::getenv(name.c_str()) : nullptr;
    if (found == spec_.values.end() && variable == nullptr) fail("there is no value of " + name + hint(name));
    at_ = end + 1;
    return variable != nullptr ? variable : found->second;
  }

  std::string hint(const std::string& name) const {
    std::vector<std::string_view> names;
    names.reserve(spec_.values.size());
    for (const auto& [known, value] : spec_.values) names.push_back(known);
    const std::string hint = time::did_you_mean(name, names);
    return hint.empty() ? "" : "; " + hint;
  }

  [[noreturn]] void fail(const std::string& sentence) const {
    const auto before = text_.substr(0, at_);
    const auto line = 1 + std::ranges::count(before, '\n');
    const auto start = before.rfind('\n');
    const auto column = start == std::string_view::npos ? at_ + 1 : at_ - start;
    throw std::runtime_error(spec_.from + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + sentence);
  }

  const TemplateSpec& spec_;
  std::string_view text_;
  std::size_t at_ = 0;
};

std::string fill_template(const TemplateSpec& spec, FileRun& run) {
  const Template read = read_template(spec.from, run);
  const std::string text = Filling(spec, read.text).fill();
  if (spec.dry_run) {
    run.say(text);
    return "would write " + spec.to + ", " + format_size(text.size());
  }
  AtomicFile target(spec.to);
  target.write(text);
  target.set_mode(spec.mode.value_or(read.mode));
  run.check();
  target.commit({.overwrite = true, .sync = spec.fsync, .sync_folder = spec.fsync});
  return "wrote " + spec.to + ", " + format_size(text.size());
}

TemplateSpec read_spec(ParameterReader& reader, const ActionContext& context) {
  TemplateSpec spec;
  spec.from = read_path(reader, "from", context);
  spec.to = read_path(reader, "to", context);
  for (auto& [name, value] : reader.table("values")) {
    if (!is_name(name)) {
      reader.complain("values." + name, "'" + name + "' cannot stand in a template: a name has letters, digits and _");
    }
    spec.values.emplace(name, value);
  }
  spec.environment = reader.flag("environment");
  if (reader.has("mode")) spec.mode = read_mode(reader, "mode", 0);
  spec.dry_run = reader.flag("dry_run");
  spec.fsync = reader.flag("fsync");
  return spec;
}

}  // namespace

ActionForm file_template_form() {
  return {"template",
          "writes a file from a template with ${NAME} in it",
          {{.name = "from", .value = "a path", .meaning = "the template, of 16M at most", .required = true},
           {.name = "to", .value = "a path", .meaning = "the target; replaced as a whole", .required = true},
           {.name = "values", .type = ParameterType::table, .meaning = "what the names stand for; no secrets"},
           {.name = "environment",
            .type = ParameterType::flag,
            .fallback = "false",
            .meaning = "whether other names are variables of belfryd's own environment"},
           {.name = "mode", .value = "octal digits", .meaning = "permissions of the target; else the template's"},
           dry_run_parameter,
           fsync_parameter},
          [](ParameterReader& reader, const ActionContext& context) {
            auto work = [spec = read_spec(reader, context)](FileRun& run) { return fill_template(spec, run); };
            return file_action("template", std::move(work), context);
          }};
}

}  // namespace belfry::jobs
