// The key `if` of a flow's step: "success(build) && steps.plan.outputs.changed == 'yes'".
//
//   or      = and { "||" and }          and  = not { "&&" not }          not = { "!" } primary
//   primary = "(" or ")" | test [ "(" STEP ")" | "()" ] | value ( "==" | "!=" ) value
//   test    = "success" | "failure" | "always"
//   value   = a reference (flow_text.hpp) | 'text' ('' for a quote in it) | a whole number
//
// Texts are compared as they are. There is nothing that could fail, or take long, while a flow runs. Plain values; any
// thread.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/flow_text.hpp"

namespace belfry::jobs {

/// What a condition is about.
class FlowFacts {
 public:
  virtual ~FlowFacts() = default;
  virtual std::string value_of(const FlowReference& reference) const = 0;
  /// Whether that step went well; of no name: whether all went well that the asking step needs.
  virtual bool succeeded(const std::string& step) const = 0;
  /// Whether that step failed; of no name: one of those on which the asking step depends, however far away.
  virtual bool failed(const std::string& step) const = 0;
};

class FlowCondition {
 public:
  /// Refuses what cannot be true or false, and an outcome that is compared with a word that is none.
  static std::expected<FlowCondition, FlowTextError> parse(std::string_view text);

  bool holds(const FlowFacts& facts) const;

  /// All in it, in order; a test of a step counts as a reference to its outcome.
  const std::vector<FlowReference>& references() const noexcept { return references_; }

  /// Whether it says itself what must have become of the steps before. If not, these must have succeeded, too.
  bool is_about_results() const noexcept { return about_results_; }

 private:
  struct Value {
    bool is_reference = false;
    FlowReference reference;
    std::string text;
  };
  struct Node {
    enum class Kind : std::uint8_t { either, both, negation, success, failure, always, equal, different };
    Kind kind = Kind::always;
    std::vector<Node> parts{};    // of either, both, negation
    std::string step{};           // of success, failure
    std::vector<Value> values{};  // of equal, different: two
  };
  class Parser;

  static bool holds(const Node& node, const FlowFacts& facts);

  std::shared_ptr<const Node> root_;
  std::vector<FlowReference> references_;
  bool about_results_ = false;
};

}  // namespace belfry::jobs
