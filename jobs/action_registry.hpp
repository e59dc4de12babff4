// ActionRegistry: the kinds of actions that jobs may have besides programs (exec.hpp), which are declared by the job
// itself. Filled at the start by the program, then only read: any thread.
#pragma once

#include <string_view>
#include <vector>

#include "jobs/action_kind.hpp"

namespace belfry::jobs {

class ActionRegistry {
 public:
  /// With all kinds of jobs/ in it.
  static ActionRegistry with_builtins();

  /// Throws std::invalid_argument for a key that is taken, and for two forms of one name.
  void add(ActionKind kind);

  /// One thing more that a kind does. Throws std::invalid_argument for a kind that is not there and a name that is
  /// taken.
  void add_form(std::string_view key, ActionForm form);

  /// nullptr: there is none.
  const ActionKind* find(std::string_view key) const noexcept;

  /// By key.
  const std::vector<ActionKind>& kinds() const noexcept { return kinds_; }

  /// make_action() of its kind. REQUIRES: the kind is here.
  std::expected<ActionPointer, ParameterError> make(const ActionDeclaration& declaration,
                                                    const ActionContext& context) const;

 private:
  std::vector<ActionKind> kinds_;
};

}  // namespace belfry::jobs
