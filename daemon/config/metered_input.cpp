#include "daemon/config/metered_input.hpp"

#include <algorithm>

namespace belfry::daemon::yaml {
namespace {

constexpr auto makes_token = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("[]{},:?!&*\"'")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

}  // namespace

MeteredInput::int_type MeteredInput::underflow() {
  if (rest_.empty()) return traits_type::eof();
  const auto size = std::min(rest_.size(), chunk_.size());
  for (const char c : rest_.substr(0, size)) dense_ += makes_token[static_cast<unsigned char>(c)] ? 1U : 0U;
  if (dense_ > limit) throw TooDense();
  std::copy_n(rest_.begin(), size, chunk_.data());
  rest_.remove_prefix(size);
  setg(chunk_.data(), chunk_.data(), chunk_.data() + size);
  return traits_type::to_int_type(chunk_[0]);
}

}  // namespace belfry::daemon::yaml
