// Rows: where the rows of a run go: counted, put into their format, and into the output or a file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/action.hpp"
#include "io/head_tail_buffer.hpp"
#include "jobs/saved_file.hpp"
#include "jobs/sql/connection.hpp"
#include "jobs/sql/spec.hpp"

namespace belfry::jobs::sql {

/// There are more rows than the spec allows; what() is a sentence.
class TooManyRows : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The spec, and the file if there is one, must outlive it. As RowSink for threads.
class Rows final : public RowSink {
 public:
  Rows(const Spec& spec, SavedFile* file)
      : spec_(spec), file_(file), format_(spec.format), output_(spec.output_budget) {}

  void begin(std::span<const std::string> columns) override;
  bool row(std::span<const Value> values) override;
  async::Task<> drain() override;

  /// A statement has ended.
  async::Task<> end(const StatementEnd& how);

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t changed() const noexcept { return changed_; }
  bool any_result() const noexcept { return any_result_; }
  /// The first thing that is not as the spec expects, as a sentence.
  std::optional<std::string> mismatch() const;
  void report(engine::Report& report) const;

 private:
  const Spec& spec_;
  SavedFile* file_;
  RowFormat format_;
  io::HeadTailBuffer output_;
  std::string waiting_;  // to be written
  std::uint64_t count_ = 0;
  std::uint64_t changed_ = 0;
  bool any_result_ = false;
  std::optional<Value::Kind> first_kind_;
  std::string first_value_;
};

}  // namespace belfry::jobs::sql
