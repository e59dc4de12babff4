#include "daemon/config/parameters_reader.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/config/json_value.hpp"
#include "jobs/flow_text.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

using jobs::ActionDeclaration;
using jobs::ActionForm;
using jobs::ActionKind;
using jobs::FormBy;
using jobs::ParameterInfo;
using jobs::ParameterType;
using Kind = yaml::Node::Kind;
using Known = std::span<const ParameterInfo>;

constexpr std::string_view file_suffix = "_file";

std::string names_of(Known known) {
  std::string text;
  for (const auto& info : known) text += (text.empty() ? "" : ", ") + std::string(info.name);
  return text;
}

/// What is known only while a flow runs is made absolute then.
bool is_for_later(const std::string& line, bool in_flow) { return in_flow && line.starts_with("${{"); }

/// What a text is when it is a path: absolute, line by line.
std::string absolute(const std::string& line, const std::filesystem::path& folder) {
  return (folder / line).lexically_normal().string();
}

/// "sqlite:", "https://": nothing in it is anybody's secret, and sentences name it.
bool is_bare_scheme(std::string_view url) {
  const auto colon = url.find(':');
  return colon != std::string_view::npos && url.find_first_not_of('/', colon + 1) == std::string_view::npos;
}

class Reader {
 public:
  Reader(const ActionKind& kind, const ParametersContext& context, ActionDeclaration& action)
      : kind_(kind), context_(context), action_(action) {}

  /// What the map gives; false when something was complained about. The key `passed_over` is somebody else's.
  bool read(const Value& map, Known known, const std::string& prefix, std::string_view passed_over = {}) {
    bool good = true;
    for (const auto& entry : map.node().entries) {
      if (!passed_over.empty() && entry.key == passed_over) continue;
      const auto info = std::ranges::find(known, entry.key, &ParameterInfo::name);
      if (info == known.end()) {
        complain_unknown(map, entry, known);
        good = false;
      } else if (!read_one(map.child(entry), *info, prefix)) {
        good = false;
      }
    }
    for (const auto& info : known) {
      if (!info.required || map.node().find(info.name) != nullptr) continue;
      map.errors().add(
          map.place(), map.path(),
          {"the parameter " + in_quotes(info.name) + " is missing", takes(info) + ": " + std::string(info.meaning)});
      good = false;
    }
    return good;
  }

  bool read_one(const Value& value, const ParameterInfo& info, const std::string& prefix) {
    const std::string name = prefix + std::string(info.name);
    switch (info.type) {
      case ParameterType::map:
        return is_map(value, "a map of " + names_of(info.keys)) && read(value, info.keys, name + ".");
      case ParameterType::table:
        return read_table(value, info, name + ".");
      case ParameterType::secret:
        return take_secret(value, name, read_secret(value, context_.secrets));
      case ParameterType::secret_file:
        return read_secret_path(value, name);
      case ParameterType::json: {
        auto text = json_text(value);
        return text && take(name, std::move(*text));
      }
      case ParameterType::block: {
        auto text = value.any_text(takes(info));
        if (text && info.program && context_.in_flow && jobs::has_flow_reference(*text)) {
          value.complain({"a reference in it: the value could become a part of what is run", "",
                          "hand the value over as a parameter, if there are such"});
          return false;
        }
        return text && take(name, std::move(*text));
      }
      default: {
        auto text = read_lines(value, info);
        return text && take(name, std::move(*text));
      }
    }
  }

 private:
  bool take(const std::string& name, std::string text) {
    action_.parameters[name] = std::move(text);
    return true;
  }

  bool take_secret(const Value& value, const std::string& name, std::optional<Secret> secret) {
    if (!secret) return false;
    if (context_.in_flow && jobs::has_flow_reference(secret->text)) {
      complain_of_secret(value, {"a reference in a secret", "the secret itself, or a file that holds it"});
      return false;
    }
    if (!action_.secrets.emplace(name, std::move(secret->text)).second) {
      complain_of_secret(value, {"it is given twice, as text and by a file", "one of the two"});
      return false;
    }
    return true;
  }

