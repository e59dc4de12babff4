#include "daemon/config/flow_references.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

using jobs::FlowReference;
using Kind = yaml::Node::Kind;
using What = FlowReference::What;

constexpr std::string_view by_variable =
    "put it into a variable, as in environment: {VALUE: \"${{ ... }}\"}, and write \"$VALUE\"";

/// What is wrong with a reference, and what to do.
using Mistake = std::optional<Complaint>;

class Checker {
 public:
  explicit Checker(const FlowScope& scope) : scope_(scope), step_(scope.flow.steps[scope.number].step) {}

  void check(const Value& step) const {
    for (const auto& entry : step.node().entries) {
      const Value value = step.child(entry);
      const std::string_view key = entry.key;
      if (key == "if") {
        check_condition(value);
      } else if (key == "for_each") {
        if (step_.items_from) tell(value, mistake_in(*step_.items_from, true));
      } else if (key == "command" && value.node().kind == Kind::sequence) {
        check_arguments(value);
      } else if (key == "command" || key == "script") {
        refuse(value, "in a text for a shell or an interpreter, a value could become a part of the program",
               std::string(by_variable));
      } else if (key == "environment" || key == "stdin" || takes_references(key)) {
        check_texts(value);
      } else {
        refuse(value, "this key takes no reference",
               "references stand in the arguments of a command, environment, stdin, for_each, the message of an "
               "approval, and what an action takes");
      }
    }
  }

 private:
  /// Of the action, when it is none that is a program.
  bool takes_references(std::string_view key) const {
    if (key == "approval") return true;
    const auto* declared = std::get_if<jobs::ActionDeclaration>(&scope_.flow.steps[scope_.number].action);
    return declared != nullptr && declared->kind == key;
  }

  template <typename Visit>
  static void walk(const Value& value, Visit visit) {
    if (value.node().kind == Kind::scalar) visit(value);
    if (value.node().kind == Kind::sequence) {
      for (std::size_t i = 0; i < value.node().items.size(); ++i) walk(value.item(i), visit);
    }
    if (value.node().kind != Kind::map) return;
    for (const auto& entry : value.node().entries) {
      if (jobs::has_flow_reference(entry.key)) {
        value.errors().add(entry.place, value.path(), {in_quotes(entry.key) + ": a key takes no reference"});
      }
      walk(value.child(entry), visit);
    }
  }

  static void refuse(const Value& value, const std::string& why, const std::string& hint) {
    walk(value, [&](const Value& each) {
      const auto at = each.node().text.find("${{");
      if (at != std::string::npos) each.complain(time::ParseError{at, 0, why, hint});
    });
  }

  void check_texts(const Value& value) const {
    walk(value, [this](const Value& each) { check_text(each); });
  }

  void check_text(const Value& value) const {
    const std::string& written = value.node().text;
    if (!jobs::has_flow_reference(written)) return;
    const auto text = jobs::FlowText::parse(written);
    if (!text) {
      value.complain(time::ParseError{text.error().offset, 0, text.error().message, ""});
      return;
    }
    for (const auto& reference : text->references()) tell(value, mistake_in(reference, false));
  }

  /// -c, -lc, -euc of a shell, -c of Python, -e of Perl, Ruby, Node and sed.
  static bool announces_code(std::string_view option) {
    if (option == "-e" || option == "-E" || option == "--eval") return true;
    return option.size() > 1 && option.starts_with('-') && option.ends_with('c') &&
           option.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 1) ==
               std::string_view::npos;
  }

  /// What follows such an option is a program, whatever reads it.
  void check_arguments(const Value& value) const {
    for (std::size_t i = 0; i < value.node().items.size(); ++i) {
      const auto& before = i > 0 ? value.node().items[i - 1]->text : std::string();
      if (announces_code(before)) {
        refuse(value.item(i), "behind " + before + " stands a program, of which a value could become a part",
               std::string(by_variable));
      } else {
        check_texts(value.item(i));
      }
    }
  }

  void check_condition(const Value& value) const {
    if (!step_.condition) return;
    for (const auto& reference : step_.condition->references()) {
      if (reference.what == What::item || reference.what == What::matrix) {
        tell(value, Complaint{"a condition is asked once for the whole step, so it has no " + reference.text(), "",
                              "leave the item out of the list"});
      } else {
        tell(value, mistake_in(reference, false));
      }
    }
  }

  static void tell(const Value& value, Mistake mistake) {
    if (mistake) value.complain(*std::move(mistake));
  }

  Mistake mistake_in(const FlowReference& reference, bool in_list) const {
    if (reference.what == What::item) {
      if (!in_list && (step_.items_from || (!step_.items.empty() && step_.items[0].item))) return std::nullopt;
      return Complaint{"there is no item: this step has no for_each", "", ""};
    }
    if (reference.what == What::matrix) return mistake_in_matrix(reference);
    const auto found = scope_.numbers.find(reference.step);
    if (found == scope_.numbers.end()) {
      std::vector<std::string> ids;
      ids.reserve(scope_.numbers.size());
      for (const auto& [id, number] : scope_.numbers) ids.push_back(id);
      return Complaint{"there is no step " + in_quotes(reference.step), "the id of a step of this flow",
                       time::did_you_mean(reference.step, ids)};
    }
    const auto& other = scope_.flow.steps[found->second].step;
    const bool before = scope_.depends[found->second] || (step_.finally && !other.finally);
    if (!before) {
      return Complaint{"step " + in_quotes(other.id) + " need not have ended when this one begins", "",
                       "add it to needs"};
    }
    if (reference.what == What::outcome) return std::nullopt;
    std::vector<std::string> names;
    names.reserve(other.outputs.size());
    for (const auto& output : other.outputs) names.push_back(output.name());
    if (std::ranges::find(names, reference.name) != names.end()) return std::nullopt;
    return Complaint{"step " + in_quotes(other.id) + " has no output " + in_quotes(reference.name),
                     names.empty() ? "a key outputs in that step" : "one of its outputs",
                     time::did_you_mean(reference.name, names)};
  }

  Mistake mistake_in_matrix(const FlowReference& reference) const {
    std::vector<std::string> names;
    if (!step_.items.empty()) {
      for (const auto& [name, value] : step_.items[0].matrix) names.push_back(name);
    }
    if (std::ranges::find(names, reference.name) != names.end()) return std::nullopt;
    if (names.empty()) return Complaint{"this step has no matrix", "", ""};
    return Complaint{"its matrix has no " + in_quotes(reference.name), "a key of matrix",
                     time::did_you_mean(reference.name, names)};
  }

  const FlowScope& scope_;
  const jobs::FlowStep& step_;
};

}  // namespace

void check_flow_references(const Value& step, const FlowScope& scope) { Checker(scope).check(step); }

}  // namespace belfry::daemon
