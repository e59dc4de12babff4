#include "observe/log_writer.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace belfry;

namespace {

/// Its first write lasts until it is let go: what is pushed meanwhile is one batch.
class HeldOutput final : public observe::LogOutput {
 public:
  HeldOutput(std::vector<std::string>& written, std::promise<void>& begun, std::future<void> go, std::size_t joined)
      : written_(written), begun_(begun), go_(std::move(go)), joined_(joined) {}
  std::size_t most_joined() const noexcept override { return joined_; }
  observe::Written write(const std::string& record, std::chrono::milliseconds) override {
    written_.push_back(record);
    if (written_.size() == 1) {
      begun_.set_value();
      go_.wait();
    }
    return observe::Written::yes;
  }

 private:
  std::vector<std::string>& written_;
  std::promise<void>& begun_;
  std::future<void> go_;
  std::size_t joined_;
};

std::vector<std::string> written_with(std::size_t joined) {
  std::vector<std::string> written;
  std::promise<void> begun;
  std::promise<void> go;
  observe::LogWriter writer(std::make_unique<HeldOutput>(written, begun, go.get_future(), joined), 100);
  writer.push("first\n");
  begun.get_future().wait();
  for (const char* line : {"one\n", "two\n", "three\n", "longer than all\n"}) writer.push(line);
  go.set_value();
  writer.flush();
  return written;
}

}  // namespace

TEST_CASE("lines that wait are written together, each as a whole", "[log_writer]") {
  CHECK(written_with(14) == std::vector<std::string>{"first\n", "one\ntwo\nthree\n", "longer than all\n"});
  CHECK(written_with(13) == std::vector<std::string>{"first\n", "one\ntwo\n", "three\n", "longer than all\n"});
}

TEST_CASE("records of an output that joins none are written one by one", "[log_writer]") {
  CHECK(written_with(0) == std::vector<std::string>{"first\n", "one\n", "two\n", "three\n", "longer than all\n"});
}
