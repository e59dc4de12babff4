#include "jobs/sql/rows.hpp"

#include <utility>

#include "jobs/sql/sentences.hpp"

namespace belfry::jobs::sql {

namespace {

constexpr std::size_t most_waiting = std::size_t{256} << 10U;  // bytes, until they are written
constexpr std::size_t most_compared = 4096;                    // bytes that are kept of the first value

std::string number_of_rows(std::uint64_t rows) { return std::to_string(rows) + (rows == 1 ? " row" : " rows"); }

std::string quote(std::string_view text) {
  const bool cut = text.size() > 80;
  std::string out;
  append_json_text(text.substr(0, 80), out);
  return cut ? out + "..." : out;
}

}  // namespace

void Rows::begin(std::span<const std::string> columns) {
  any_result_ = true;
  format_.begin(columns, waiting_);
}

bool Rows::row(std::span<const Value> values) {
  if (spec_.max_rows > 0 && count_ == spec_.max_rows) {
    throw TooManyRows("there are more than " + number_of_rows(count_) + ", which is max_rows");
  }
  if (count_++ == 0 && !values.empty()) {
    first_kind_ = values[0].kind;
    first_value_ = values[0].text.substr(0, most_compared);
  }
  format_.row(values, waiting_);
  if (waiting_.size() < most_waiting) return true;
  if (file_ != nullptr) return false;
  output_.append(std::exchange(waiting_, {}));
  return true;
}

async::Task<> Rows::drain() {
  if (waiting_.empty()) co_return;
  std::string text = std::exchange(waiting_, {});
  if (file_ == nullptr) {
    output_.append(text);
  } else {
    co_await file_->write(std::move(text));
  }
}

async::Task<> Rows::end(const StatementEnd& how) {
  if (how.had_rows) format_.end(waiting_);
  changed_ += how.changed;
  co_await drain();
}

std::optional<std::string> Rows::mismatch() const {
  const Expectation& expect = spec_.expect;
  const auto got = [this](const std::string& wanted) {
    return "there " + std::string(count_ == 1 ? "is " : "are ") + number_of_rows(count_) + ", and " + wanted +
           " expected";
  };
  if (expect.rows && count_ != *expect.rows) return got(std::to_string(*expect.rows) + " are");
  if (expect.min_rows && count_ < *expect.min_rows) return got("at least " + std::to_string(*expect.min_rows) + " are");
  if (expect.max_rows && count_ > *expect.max_rows) return got("at most " + std::to_string(*expect.max_rows) + " are");
  if (expect.changed && changed_ != *expect.changed) {
    return number_of_rows(changed_) + (changed_ == 1 ? " was" : " were") + " changed, and " +
           std::to_string(*expect.changed) + " are expected";
  }
  if (!expect.value) return std::nullopt;
  if (!first_kind_) return "there is no row, and the value " + quote(*expect.value) + " is expected";
  const bool null = *first_kind_ == Value::Kind::null;
  if (!null && first_value_ == *expect.value) return std::nullopt;
  return "the first value is " + (null ? "NULL" : quote(first_value_)) + ", and " + quote(*expect.value) +
         " is expected";
}

void Rows::report(engine::Report& report) const {
  io::HeadTailBuffer output = output_;
  if (file_ == nullptr) output.append(waiting_);
  report.standard_output = {
      .head = output.head(), .tail = output.tail(), .total_bytes = output.total(), .dropped_bytes = output.dropped()};
}

}  // namespace belfry::jobs::sql
