#include "daemon/config/flow_reader.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "daemon/config/flow_references.hpp"
#include "engine/dependency_graph.hpp"
#include "jobs/flow_graph.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;
using Kind = yaml::Node::Kind;

constexpr std::string_view steps_expected = "a list of steps, each a map such as {id: build, command: make}";

/// A step as it stands in the file.
struct Declared {
  Value value;
  std::string id;
  bool finally;
};

class FlowReader {
 public:
  explicit FlowReader(const FlowContext& context) : context_(context) {}

  void add(const Value& list, bool finally) {
    const auto items = list.list(steps_expected);
    if (!items) return;
    if (declared_.size() + items->size() > jobs::most_flow_steps) {
      list.errors().add(
          list.place(), list.path(),
          {"too many steps: " + std::to_string(items->size()), "at most " + std::to_string(jobs::most_flow_steps)});
      return;
    }
    for (const auto& item : *items) {
      if (item.is_map(steps_expected)) declared_.push_back({.value = item, .id = id_of(item), .finally = finally});
    }
  }

  std::optional<FlowSpec> read() {
    FlowSpec flow;
    bool whole = true;
    for (const Declared& declared : declared_) {
      const MapReader map(declared.value, context_.step);
      auto step = read_step(map, declared.id, context_);
      whole = whole && step && map.all_known();
      if (step && step->step.approval && declared.finally) {
        map.complain_at_key("approval", {"steps of finally also run when the flow is being ended, and wait for nobody",
                                         "", "ask in one of the other steps"});
      }
      flow.steps.push_back(step ? *std::move(step) : StepSpec());
      flow.steps.back().step.finally = declared.finally;
      flow.steps.back().step.id = declared.id;
    }
    whole = whole && !declared_.empty();
    for (std::size_t i = 0; i < declared_.size(); ++i) read_needs(i, flow.steps[i].step.needs);
    if (!unique_ || !check_circles(flow) || !whole) return std::nullopt;
    check_references(flow);
    return flow;
  }

 private:
  std::string id_of(const Value& step) {
    const auto* node = step.node().find("id");
    std::string id = "step_" + std::to_string(declared_.size() + 1);
    if (node == nullptr || node->kind == Kind::null) {
      if (!numbers_.try_emplace(id, declared_.size()).second) {
        step.complain({"this step has no id, and " + in_quotes(id) + ", which it would get, is that of another one",
                       "each id once", "give this step an id"});
        unique_ = false;
      }
      return id;
    }
    const Value value(*node, step.path() + ".id", step.errors());
    if (const auto text = value.text("the id of the step")) id = *text;
    if (!jobs::is_flow_name(id)) value.complain({"not a name", std::string(jobs::flow_name_expected)});
    if (id.size() > 64) value.complain({"this name is too long", "at most 64 bytes"});
    if (!numbers_.emplace(id, declared_.size()).second) {
      value.complain({"two steps have this id", "each id once"});
      unique_ = false;
    }
    return id;
  }

  void read_needs(std::size_t number, std::vector<std::size_t>& needs) {
    const Declared& declared = declared_[number];
    const auto* node = declared.value.node().find("needs");
    if (node == nullptr || node->kind == Kind::null) {
      if (number > 0 && declared_[number - 1].finally == declared.finally) needs.push_back(number - 1);
      return;
    }
    const Value value(*node, declared.value.path() + ".needs", declared.value.errors());
    if (value.is_none() || (node->kind == Kind::sequence && node->items.empty())) return;
    std::vector<Value> items{value};
    if (node->kind == Kind::sequence) items = value.list("a list of steps").value_or(std::vector<Value>{});
    for (const Value& item : items) read_need(item, declared, needs);
  }

