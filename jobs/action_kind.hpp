// ActionKind: one kind of action, as its pair of files declares it: the key of a job, its forms, their parameters.
//
// From the declaration come parsing and checks (daemon/config/parameters_reader.hpp), the table in
// docs/configuration.md, the JSON Schema and `belfry explain --action`. docs/adding-an-action.md shows how to write
// one. Plain values; immutable once in the registry, any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/thread_pool.hpp"
#include "engine/action.hpp"
#include "jobs/parameters.hpp"

namespace belfry::jobs {

struct ExecSpec;

using ActionPointer = std::shared_ptr<const engine::Action>;

/// What an action gets from its surroundings.
struct ActionContext {
  /// For what blocks; must outlive the action's runs. Null: the action is made only to see whether it can be.
  async::ThreadPool* pool = nullptr;
  std::filesystem::path working_dir;                       ///< absolute: where relative paths start
  std::uint64_t output_budget = std::uint64_t{64} << 10U;  ///< how many bytes of output are kept
  /// Of forms that run a program: what the job says about programs, without a command. Null: as `pool`.
  const ExecSpec* process = nullptr;
};

/// One of the things that a kind does.
struct ActionForm {
  std::string name;     ///< "copy"; empty when the kind has but one
  std::string summary;  ///< for people
  std::vector<ParameterInfo> parameters;
  /// Checks the values, once, at load time, and makes the action. Never blocks, and touches no file. Where it complains
  /// to the reader, what it returns is not used.
  std::function<ActionPointer(ParameterReader& reader, const ActionContext& context)> make;
  /// What is right and likely not meant, by parameter, for `belfry lint`. Empty: nothing ever.
  std::function<std::vector<ParameterError>(ParameterReader& reader)> lint{};
  bool program = false;  ///< a run is a program: the job may have the keys that are about programs
};

/// How a job says which form it means.
enum class FormBy : std::uint8_t {
  none,  ///< there is one
  key,   ///< {copy: {from: ...}}
  name,  ///< {function: checksum, paths: ...}: the value of the key `form_word`
};

struct ActionKind {
  std::string key;      ///< of a job, and Action::kind()
  std::string value;    ///< what the key takes, for people: "a map"
  std::string meaning;  ///< one line for people
  FormBy form_by = FormBy::none;
  std::string form_word;     ///< what a form is called: "operation"; with FormBy::name, the key
  std::string text_means;    ///< the parameter that a plain text instead of a map stands for; empty: there is none
  bool prints = false;       ///< its runs have an output: the job's key `output` is about it
  bool has_secrets = false;  ///< no message quotes what it cannot understand
  std::vector<ActionForm> forms;

  const ActionForm* find(std::string_view form) const noexcept;
  /// "copy, move, delete, rotate".
  std::string form_names() const;
};

/// An action as a job declares it, checked.
struct ActionDeclaration {
  std::string kind;
  std::string form;
  ParameterMap parameters;
  ParameterMap secrets{};  ///< parameters, too, that nothing may show, not even by their sum
  bool prints = false;     ///< of the kind
  bool program = false;    ///< of the form
};

/// The action, or what is wrong with a parameter; `key` is "operation" or whatever the forms are called when there is
/// no such form.
std::expected<ActionPointer, ParameterError> make_action(const ActionKind& kind, const ActionDeclaration& declaration,
                                                         const ActionContext& context);

}  // namespace belfry::jobs
