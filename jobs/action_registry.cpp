#include "jobs/action_registry.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "jobs/file.hpp"
#include "jobs/http.hpp"
#include "jobs/native.hpp"
#include "jobs/sql/sql.hpp"

namespace belfry::jobs {

ActionRegistry ActionRegistry::with_builtins() {
  ActionRegistry registry;
  for (ActionKind& kind : std::vector{file_kind(), http_kind(), native_kind(builtin_functions()), sql_kind()})
    registry.add(std::move(kind));
  return registry;
}

void ActionRegistry::add(ActionKind kind) {
  if (find(kind.key) != nullptr || kind.key == "command" || kind.key == "flow") {
    throw std::invalid_argument("there is a kind of action '" + kind.key + "' already");
  }
  std::set<std::string_view> forms;
  for (const ActionForm& form : kind.forms) {
    if (!forms.insert(form.name).second) {
      throw std::invalid_argument("there is a " + kind.key + " " + kind.form_word + " '" + form.name + "' already");
    }
  }
  kinds_.insert(std::ranges::upper_bound(kinds_, kind.key, {}, &ActionKind::key), std::move(kind));
}

void ActionRegistry::add_form(std::string_view key, ActionForm form) {
  const auto kind = std::ranges::find(kinds_, key, &ActionKind::key);
  if (kind == kinds_.end()) throw std::invalid_argument("there is no kind of action '" + std::string(key) + "'");
  if (kind->find(form.name) != nullptr) {
    throw std::invalid_argument("there is a " + kind->key + " " + kind->form_word + " '" + form.name + "' already");
  }
  kind->forms.push_back(std::move(form));
}

const ActionKind* ActionRegistry::find(std::string_view key) const noexcept {
  const auto found = std::ranges::find(kinds_, key, &ActionKind::key);
  return found == kinds_.end() ? nullptr : &*found;
}

std::expected<ActionPointer, ParameterError> ActionRegistry::make(const ActionDeclaration& declaration,
                                                                  const ActionContext& context) const {
  const ActionKind* const kind = find(declaration.kind);
  if (kind == nullptr) throw std::invalid_argument("there is no kind of action '" + declaration.kind + "'");
  return make_action(*kind, declaration, context);
}

}  // namespace belfry::jobs
