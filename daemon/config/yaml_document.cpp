#include "daemon/config/yaml_document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <istream>
#include <optional>
#include <ranges>
#include <unordered_map>
#include <utility>

#include "daemon/config/metered_input.hpp"
#include "daemon/config/syntax_message.hpp"
#include "daemon/config/text_check.hpp"
#include "daemon/config/utf8.hpp"

namespace belfry::daemon::yaml {

const Node* Node::find(std::string_view key) const noexcept {
  for (const auto& entry : entries) {
    if (entry.key == key) return entry.value;
  }
  return nullptr;
}

namespace {

// Ends the parse from inside a handler; the complaint is already in the list.
class Stop : public std::exception {};

constexpr std::string_view merge_key = "<<";
constexpr std::size_t longest_indentation = 256;  // that is searched for tabs

}  // namespace

/// Receives the events of one document. Nodes that are still open lie on the stack.
class Builder : public YAML::EventHandler {
 public:
  Builder(const SourceText& source, ErrorList& errors, const Limits& limits, MeteredInput& input)
      : source_(&source), errors_(&errors), limits_(limits), input_(&input) {}

  Document take() { return std::move(document_); }
  bool started() const { return started_; }

  /// The keys that lead to where the parser is.
  std::string path() const {
    std::string path;
    for (const auto& frame : stack_) {
      if (frame.node->kind == Node::Kind::sequence) {
        path += "[" + std::to_string(frame.node->items.size()) + "]";
      } else if (frame.key) {
        path = path_to(path, frame.key->key);
      }
    }
    return path;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(started_, true)) {
      stop(source_->place_at(offset(mark)),
           {"a second YAML document begins here", "one document", "put all jobs under the one \"jobs:\" key"});
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) {
      stop(source_->place_at(offset(mark)), {"a key is missing before \":\"", "KEY: VALUE"});
    }
    auto& node = make_node(Node::Kind::null, place_of_empty(mark), anchor);
    attach(node);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto place = source_->place_at(offset(mark));
    if (expects_key()) stop(place, {"an alias cannot be a key", "a word"});
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end()) stop(place, {"this alias points to an anchor that is not there"});
    for (const auto& frame : stack_) {
      if (frame.node == target->second) {
        stop(place, {"this alias stands inside the value of its own anchor", "an alias of an earlier value"});
      }
    }
    attach(*target->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const auto start = content_offset(mark);
    const auto style = style_at(start, tag);
    if (style == Node::Style::quoted) check_closed(start);
    const auto place = source_->place_at(start);
    check_tag(start, tag, place, style);
    check_value(value, place);
    if (expects_key()) {
      take_key(start, place, style, value);
      return;
    }
    auto& node = make_node(Node::Kind::scalar, place, anchor);
    node.style = style;
    node.text = value;
    attach(node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(Node::Kind::sequence, mark, tag, anchor, style == YAML::EmitterStyle::Flow);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(Node::Kind::map, mark, tag, anchor, style == YAML::EmitterStyle::Flow);
  }
  void OnMapEnd() override {
    merge();
    close();
  }

  Place latest_place() const { return source_->place_at(latest_); }

  /// Where the innermost bracket that is still open stands.
  std::optional<Place> open_bracket() const {
    for (const auto& frame : std::views::reverse(stack_)) {
      if (frame.flow) return frame.node->place;
    }
    return std::nullopt;
  }

 private:
  enum class KeyKind : std::uint8_t { own, merge, repeated };

  struct Frame {
    Node* node;
    bool flow;
    std::optional<Entry> key = std::nullopt;                 // read, and its value not yet
    KeyKind key_kind = KeyKind::own;                         // of that key
    std::unordered_map<std::string, Place> keys = {};        // of a map: all so far
    std::vector<std::pair<Place, const Node*>> merges = {};  // values of "<<"
  };

  [[noreturn]] void stop(Place place, Complaint complaint) {
    errors_->add(place, path(), std::move(complaint));
    throw Stop();
  }

  bool expects_key() const {
    return !stack_.empty() && stack_.back().node->kind == Node::Kind::map && !stack_.back().key;
  }

  // Called once for every event.
  std::size_t offset(const YAML::Mark& mark) {
    input_->reset();
    latest_ = source_->offset_of(mark.line, mark.column);
    return latest_;
  }

  // yaml-cpp marks an anchored value at its '&': step over the anchor when the value stands on the same line.
  std::size_t content_offset(const YAML::Mark& mark) {
    const auto text = source_->text();
    const auto start = offset(mark);
    if (start >= text.size() || text[start] != '&') return start;
    const auto end = text.find_first_of(" \t\r\n,[]{}", start);
    const auto content = text.find_first_not_of(" \t", end);
    return content == std::string_view::npos || text[content] == '\n' || text[content] == '\r' ? start : content;
  }

  Node::Style style_at(std::size_t start, const std::string& tag) const {
    const auto text = source_->text();
    if (tag == "?" || start >= text.size()) return Node::Style::plain;
    const char first = text[start];
    if (first == '"' || first == '\'') return Node::Style::quoted;
    return first == '|' || first == '>' ? Node::Style::block : Node::Style::plain;
  }

  // At the end of the file yaml-cpp takes an unclosed quote for a closed one, and the keys after it vanish.
  void check_closed(std::size_t start) {
    const auto text = source_->text();
    const char quote = text[start];
    for (auto at = start + 1; at < text.size(); ++at) {
      if (text[at] == '\\' && quote == '"') {
        ++at;
      } else if (text[at] == quote) {
        const bool doubled = quote == '\'' && at + 1 < text.size() && text[at + 1] == quote;
        if (!doubled) return;
        ++at;
      }
    }
    stop(source_->place_at(start), {"the quote that opens here is never closed", std::string("a closing ") + quote});
  }

  void check_tag(std::size_t start, const std::string& tag, Place place, Node::Style style) {
    const auto text = source_->text();
    const bool bare_tag = tag == "!" && style == Node::Style::plain;
    const bool written = start < text.size() && text[start] == '!';
    if (tag.empty() || tag == "?" || (tag == "!" && !bare_tag && !written)) return;
    errors_->add(place, path(),
                 {"YAML tags are not supported: " + in_quotes(tag), "a plain value",
                  "delete the tag, or put the value in quotes if it is meant to begin with \"!\""});
  }

  void check_value(const std::string& value, Place place) {
    if (value.find('\0') != std::string::npos) {
      stop(place, {"the value holds a NUL character", "text without \\0"});
    }
    if (!is_utf8(value)) stop(place, {"an escape in this value does not make valid UTF-8"});
  }

  void take_key(std::size_t start, Place place, Node::Style style, const std::string& value) {
    auto& frame = stack_.back();
    check_indentation(start);
    for (std::size_t at = 0; at < value.size(); at += character_at(value, at).size) {
      const auto code = character_at(value, at).code;
      if (is_odd_blank(code) || is_deceptive(code)) {
        stop(place, {"a no-break or other unusual space in the key " + in_quotes(value), "plain spaces",
                     "retype the spaces of this line"});
      }
    }
    frame.key = Entry{value, place, nullptr};
    frame.key_kind = KeyKind::merge;
    if (value == merge_key && style == Node::Style::plain) return;
    frame.key_kind = KeyKind::own;
    const auto [first, fresh] = frame.keys.emplace(value, place);
    if (!fresh) {
      errors_->add(place, path(),
                   {"the key " + in_quotes(value) + " is given twice", "each key once",
                    "it is first given at line " + std::to_string(first->second.line) + ", column " +
                        std::to_string(first->second.column)});
      frame.key_kind = KeyKind::repeated;
    }
  }

  void check_indentation(std::size_t start) {
    const auto line = source_->line_start(start);
    const auto before = source_->text().substr(line, std::min(start - line, longest_indentation));
    const auto tab = before.find('\t');
    if (tab != std::string_view::npos && before.find_first_not_of(" \t-") == std::string_view::npos) {
      stop(source_->place_at(line + tab), {"a tab in the indentation", "spaces", "YAML is indented by spaces only"});
    }
  }

  // An empty value is marked at whatever comes next, so it is placed at its key instead.
  Place place_of_empty(const YAML::Mark& mark) {
    const auto start = offset(mark);
    if (!stack_.empty() && stack_.back().key) return stack_.back().key->place;
    return source_->place_at(start);
  }

  Node& make_node(Node::Kind kind, Place place, YAML::anchor_t anchor) {
    if (document_.nodes_.size() >= limits_.nodes) stop(place, too_many_values());
    auto& node = document_.nodes_.emplace_back();
    node.kind = kind;
    node.place = place;
    if (anchor != 0) anchors_[anchor] = &node;
    return node;
  }

  Complaint too_many_values() const {
    return {"the file holds too many values", "at most " + std::to_string(limits_.nodes) + ", aliases written out",
            "split the jobs over several daemons"};
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, bool flow) {
    const auto start = content_offset(mark);
    const auto place = source_->place_at(start);
    if (expects_key()) stop(place, {"a list or map cannot be a key", "a word"});
    if (stack_.size() >= static_cast<std::size_t>(limits_.depth)) {
      stop(place, {"nested too deeply", "at most " + std::to_string(limits_.depth) + " levels"});
    }
    check_tag(start, tag, place, Node::Style::plain);
    stack_.push_back({.node = &make_node(kind, place, anchor), .flow = flow});
  }

  void close() {
    const auto& node = *stack_.back().node;
    stack_.pop_back();
    attach(node);
  }

  void attach(const Node& node) {
    if (stack_.empty()) {
      document_.root_ = &node;
      return;
    }
    auto& frame = stack_.back();
    frame.node->weight += node.weight;
    if (frame.node->weight > limits_.nodes) stop(node.place, too_many_values());
    if (frame.node->kind == Node::Kind::sequence) {
      frame.node->items.push_back(&node);
      return;
    }
    auto entry = std::exchange(frame.key, std::nullopt).value();
    if (frame.key_kind == KeyKind::merge) {
      frame.merges.emplace_back(entry.place, &node);
    } else if (frame.key_kind == KeyKind::own) {  // of a repeated key the first value counts
      entry.value = &node;
      frame.node->entries.push_back(std::move(entry));
    }
  }

  // YAML 1.1 merge keys: the map's own keys win, then the earlier of the merged maps.
  void merge() {
    auto& frame = stack_.back();
    for (const auto& [place, node] : frame.merges) {
      if (node->kind != Node::Kind::sequence) {
        merge_map(frame, place, *node);
        continue;
      }
      for (const auto* item : node->items) merge_map(frame, place, *item);
    }
  }

  void merge_map(Frame& frame, Place place, const Node& from) {
    if (from.kind != Node::Kind::map) {
      errors_->add(place, path(), {"\"<<\" merges maps only", "an alias of a map, or a list of them"});
      return;
    }
    for (const auto& entry : from.entries) {
      if (frame.keys.emplace(entry.key, entry.place).second) frame.node->entries.push_back(entry);
    }
  }

  const SourceText* source_;
  ErrorList* errors_;
  Limits limits_;
  MeteredInput* input_;
  std::size_t latest_ = 0;  // the byte at which the latest event stood
  Document document_;
  std::vector<Frame> stack_;
  std::unordered_map<YAML::anchor_t, const Node*> anchors_;
  bool started_ = false;
};

namespace {

void note_syntax(const SourceText& source, ErrorList& errors, const Builder& builder,
                 const YAML::ParserException& mistake) {
  const bool unclosed = mistake.msg == "end of sequence flow not found" || mistake.msg == "end of map flow not found";
  if (const auto bracket = builder.open_bracket(); unclosed && bracket) {
    errors.add(*bracket, builder.path(), {"the bracket that opens here is never closed", "a closing bracket"});
    return;
  }
  auto [place, complaint] =
      explain_syntax(source, mistake.msg, source.offset_of(mistake.mark.line, mistake.mark.column));
  errors.add(place, builder.path(), std::move(complaint));
}

}  // namespace

Document parse(const SourceText& source, ErrorList& errors, const Limits& limits) {
  if (!check_text(source, errors, limits.bytes)) return {};
  MeteredInput input(source.text());
  Builder builder(source, errors, limits, input);
  try {
    std::istream stream(&input);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Stop&) {
    return {};  // the complaint is in the list already
  } catch (const TooDense&) {
    errors.add(builder.latest_place(), builder.path(),
               {"too many brackets, commas and quotes in the value that begins here",
                "at most " + std::to_string(MeteredInput::limit), "move the data into a file of its own"});
  } catch (const YAML::ParserException& mistake) {
    note_syntax(source, errors, builder, mistake);
  }
  return {};
}

}  // namespace belfry::daemon::yaml
