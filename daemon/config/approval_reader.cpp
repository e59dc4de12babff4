#include "daemon/config/approval_reader.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "engine/approval.hpp"

namespace belfry::daemon {
namespace {

using jobs::ApprovalTimeout;

constexpr std::string_view approval_expected =
    R"(what is to be approved, such as "Deploy to production?", or a map such as {message: ..., on_timeout: skip})";

std::optional<std::string> read_message(const Value& value) {
  auto text = value.text(approval_expected);
  if (!text) return std::nullopt;
  if (text->size() <= engine::longest_approval_message) return text;
  value.complain({"this text is too long", "at most " + std::to_string(engine::longest_approval_message) + " bytes"});
  return std::nullopt;
}

}  // namespace

std::optional<ApprovalDeclaration> read_approval(const Value& value) {
  constexpr std::array<std::pair<std::string_view, ApprovalTimeout>, 3> words{
      {{"fail", ApprovalTimeout::fail}, {"skip", ApprovalTimeout::skip}, {"approve", ApprovalTimeout::approve}}};
  ApprovalDeclaration approval;
  if (value.node().kind != yaml::Node::Kind::map) {
    auto message = read_message(value);
    if (!message) return std::nullopt;
    approval.message = *std::move(message);
    return approval;
  }
  const MapReader map(value, approval_section);
  if (!map.has("message")) value.complain({"the key \"message\" is missing", std::string(approval_expected)});
  if (const auto message = map.get("message")) approval.message = read_message(*message).value_or("");
  if (const auto late = map.get("on_timeout")) approval.on_timeout = late->choice<ApprovalTimeout>(words);
  return map.all_known() ? std::optional(std::move(approval)) : std::nullopt;
}

void check_use_of_approval_keys(const MapReader& step, const ApprovalDeclaration& approval) {
  for (const std::string_view key : {"matrix", "for_each", "retries"}) {
    step.complain_at_key(key, {"a person is asked once, so an approval cannot have this", "", "delete the key"});
  }
  if (approval.on_timeout && !step.has("timeout")) {
    step.complain_at_key("approval", {"without a timeout it waits for ever, so on_timeout means nothing",
                                      "a key \"timeout\" beside approval"});
  }
}

}  // namespace belfry::daemon
