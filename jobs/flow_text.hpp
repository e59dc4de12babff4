// Texts of a flow with references in them: "--tag=${{ steps.build.outputs.tag }}".
//
//   steps.ID.outputs.NAME   what a step gave; of one that ran for each of several items, a JSON array
//   steps.ID.outcome        how a step ended: success, failure, ..., skipped
//   matrix.NAME, item       the values for which a step runs just now
//
// Plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace belfry::jobs {

struct FlowReference {
  enum class What : std::uint8_t { output, outcome, matrix, item };
  What what = What::item;
  std::string step{};  ///< of an output or an outcome
  std::string name{};  ///< of an output or a value of the matrix
  /// As it is written between the braces.
  std::string text() const;
  friend bool operator==(const FlowReference&, const FlowReference&) = default;
};

/// What is wrong with a text, and at which byte.
struct FlowTextError {
  std::size_t offset = 0;
  std::string message;  ///< one sentence without a full stop
};

/// Whether a step, an output or a value of a matrix may be called so: letters, digits, "_" and "-", beginning with a
/// letter or "_".
bool is_flow_name(std::string_view name) noexcept;

/// The same for messages.
inline constexpr std::string_view flow_name_expected =
    R"(letters, digits, "_" and "-", beginning with a letter or "_")";

/// Reads the reference at the beginning of `text`, and takes it off; `offset` of the error counts from there.
std::expected<FlowReference, FlowTextError> take_flow_reference(std::string_view& text);

class FlowText {
 public:
  FlowText() = default;

  /// Every "${{" opens a reference; there is no way to write one literally.
  static std::expected<FlowText, FlowTextError> parse(std::string_view text);

  std::vector<FlowReference> references() const;

  /// The reference, if the text is one and nothing else but blanks; nullptr otherwise.
  const FlowReference* only_reference() const noexcept;

  using ValueOf = std::function<std::string(const FlowReference&)>;
  std::string expand(const ValueOf& value_of) const;

 private:
  std::vector<std::variant<std::string, FlowReference>> parts_;
};

/// Whether there is a reference, be it right or wrong.
inline bool has_flow_reference(std::string_view text) noexcept { return text.contains("${{"); }

/// parse() and expand() of a text that was parsed before without an error.
std::string expand_flow_text(std::string_view text, const FlowText::ValueOf& value_of);

}  // namespace belfry::jobs
