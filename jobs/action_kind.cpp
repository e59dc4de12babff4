#include "jobs/action_kind.hpp"

#include <algorithm>

#include "time/suggest.hpp"

namespace belfry::jobs {

const ActionForm* ActionKind::find(std::string_view form) const noexcept {
  const auto found = std::ranges::find(forms, form, &ActionForm::name);
  return found == forms.end() ? nullptr : &*found;
}

std::string ActionKind::form_names() const {
  std::string list;
  for (const ActionForm& form : forms) list += (list.empty() ? "" : ", ") + form.name;
  return list;
}

std::expected<ActionPointer, ParameterError> make_action(const ActionKind& kind, const ActionDeclaration& declaration,
                                                         const ActionContext& context) {
  const ActionForm* const form = kind.find(declaration.form);
  if (form == nullptr) {
    std::vector<std::string_view> names;
    names.reserve(kind.forms.size());
    for (const ActionForm& known : kind.forms) names.push_back(known.name);
    const auto hint = time::did_you_mean(declaration.form, names);
    return std::unexpected(ParameterError{
        kind.form_word, "there is no " + kind.key + " " + kind.form_word + " '" + declaration.form + "'" +
                            (hint.empty() ? "" : ": " + hint) + "; there is " + kind.form_names()});
  }
  ParameterMap parameters = declaration.parameters;
  parameters.insert(declaration.secrets.begin(), declaration.secrets.end());
  ParameterReader reader(parameters, form->parameters);
  ActionPointer action = form->make(reader, context);
  if (reader.error()) return std::unexpected(*reader.error());
  return action;
}

}  // namespace belfry::jobs
