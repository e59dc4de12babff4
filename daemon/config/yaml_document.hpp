// A YAML file as a small tree that remembers where every key and value stands, and how it was written.
//
// Built from the events of yaml-cpp, never from its Node tree, which keeps duplicate keys, ignores merge keys, follows
// cycles and needs fifty times the file. This tree is bounded in size, depth and expansion, has no cycles, and shares
// the nodes that aliases point to. Immutable; safe to read from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/error_list.hpp"
#include "daemon/config/source_text.hpp"

namespace belfry::daemon::yaml {

struct Node;

struct Entry {
  std::string key;
  Place place;  ///< of the key
  const Node* value = nullptr;
};

struct Node {
  enum class Kind : std::uint8_t { null, scalar, sequence, map };
  enum class Style : std::uint8_t { plain, quoted, block };

  Kind kind = Kind::null;
  Style style = Style::plain;      ///< of a scalar; a plain one may be meant as a number or a truth value
  Place place;                     ///< of the value; of the key when the value is empty
  std::string text;                ///< of a scalar: valid UTF-8 without NUL
  std::vector<const Node*> items;  ///< of a sequence
  std::vector<Entry> entries;      ///< of a map: in the order of the file, keys unique, merge keys applied
  std::size_t weight = 1;          ///< nodes of this tree when all aliases are written out

  /// The value of a key, or nullptr. Linear: meant for small maps.
  const Node* find(std::string_view key) const noexcept;
};

/// What a file may cost. The defaults keep any file under a second and 200 MB.
struct Limits {
  std::size_t bytes = std::size_t{4} << 20U;
  int depth = 64;
  std::size_t nodes = 250'000;  ///< with all aliases written out
};

/// One YAML document. The nodes live as long as it does.
class Document {
 public:
  /// Nothing when the file is empty (comments only).
  const Node* root() const noexcept { return root_; }

 private:
  friend class Builder;
  std::deque<Node> nodes_;
  const Node* root_ = nullptr;
};

/// Reads the only document of `source`. Mistakes go to `errors`; after a mistake of syntax the document holds no root,
/// after others (a duplicate key, a tag) it holds what could be understood. Takes time linear in the text. Never throws
/// but std::bad_alloc.
Document parse(const SourceText& source, ErrorList& errors, const Limits& limits = {});

}  // namespace belfry::daemon::yaml