  void read_need(const Value& item, const Declared& declared, std::vector<std::size_t>& needs) {
    const auto name = item.text("the id of a step");
    if (!name) return;
    const auto found = numbers_.find(*name);
    if (found == numbers_.end()) {
      item.complain({"there is no such step", "the id of a step of this flow", time::did_you_mean(*name, ids())});
    } else if (declared_[found->second].finally != declared.finally) {
      item.complain({declared.finally ? "the steps of finally begin when all others have ended; they need none of them"
                                      : "this is a step of finally, which begins when all others have ended",
                     "", declared.finally ? "ask how it ended by if: success(" + *name + ")" : ""});
    } else if (std::ranges::find(needs, found->second) != needs.end()) {
      item.complain({"this step is in the list already", "each step once"});
    } else {
      needs.push_back(found->second);
    }
  }

  std::vector<std::string> ids() const {
    std::vector<std::string> ids;
    ids.reserve(numbers_.size());
    for (const auto& [id, number] : numbers_) ids.push_back(id);
    return ids;
  }

  bool check_circles(const FlowSpec& flow) const {
    engine::DependencyGraph graph;
    for (std::size_t i = 0; i < declared_.size(); ++i) {
      for (const std::size_t needed : flow.steps[i].step.needs) graph[declared_[i].id].push_back(declared_[needed].id);
    }
    const auto cycles = engine::dependency_cycles(graph);
    for (const auto& cycle : cycles) {
      const Value& step = declared_[numbers_.at(cycle[0])].value;
      const auto* needs = step.node().find("needs");
      const bool chained = std::ranges::any_of(cycle, [this](const std::string& id) {
        return declared_[numbers_.at(id)].value.node().find("needs") == nullptr;
      });
      step.errors().add(
          needs != nullptr ? needs->place : step.place(), step.path() + ".needs",
          {cycle.size() == 1 ? in_quotes(cycle[0]) + ": a step cannot need itself"
                             : "steps that need each other in a circle: " + engine::to_string(cycle),
           "", chained ? "a step without needs needs the one before it" : "one of them must not wait for the next"});
    }
    return cycles.empty();
  }

  void check_references(const FlowSpec& flow) const {
    std::vector<std::vector<std::size_t>> needs;
    needs.reserve(flow.steps.size());
    for (const auto& spec : flow.steps) needs.push_back(spec.step.needs);
    const auto depends = jobs::all_needed(needs);
    for (std::size_t i = 0; i < declared_.size(); ++i) {
      check_flow_references(declared_[i].value,
                            {.flow = flow, .number = i, .depends = depends[i], .numbers = numbers_});
    }
  }

  const FlowContext& context_;
  std::vector<Declared> declared_;
  std::map<std::string, std::size_t, std::less<>> numbers_;
  bool unique_ = true;  // what comes next would be told of the wrong one
};

void read_settings(const MapReader& map, FlowSpec& flow) {
  constexpr std::array<std::pair<std::string_view, bool>, 2> from{{{"failed", false}, {"start", true}}};
  if (const auto value = map.get("max_parallel")) {
    flow.max_parallel = static_cast<std::size_t>(value->integer(1, 1'000).value_or(1));
  }
  if (const auto value = map.get("finally_timeout")) {
    flow.finally_timeout = value->duration({.minimum = 1s, .maximum = 24h}).value_or(flow.finally_timeout);
    if (!map.has("finally"))
      map.complain_at_key("finally_timeout", {"there is nothing that it could limit", "a key finally"});
  }
  if (const auto value = map.get("retry_from")) flow.retry_from_start = value->choice<bool>(from).value_or(false);
}

}  // namespace

std::optional<FlowSpec> read_flow(const Value& value, const FlowContext& context) {
  FlowReader reader(context);
  if (value.node().kind == Kind::sequence) {
    reader.add(value, false);
    return reader.read();
  }
  if (!value.is_map("a list of steps, or a map with the keys steps and finally")) return std::nullopt;
  const MapReader map(value, flow_section);
  if (const auto steps = map.get("steps")) {
    reader.add(*steps, false);
  } else if (!map.has("steps")) {
    value.complain({"the key \"steps\" is missing", std::string(steps_expected)});
  }
  if (const auto steps = map.get("finally")) reader.add(*steps, true);
  auto flow = reader.read();
  FlowSpec settings;
  read_settings(map, settings);
  if (!flow) return std::nullopt;
  settings.steps = std::move(flow->steps);
  return settings;
}

}  // namespace belfry::daemon
