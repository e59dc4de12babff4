#include "daemon/config/load_config.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/config/action_reader.hpp"
#include "daemon/config/error_list.hpp"
#include "daemon/config/job_reader.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/plugins_reader.hpp"
#include "daemon/config/read_file.hpp"
#include "daemon/config/settings_reader.hpp"
#include "daemon/config/yaml_document.hpp"
#include "time/ics.hpp"

namespace belfry::daemon {
namespace {

using Kind = yaml::Node::Kind;

constexpr std::string_view jobs_expected = "a map of jobs by name, or a list of maps with a name each";

// Gathers the jobs in the order of the file.
class JobList {
 public:
  JobList(const JobContext& context, std::vector<JobSpec>& jobs) : context_(&context), jobs_(&jobs) {}

  void read(const Value& value) {
    if (value.node().kind == Kind::map) {
      for (const auto& entry : value.node().entries) read_named(value, entry);
    } else if (value.node().kind == Kind::sequence) {
      for (std::size_t i = 0; i < value.node().items.size(); ++i) read_item(value, i);
    } else {
      value.complain({"not a map", std::string(jobs_expected)});
    }
    check_dependencies(*jobs_, declared_, value.errors());
  }

 private:
  void read_named(const Value& jobs, const yaml::Entry& entry) {
    const auto value = jobs.child(entry);
    for (const auto& key : entry.value->entries) {
      if (key.key != "name") continue;
      value.errors().add(key.place, value.child(key).path(),
                         {"the name of this job is already its key", "no key \"name\" here"});
    }
    declared_.insert(entry.key);
    add(read_job(entry.key, entry.place, value, *context_));
  }

  void read_item(const Value& jobs, std::size_t index) {
    const auto item = jobs.item(index);
    if (!item.is_map("a map with a name")) return;
    const auto* name_node = item.node().find("name");
    if (name_node == nullptr) {
      item.errors().add(item.place(), item.path(), {"this job has no name", "the key \"name\""});
      return;
    }
    const Value name_value(*name_node, item.path() + ".name", item.errors());
    const auto name = name_value.text("the name of the job");
    if (!name) return;
    declared_.insert(*name);
    const auto [first, fresh] = names_.emplace(*name, name_value.place());
    if (!fresh) {
      name_value.complain({"two jobs have this name", "each name once",
                           "it is first given at line " + std::to_string(first->second.line) + ", column " +
                               std::to_string(first->second.column)});
    }
    add(read_job(*name, name_value.place(), Value(item.node(), path_to("jobs", *name), item.errors()), *context_));
  }

  void add(std::optional<JobSpec> job) {
    if (job) jobs_->push_back(std::move(*job));
  }

  const JobContext* context_;
  std::vector<JobSpec>* jobs_;
  std::map<std::string, Place> names_;
  JobNames declared_;  // those that are wrong, too
};

void read_top(const Value& root, const std::filesystem::path& folder, const LoadOptions& options,
              std::vector<SourceFile>& files, Config& config) {
  const MapReader top(root, top_section, true);
  config.settings = read_settings(top, folder);
  auto actions = std::make_shared<jobs::ActionRegistry>(
      options.actions == nullptr ? jobs::ActionRegistry::with_builtins() : *options.actions);
  if (const auto plugins = top.get("plugins")) read_plugins(*plugins, folder, options.read_plugin, files, *actions);
  config.actions = actions;
  const std::vector<Key> job_keys = keys_of_jobs(*actions);
  const Section section{job_section.name, job_keys};
  const std::vector<Key> step_keys = keys_of_steps(*actions);
  const Section of_steps{step_section.name, step_keys};
  JobContext context{.folder = folder,
                     .zone = config.settings.timezone,
                     .calendars = {},
                     .groups = {},
                     .defaults = {},
                     .started = options.started,
                     .actions = *actions,
                     .section = section,
                     .step_section = of_steps,
                     .notify = {.channels = config.channels,
                                .files = {.folder = folder, .read = options.read_secrets, .files = files}}};
  context.defaults.process.working_dir = folder;
  if (const auto calendars = top.get("calendars")) config.calendars = read_calendars(*calendars, folder, files);
  context.calendars = config.calendars;
  if (const auto groups = top.get("groups")) config.groups = read_groups(*groups);
  context.groups = config.groups;
  if (const auto channels = top.get("notify")) config.channels = read_channels(*channels, context.notify.files);
  if (const auto ping = top.get("ping")) config.ping = read_daemon_ping(*ping, context.notify.files);
  if (const auto tracing = top.get("tracing")) config.tracing = read_tracing(*tracing, context.notify.files);
  if (const auto catchup = top.get("catchup")) read_catchup(*catchup, config.catchup);
  if (const auto defaults = top.get("defaults")) context.defaults = read_defaults(*defaults, context);
  if (!top.has("jobs")) {
    root.errors().add(root.place(), "", {"the key \"jobs\" is missing", std::string(jobs_expected)});
  } else if (const auto jobs = top.get("jobs")) {
    JobList(context, config.jobs).read(*jobs);
  }
}

LoadResult parse(std::string text, std::string name, const std::filesystem::path& folder, const LoadOptions& options,
                 std::vector<SourceFile>& files) {
  const SourceText source(std::move(name), std::move(text));
  ErrorList errors(source);
  const auto document = yaml::parse(source, errors);
  Config config;
  const auto* root = document.root();
  if (root != nullptr && root->kind != Kind::null) {
    const Value value(*root, "", errors);
    if (value.is_map("a map with the key \"jobs\"")) read_top(value, folder, options, files, config);
  } else if (errors.empty()) {
    errors.add({1, 1}, "", {"the file is empty", "a map with the key \"jobs\""});
  }
  config.text = source.text();
  if (errors.empty()) return config;
  return std::unexpected(errors.take());
}

}  // namespace

LoadResult parse_config(std::string text, std::string name, const std::filesystem::path& folder,
                        const LoadOptions& options) {
  std::vector<SourceFile> files;
  return parse(std::move(text), std::move(name), folder, options, files);
}

Loaded load_with_files(const std::filesystem::path& path, const LoadOptions& options) {
  Loaded loaded;
  auto text = read_source(path, yaml::Limits{}.bytes, loaded.files);
  if (text) {
    const auto folder = std::filesystem::absolute(path).parent_path();
    loaded.config = parse(std::move(*text), path.native(), folder, options, loaded.files);
    return loaded;
  }
  const SourceText nothing(path.native(), "");
  ErrorList errors(nothing);
  errors.add({}, "", std::move(text.error()));
  loaded.config = std::unexpected(errors.take());
  return loaded;
}

LoadResult load_config(const std::filesystem::path& path, const LoadOptions& options) {
  return load_with_files(path, options).config;
}

bool up_to_date(const std::vector<SourceFile>& files) {
  return still_as_read(files, std::max(yaml::Limits{}.bytes, time::longest_ics));
}

}  // namespace belfry::daemon