  /// Its path is a parameter like others: who names another file wants another run.
  bool read_secret_path(const Value& value, const std::string& name) {
    if (!take_secret(value, name.substr(0, name.size() - file_suffix.size()),
                     read_secret_file(value, context_.secrets))) {
      return false;
    }
    return take(name, value.node().text);
  }

  bool is_map(const Value& value, const std::string& expected) const {
    return kind_.has_secrets ? is_map_of_secrets(value, expected) : value.is_map(expected);
  }

  bool read_table(const Value& value, const ParameterInfo& info, const std::string& prefix) {
    if (!is_map(value, "a map of text by name")) return false;
    bool good = true;
    for (const auto& entry : value.node().entries) {
      const auto child = value.child(entry);
      if (info.secrets) {
        good = take_secret(child, prefix + entry.key, read_secret(child, context_.secrets)) && good;
      } else if (auto text = child.any_text("text")) {
        take(prefix + entry.key, std::move(*text));
      } else {
        good = false;
      }
    }
    return good;
  }

  std::optional<std::string> read_item(const Value& value, const ParameterInfo& info) const {
    if (info.type == ParameterType::url && value.node().kind == Kind::scalar && !is_bare_scheme(value.node().text)) {
      value.errors().hide(value.node().text);
    }
    auto text = value.text(takes(info));
    if (text && text->find('\n') != std::string::npos) {
      const Complaint complaint{"a line break in a parameter", takes(info)};
      info.type == ParameterType::url ? complain_of_secret(value, complaint) : value.complain(complaint);
      return std::nullopt;
    }
    if (text && info.type == ParameterType::path && !is_for_later(*text, context_.in_flow)) {
      text = absolute(*text, context_.folder);
    }
    return text;
  }

  /// One value, or the items of a list, one per line.
  std::optional<std::string> read_lines(const Value& value, const ParameterInfo& info) const {
    if (value.node().kind != Kind::sequence || !info.list) return read_item(value, info);
    const auto items = value.list(takes(info));
    if (!items) return std::nullopt;
    std::string lines;
    for (const auto& item : *items) {
      const auto text = read_item(item, info);
      if (!text) return std::nullopt;
      lines += *text + "\n";
    }
    if (info.type == ParameterType::path) lines.pop_back();  // as it always was: a job's fingerprint depends on it
    return lines;
  }

  void complain_unknown(const Value& map, const yaml::Entry& entry, Known known) const {
    if (kind_.has_secrets) map.errors().hide_line(entry.value->place);  // it may be meant for a key that holds one
    std::vector<std::string_view> names;
    for (const auto& info : known) names.push_back(info.name);
    map.errors().add(entry.place, map.child(entry).path(),
                     {"unknown parameter " + in_quotes(entry.key), "one of " + names_of(known),
                      time::did_you_mean(entry.key, names)});
  }

  const ActionKind& kind_;
  const ParametersContext& context_;
  ActionDeclaration& action_;
};

/// Puts what jobs/ says about a parameter to the place of its value.
void complain_about(const Value& map, const jobs::ParameterError& error, std::string_view key) {
  for (const auto& entry : map.node().entries) {
    const bool within = key.starts_with(entry.key + ".") && entry.value->kind == Kind::map;
    if (within) return complain_about(map.child(entry), error, key.substr(entry.key.size() + 1));
    if (entry.key == key || (entry.key == std::string(key) + std::string(file_suffix))) {
      map.errors().add(entry.value->place, map.child(entry).path(), {quotable(error.message, 300)});
      return;
    }
  }
  map.errors().add(map.place(), map.path(), {quotable(error.message, 300)});
}

std::optional<ActionDeclaration> checked(const Value& map, const ActionKind& kind, ActionDeclaration action,
                                         const ParametersContext& context) {
  ActionDeclaration sample = action;
  if (context.in_flow) {
    for (auto& [name, value] : sample.parameters) {
      const auto text = jobs::FlowText::parse(value);  // what is wrong with it is told by flow_references.hpp
      if (text) value = text->expand([](const jobs::FlowReference&) { return "1"; });
    }
  }
  const auto made = make_action(kind, sample, {.pool = nullptr, .working_dir = context.folder});
  if (made) return action;
  const auto given = action.parameters.find(made.error().key);
  if (context.in_flow && given != action.parameters.end() && jobs::has_flow_reference(given->second)) return action;
  complain_about(map, made.error(), made.error().key);
  return std::nullopt;
}

