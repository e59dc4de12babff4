#include "jobs/flow_condition.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "time/suggest.hpp"

namespace belfry::jobs {

namespace {

constexpr int deepest = 32;  // parentheses and negations within each other

constexpr std::array<std::string_view, 7> outcome_words{"success",     "failure",   "timeout", "killed",
                                                        "start_error", "cancelled", "skipped"};

}  // namespace

class FlowCondition::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), rest_(text) {}

  std::expected<FlowCondition, FlowTextError> parse() {
    skip_blanks();
    const bool braces = take("${{");
    Node root = either(0);
    if (braces && !error_ && !take("}}")) complain(R"(a "${{" is not closed by "}}")");
    skip_blanks();
    if (!rest_.empty()) complain("something stands behind the end of the condition; join conditions by && or ||");
    if (error_) return std::unexpected(*std::move(error_));
    condition_.root_ = std::make_shared<const Node>(std::move(root));
    return std::move(condition_);
  }

 private:
  void complain(std::string message) { complain(offset(), std::move(message)); }
  void complain(std::size_t at, std::string message) {
    if (!error_) error_ = FlowTextError{.offset = at, .message = std::move(message)};
    rest_ = {};  // nothing more is read
  }

  std::size_t offset() const {
    return rest_.empty() ? text_.size() : static_cast<std::size_t>(rest_.data() - text_.data());
  }

  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == '\n')) {
      rest_.remove_prefix(1);
    }
  }

  bool take(std::string_view token) {
    skip_blanks();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  Node either(int depth) {
    return joined(Node::Kind::either, "||", [&] { return both(depth); });
  }
  Node both(int depth) {
    return joined(Node::Kind::both, "&&", [&] { return negation(depth); });
  }

  template <typename Part>
  Node joined(Node::Kind kind, std::string_view sign, Part part) {
    Node first = part();
    if (!take(sign)) return first;
    Node node{.kind = kind};
    node.parts.push_back(std::move(first));
    do node.parts.push_back(part());
    while (take(sign));
    return node;
  }

  Node negation(int depth) {
    if (depth > deepest) {
      complain("this condition is nested too deeply");
      return {};
    }
    skip_blanks();
    if (rest_.starts_with("!=") || !take("!")) return primary(depth);
    Node node{.kind = Node::Kind::negation};
    node.parts.push_back(negation(depth + 1));
    return node;
  }

  Node primary(int depth) {
    if (take("(")) {
      Node node = either(depth + 1);
      if (!error_ && !take(")")) complain(R"(a "(" is not closed)");
      return node;
    }
    skip_blanks();
    for (const auto& [word, kind] : {std::pair{"success", Node::Kind::success},
                                     {"failure", Node::Kind::failure},
                                     {"always", Node::Kind::always}}) {
      if (!starts_with_call(word)) continue;
      return test(word, kind);
    }
    return comparison();
  }

  bool starts_with_call(std::string_view word) const {
    if (!rest_.starts_with(word)) return false;
    const auto behind = rest_.substr(word.size());
    const auto at = behind.find_first_not_of(" \t\n");
    return at != std::string_view::npos && behind[at] == '(';
  }

  Node test(std::string_view word, Node::Kind kind) {
    Node node{.kind = kind};
    take(word);
    take("(");
    skip_blanks();
    const auto begin = offset();
    const auto end = std::min(rest_.find_first_of(" \t\n)"), rest_.size());
    node.step = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (!take(")")) {
      complain("\"" + std::string(word) + "(\" is not closed; between the parentheses is nothing, or one step");
      return node;
    }
    condition_.about_results_ = true;
    if (node.step.empty()) return node;
    if (kind == Node::Kind::always)
      complain(begin, "always() is about no step: there is nothing between its parentheses");
    if (!is_flow_name(node.step)) complain(begin, "not the id of a step");
    condition_.references_.push_back({.what = FlowReference::What::outcome, .step = node.step});
    return node;
  }

  Node comparison() {
    Node node{.kind = Node::Kind::equal};
    const auto begin = offset();
    node.values.push_back(value());
    if (error_) return node;
    const bool equal = take("==");
    if (!equal && !take("!=")) {
      complain(begin, "a value alone is neither true nor false; compare it, as in " +
                          (node.values[0].is_reference ? node.values[0].reference.text() : "item") + " == 'yes'");
      return node;
    }
    if (!equal) node.kind = Node::Kind::different;
    skip_blanks();
    const auto second = offset();
    node.values.push_back(value());
    if (error_) return node;
    check_outcome(node.values[0], node.values[1], second);
    check_outcome(node.values[1], node.values[0], begin);
    return node;
  }

  void check_outcome(const Value& left, const Value& right, std::size_t at) {
    if (!left.is_reference || left.reference.what != FlowReference::What::outcome || right.is_reference) return;
    condition_.about_results_ = true;
    if (std::ranges::find(outcome_words, right.text) != outcome_words.end()) return;
    std::string message = "'" + right.text + "' is no outcome; there are";
    for (const auto word : outcome_words) message += (word == outcome_words.front() ? " " : ", ") + std::string(word);
    const auto hint = time::did_you_mean(right.text, std::vector(outcome_words.begin(), outcome_words.end()));
    complain(at, message + (hint.empty() ? "" : "; " + hint));
  }

  Value value() {
    Value value;
    skip_blanks();
    if (rest_.starts_with('\'')) {
      value.text = quoted();
    } else if (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      const auto end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
      value.text = rest_.substr(0, end);
      rest_.remove_prefix(end);
    } else if (rest_.starts_with('"')) {
      complain("texts stand between single quotes: 'yes'");
    } else {
      const auto at = offset();
      auto reference = take_flow_reference(rest_);
      if (!reference) {
        complain(at, reference.error().message + ", success(), failure(), always(), and texts such as 'yes'");
        return value;
      }
      value.is_reference = true;
      value.reference = *std::move(reference);
      condition_.references_.push_back(value.reference);
    }
    return value;
  }

  std::string quoted() {
    std::string text;
    const auto begin = offset();
    rest_.remove_prefix(1);
    while (true) {
      const auto end = rest_.find('\'');
      if (end == std::string_view::npos) {
        complain(begin, "a ' is not closed");
        return text;
      }
      text += rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      if (!rest_.starts_with('\'')) return text;
      text += '\'';
      rest_.remove_prefix(1);
    }
  }

  std::string_view text_;
  std::string_view rest_;
  FlowCondition condition_;
  std::optional<FlowTextError> error_;
};

std::expected<FlowCondition, FlowTextError> FlowCondition::parse(std::string_view text) { return Parser(text).parse(); }

bool FlowCondition::holds(const FlowFacts& facts) const { return holds(*root_, facts); }

bool FlowCondition::holds(const Node& node, const FlowFacts& facts) {
  const auto part_holds = [&facts](const Node& part) { return holds(part, facts); };
  const auto text_of = [&facts](const Value& value) {
    return value.is_reference ? facts.value_of(value.reference) : value.text;
  };
  switch (node.kind) {
    case Node::Kind::either:
      return std::ranges::any_of(node.parts, part_holds);
    case Node::Kind::both:
      return std::ranges::all_of(node.parts, part_holds);
    case Node::Kind::negation:
      return !holds(node.parts[0], facts);
    case Node::Kind::success:
      return facts.succeeded(node.step);
    case Node::Kind::failure:
      return facts.failed(node.step);
    case Node::Kind::always:
      return true;
    case Node::Kind::equal:
      return text_of(node.values[0]) == text_of(node.values[1]);
    case Node::Kind::different:
      return text_of(node.values[0]) != text_of(node.values[1]);
  }
  return false;
}

}  // namespace belfry::jobs
