#include "observe/ledger_log.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "observe/figures_ledger.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using Figures = test::FiguresLedger;

namespace {

/// What was logged while `steps` ran.
std::string log_of(auto steps) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  observe::LogOptions options;
  options.fd = ::fileno(file);
  options.format = observe::LogFormat::journal;
  std::string text;
  {
    observe::Log log(options);
    Figures ledger;
    observe::LedgerLog ledger_log(log, ledger);
    testing::run_async([&]() -> async::Task<> {
      steps(ledger, ledger_log);
      co_return;
    });
    log.flush();
    std::rewind(file);
    for (int c = 0; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
  }
  std::fclose(file);
  return text;
}

}  // namespace

TEST_CASE("a ledger that cannot be written is told once, and that it is written again", "[ledger_log]") {
  const std::string text = log_of([](Figures& ledger, observe::LedgerLog& log) {
    log.check();
    ledger.figures.last_error = "disk full";
    ledger.figures.errors = 1;
    ledger.figures.queued = 7;
    log.check();
    ledger.figures.errors = 2;
    log.check();
    ledger.figures.last_error.clear();
    log.check();
    log.check();
  });
  const auto first = text.find("<3>the ledger cannot be written");
  REQUIRE(first != std::string::npos);
  CHECK(text.find("disk full") != std::string::npos);
  CHECK(text.find("the ledger cannot be written", first + 5) == std::string::npos);
  CHECK(text.find("<6>the ledger is written again") != std::string::npos);
}

TEST_CASE("what the ledger lost or refused is told by how much it grew", "[ledger_log]") {
  const std::string text = log_of([](Figures& ledger, observe::LedgerLog& log) {
    ledger.figures.dropped = 2;
    log.check();
    ledger.figures.dropped = 5;
    ledger.figures.refused = 1;
    ledger.figures.last_refusal = "a slot closed twice";
    log.check();
    log.check();
  });
  CHECK(text.find("lost=2") != std::string::npos);
  CHECK(text.find("lost=3") != std::string::npos);
  CHECK(text.find("a slot closed twice") != std::string::npos);
  CHECK(text.find("outputs of runs") == std::string::npos);
}