std::optional<ActionDeclaration> read_form(const Value& map, const ActionKind& kind, const ActionForm& form,
                                           const ParametersContext& context) {
  ActionDeclaration action{.kind = kind.key,
                           .form = form.name,
                           .parameters = {},
                           .prints = kind.prints || form.program,
                           .program = form.program};
  Reader reader(kind, context, action);
  const std::string_view passed_over = kind.form_by == FormBy::name ? std::string_view(kind.form_word) : "";
  if (!reader.read(map, form.parameters, "", passed_over)) return std::nullopt;
  return checked(map, kind, std::move(action), context);
}

std::optional<ActionDeclaration> read_text(const Value& value, const ActionKind& kind, const ActionForm& form,
                                           const ParametersContext& context) {
  ActionDeclaration action{.kind = kind.key, .form = form.name, .parameters = {}, .prints = kind.prints};
  const ParameterInfo* const info = jobs::find_parameter(form.parameters, kind.text_means);
  if (!Reader(kind, context, action).read_one(value, *info, "")) return std::nullopt;
  return checked(value, kind, std::move(action), context);
}

std::vector<std::string_view> form_names(const ActionKind& kind) {
  std::vector<std::string_view> names;
  names.reserve(kind.forms.size());
  for (const ActionForm& form : kind.forms) names.push_back(form.name);
  return names;
}

std::optional<ActionDeclaration> read_by_key(const Value& value, const ActionKind& kind,
                                             const ParametersContext& context) {
  const std::string expected = "one of " + kind.form_names() + ", with its parameters";
  if (!value.is_map(expected)) return std::nullopt;
  if (value.node().entries.size() != 1) {
    const std::string word = kind.form_word;
    value.complain({value.node().entries.empty() ? "no " + word + " is given" : "more than one " + word + " is given",
                    expected, "declare a job for each " + word});
    return std::nullopt;
  }
  const auto& entry = value.node().entries.front();
  if (const ActionForm* const form = kind.find(entry.key)) {
    const Value map = value.child(entry);
    if (!map.is_map("a map of " + names_of(form->parameters))) return std::nullopt;
    return read_form(map, kind, *form, context);
  }
  value.errors().add(entry.place, value.child(entry).path(),
                     {"unknown " + kind.key + " " + kind.form_word + " " + in_quotes(entry.key), expected,
                      time::did_you_mean(entry.key, form_names(kind))});
  return std::nullopt;
}

std::optional<ActionDeclaration> read_by_name(const Value& value, const ActionKind& kind,
                                              const ParametersContext& context) {
  if (!value.is_map("a map with " + kind.form_word + " and its parameters")) return std::nullopt;
  const std::string expected = "one of " + kind.form_names();
  const auto* node = value.node().find(kind.form_word);
  if (node == nullptr) {
    value.complain({"the key " + in_quotes(kind.form_word) + " is missing", expected});
    return std::nullopt;
  }
  const Value name(*node, path_to(value.path(), kind.form_word), value.errors());
  const auto text = name.text(expected);
  if (!text) return std::nullopt;
  if (const ActionForm* const form = kind.find(*text)) return read_form(value, kind, *form, context);
  name.complain({"no such " + kind.form_word, expected, time::did_you_mean(*text, form_names(kind))});
  return std::nullopt;
}

}  // namespace

std::optional<ActionDeclaration> read_declared_action(const Value& value, const ActionKind& kind,
                                                      const ParametersContext& context) {
  if (kind.form_by == FormBy::key) return read_by_key(value, kind, context);
  if (kind.form_by == FormBy::name) return read_by_name(value, kind, context);
  const ActionForm& form = kind.forms.front();
  if (!kind.text_means.empty() && value.node().kind == Kind::scalar) return read_text(value, kind, form, context);
  const std::string expected = kind.value + (kind.text_means.empty() ? " of " + names_of(form.parameters) : "");
  const bool is_map = kind.has_secrets ? is_map_of_secrets(value, expected) : value.is_map(expected);
  return is_map ? read_form(value, kind, form, context) : std::nullopt;
}

}  // namespace belfry::daemon
