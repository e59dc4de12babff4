// The key `flow`: what is accepted, and what is told of mistakes and where.
#include <catch2/catch.hpp>

#include "async/run.hpp"
#include "async/thread_pool.hpp"
#include "daemon/config/catalog_builder.hpp"
#include "daemon/config/flow_spec.hpp"
#include "daemon/config/load_config.hpp"
#include "jobs/action_registry.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace belfry::daemon;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

/// A job whose flow is this list of steps, from line 3 on.
std::string job(const std::string& steps) { return "jobs:\n  j: {flow: [\n" + steps + "]}\n"; }

FlowSpec read(const std::string& text) {
  const auto config = parse_config(text, "t", "/etc", {});
  if (!config) FAIL(format_errors(config.error()));
  return *std::get<std::shared_ptr<const FlowSpec>>(config->jobs.at(0).action);
}

std::vector<std::size_t> needs(const FlowSpec& flow, std::size_t step) { return flow.steps.at(step).step.needs; }

/// The mistakes.
std::string mistakes(const std::string& text) {
  const auto config = parse_config(text, "t", "/etc", {});
  if (config) return "accepted";
  std::string all;
  for (const auto& error : config.error()) all += format_error(error) + "\n";
  return all;
}

std::string fingerprint_of(const std::string& steps) {
  return fingerprint(parse_config(job(steps), "t", "/etc", {}).value().jobs.at(0));
}

struct Ran {
  ledger::Outcome outcome = ledger::Outcome::lost;
  std::string output;
  std::string message;
};

/// Runs the job with the actions that belfryd would make.
Ran run(const std::string& text, const std::filesystem::path& folder = "/tmp") {
  const auto actions = jobs::ActionRegistry::with_builtins();
  const auto config = parse_config(text, "t", folder, {.actions = &actions, .started = {}});
  if (!config) FAIL(format_errors(config.error()));
  return async::run([](const Config& loaded) -> async::Task<Ran> {
    async::ThreadPool pool(async::ThreadPoolOptions("actions").threads(1));
    const auto catalog = build_catalog(loaded, {.pool = &pool, .state_dir = {}});
    const auto action = catalog->jobs.begin()->second->action;
    engine::Report report;
    const engine::Attempt attempt{.job = "j", .run = 7, .scheduled_at = {}, .started_at = {}};
    Ran ran;
    ran.outcome = co_await action->run(attempt, report);
    ran.output = report.standard_output.head + report.standard_error.head;
    ran.message = report.message;
    co_return ran;
  }(*config));
}

}  // namespace

TEST_CASE("a step needs the one before it, unless it says what it needs") {
  const auto flow =
      read(job("{command: a}, {id: b, command: a}, {id: c, needs: none, command: a},\n"
               "{id: d, needs: [b, c], command: a}, {needs: [], command: a}"));
  REQUIRE(flow.steps.size() == 5);
  CHECK(flow.steps[0].step.id == "step_1");
  CHECK(needs(flow, 0).empty());
  CHECK(needs(flow, 1) == std::vector<std::size_t>{0});
  CHECK(needs(flow, 2).empty());
  CHECK(needs(flow, 3) == std::vector<std::size_t>{1, 2});
  CHECK(needs(flow, 4).empty());
}

TEST_CASE("a step has of the job what it does not set, but not timeout and retries") {
  const auto flow = read(
      "jobs: {j: {working_dir: /a, environment: {X: \"1\"}, timeout: 1h, retries: 3, flow: [\n"
      "  {command: a}, {command: a, working_dir: /b, environment: {Y: \"2\"}, timeout: 5s, retries: 1}]}}");
  CHECK(flow.steps[0].process.working_dir == "/a");
  CHECK_FALSE(flow.steps[0].step.timeout);
  CHECK(flow.steps[0].step.retry.limit == 0);
  CHECK(flow.steps[1].process.working_dir == "/b");
  CHECK(flow.steps[1].process.environment.size() == 2);
  CHECK(flow.steps[1].step.timeout == std::chrono::seconds(5));
  CHECK(flow.steps[1].step.retry.limit == 1);
}

TEST_CASE("a matrix is the product of its lists") {
  const auto flow = read(job("{matrix: {os: [a, b], v: [1, 2, 3]}, command: a}"));
  const auto& items = flow.steps[0].step.items;
  REQUIRE(items.size() == 6);
  CHECK(items[0].label() == "os=a, v=1");
  CHECK(items[5].label() == "os=b, v=3");
}

TEST_CASE("mistakes among steps are told with their place") {
  CHECK_THAT(mistakes(job("{id: build, command: a},\n{id: x, needs: biuld, command: a}")),
             StartsWith("t:4:16: jobs.j.flow[1].needs: \"biuld\": there is no such step") &&
                 Contains("did you mean \"build\"?"));
  CHECK_THAT(mistakes(job("{id: a, command: a},\n{id: a, command: a}")),
             StartsWith("t:4:6: jobs.j.flow[1].id: \"a\": two steps have this id"));
  CHECK_THAT(mistakes(job("{id: a, needs: b, command: a}, {id: b, needs: a, command: a}")),
             StartsWith("t:3:16: jobs.j.flow[0].needs: steps that need each other in a circle: a -> b -> a"));
  CHECK_THAT(mistakes(job("{id: a, needs: c, command: a}, {id: b, command: a}, {id: c, command: a}")),
             Contains("a -> c -> b -> a") && Contains("a step without needs needs the one before it"));
  CHECK_THAT(mistakes(job("{id: a, needs: a, command: a}")), Contains("a step cannot need itself"));
  CHECK_THAT(mistakes(job("{id: a b, command: a}")), StartsWith("t:3:6: jobs.j.flow[0].id: \"a b\": not a name"));
  CHECK_THAT(mistakes(job("{id: a}")), Contains("this step does nothing"));
  CHECK_THAT(mistakes(job("{command: a, script: b}")), Contains("a step does one thing"));
  CHECK_THAT(mistakes(job("{flow: [{command: a}]}")), Contains("unknown key \"flow\""));
  CHECK_THAT(mistakes(job("{comand: a}")), Contains("unknown key \"comand\"") && Contains("did you mean \"command\"?"));
  CHECK_THAT(mistakes(job("{command: a, retries: {limit: x}}")), StartsWith("t:3:31: jobs.j.flow[0].retries.limit"));
  CHECK_THAT(mistakes(job("{file: {copy: {from: a}}}")), Contains("the parameter \"to\" is missing"));
  CHECK_THAT(mistakes("jobs: {j: {flow: {finally: [{command: a}]}}}"), Contains("the key \"steps\" is missing"));
  CHECK_THAT(mistakes("jobs: {j: {flow: {steps: [{id: a, command: a}], finally: [{needs: a, command: a}]}}}"),
             Contains("they need none of them"));
  CHECK_THAT(mistakes("jobs: {j: {flow: x}}"), Contains("a list of steps, or a map"));
  CHECK_THAT(mistakes("jobs: {j: {flow: []}}"), Contains("jobs.j.flow"));
  CHECK_THAT(mistakes("jobs: {j: {stdin: x, flow: [{command: a}]}}"), Contains("a flow is none"));
}

TEST_CASE("mistakes in matrix, for_each and outputs are told with their place") {
  CHECK_THAT(mistakes(job("{command: a, max_parallel: 2}")), Contains("nothing to limit"));
  CHECK_THAT(mistakes(job("{command: a, matrix: {x: [1]}, for_each: [1]}")), Contains("not both"));
  CHECK_THAT(mistakes(job("{command: a, matrix: {x: 1}}")), StartsWith("t:3:26: jobs.j.flow[0].matrix.x"));
  std::string list = "[0";
  for (int i = 1; i < 40; ++i) list += "," + std::to_string(i);
  CHECK_THAT(mistakes(job("{command: a, matrix: {x: " + list + "], y: " + list + "]}}")),
             Contains("it would run 1600 times: expected at most 1000") || Contains("it would run 1600 times"));
  CHECK_THAT(mistakes(job("{command: a, for_each: abc}")), Contains("not a list, nor a reference to an output"));
  CHECK_THAT(mistakes(job("{command: a, outputs: {x: last_lin}}")), Contains("did you mean \"last_line\"?"));
  CHECK_THAT(mistakes(job("{command: a, outputs: {x: {json: a}}}")), Contains("not a JSON pointer"));
  CHECK_THAT(mistakes(job("{command: a, outputs: {x: {json: /a, variable: b}}}")), Contains("one key is wanted here"));
  CHECK_THAT(mistakes(job("{command: a, outputs: {x: {pattern: '('}}}")), Contains("not a regular expression"));
  CHECK_THAT(mistakes(job("{native: {function: compress, paths: /a}, outputs: {x: stdout}}")),
             Contains("prints nothing in which they could be"));
}

TEST_CASE("an approval is asked once, by a step that does nothing else, and its text may have values in it") {
  const auto flow =
      read(job("{id: build, command: [make], outputs: {version: last_line}},\n"
               "{id: gate, approval: \"Deploy ${{ steps.build.outputs.version }}?\"},\n"
               "{id: late, approval: {message: again, on_timeout: skip}, timeout: 2h}"));
  CHECK(flow.steps[1].step.approval == jobs::ApprovalTimeout::fail);
  CHECK(flow.steps[2].step.approval == jobs::ApprovalTimeout::skip);
  CHECK(flow.steps[2].step.timeout == std::chrono::hours(2));
  CHECK(std::get<ApprovalDeclaration>(flow.steps[2].action).message == "again");

  CHECK_THAT(mistakes(job("{approval: {}}")), Contains("the key \"message\" is missing"));
  CHECK_THAT(mistakes(job("{approval: {message: a, on_timout: fail}}")), Contains("did you mean \"on_timeout\"?"));
  CHECK_THAT(mistakes(job("{approval: {message: a, on_timeout: pass}, timeout: 1h}")),
             StartsWith("t:3:37: jobs.j.flow[0].approval.on_timeout"));
  CHECK_THAT(mistakes(job("{approval: {message: a, on_timeout: skip}}")),
             Contains("without a timeout it waits for ever"));
  CHECK_THAT(mistakes(job("{approval: a, command: b}")), Contains("a step does one thing"));
  CHECK_THAT(mistakes(job("{approval: a, for_each: [1]}")), Contains("a person is asked once"));
  CHECK_THAT(mistakes(job("{approval: a, retries: 1}")), Contains("a person is asked once"));
  CHECK_THAT(mistakes(job("{approval: a, user: root}")), Contains("an approval is none"));
  CHECK_THAT(mistakes(job("{approval: " + std::string(1001, 'a') + "}")), Contains("at most 1000 bytes"));
  CHECK_THAT(mistakes(job("{approval: \"${{ item }}\"}")), Contains("this step has no for_each"));
  CHECK_THAT(mistakes("jobs: {j: {flow: {steps: [{command: a}], finally: [{approval: a}]}}}"),
             Contains("wait for nobody"));
  CHECK_THAT(mistakes("jobs: {j: {approval: a}}"), Contains("unknown key \"approval\""));
  const auto one = fingerprint_of("{approval: a, timeout: 1h}");
  CHECK(one != fingerprint_of("{approval: b, timeout: 1h}"));
  CHECK(one != fingerprint_of("{approval: {message: a, on_timeout: skip}, timeout: 1h}"));
}

TEST_CASE("names of a matrix that would be one variable are refused") {
  CHECK_THAT(mistakes(job("{command: a, matrix: {a-b: [1], a_b: [2]}}")),
             StartsWith("t:3:33: jobs.j.flow[0].matrix.a_b: \"a_b\" and \"a-b\" would both be the variable "
                        "BELFRY_MATRIX_A_B"));
  CHECK_THAT(mistakes(job("{command: a, matrix: {os: [1], OS: [2]}}")), Contains("BELFRY_MATRIX_OS"));
}

TEST_CASE("mistakes in conditions are told with the column in the text") {
  CHECK_THAT(mistakes(job("{command: a, if: failure() and x}")), StartsWith("t:3:28: jobs.j.flow[0].if: "));
  CHECK_THAT(mistakes(job("{command: a}, {command: a, if: success(step_3)}")),
             Contains("there is no step \"step_3\"") && Contains("did you mean"));
  CHECK_THAT(mistakes(job("{command: a, for_each: [1], if: item == 'x'}")), Contains("asked once for the whole step"));
}

TEST_CASE("references are to what is there, and has ended") {
  const std::string list = "{id: list, command: [ls], outputs: {all: stdout}}, ";
  const auto wrong = [&](const std::string& reference) {
    return mistakes(job(list + "{id: other, needs: none, command: a}, {id: use, needs: list, command: [a, \"${{ " +
                        reference + " }}\"]}"));
  };
  CHECK(wrong("steps.list.outputs.all") == "accepted");
  CHECK_THAT(wrong("steps.lsit.outputs.all"),
             Contains("there is no step \"lsit\"") && Contains("did you mean \"list\"?"));
  CHECK_THAT(wrong("steps.list.outputs.al"),
             Contains("step \"list\" has no output \"al\"") && Contains("did you mean \"all\"?"));
  CHECK_THAT(wrong("steps.other.outcome"), Contains("step \"other\" need not have ended when this one begins"));
  CHECK_THAT(wrong("item"), Contains("this step has no for_each"));
  CHECK_THAT(wrong("matrix.x"), Contains("this step has no matrix"));
  CHECK_THAT(wrong("steps.list"), Contains("\"steps.list\" is no reference"));
  CHECK_THAT(mistakes(job("{matrix: {os: [1]}, command: [a, \"${{ matrix.so }}\"]}")),
             Contains("its matrix has no \"so\"") && Contains("did you mean \"os\"?"));
}

TEST_CASE("a value never becomes a part of a program") {
  const std::string list = "{id: list, command: [ls], outputs: {all: stdout}},\n";
  const std::string reference = "${{ steps.list.outputs.all }}";
  const auto refused = [&](const std::string& step) { return mistakes(job(list + step)); };
  CHECK_THAT(refused("{command: \"rm " + reference + "\"}"),
             StartsWith("t:4:15: jobs.j.flow[1].command: ") && Contains("put it into a variable"));
  CHECK_THAT(refused("{script: \"rm " + reference + "\"}"), Contains("put it into a variable"));
  CHECK_THAT(refused("{command: [sh, -c, \"rm " + reference + "\"]}"), Contains("behind -c stands a program"));
  const std::string sql = "{sql: {database: \"sqlite:a.db\", query: \"";
  CHECK_THAT(refused(sql + "DELETE FROM " + reference + "\"}}"), Contains("could become a part of what is run"));
  CHECK(refused(sql + "DELETE FROM t WHERE x = ?\", parameters: [\"" + reference + "\"]}}") == "accepted");
  CHECK_THAT(refused("{command: a, working_dir: \"" + reference + "\"}"), Contains("this key takes no reference"));
  CHECK_THAT(refused("{command: a, environment: {\"" + reference + "\": x}}"), !Contains("accepted"));
}

TEST_CASE("the fingerprint of a flow changes with what matters, and with nothing else") {
  const auto one = fingerprint_of("{id: a, command: x, timeout: 5s}");
  CHECK(one == fingerprint_of("{timeout: 5000ms, command: x, id: a}"));
  for (const auto* other :
       {"{id: b, command: x, timeout: 5s}", "{id: a, command: y, timeout: 5s}", "{id: a, command: x, timeout: 6s}",
        "{id: a, command: x, timeout: 5s, if: always()}", "{id: a, command: x, timeout: 5s, continue_on_error: true}",
        "{id: a, command: x, timeout: 5s, for_each: [1]}", "{id: a, command: x, timeout: 5s, outputs: {o: stdout}}",
        "{id: a, command: x, timeout: 5s, nice: 5}", "{id: a, command: x, timeout: 5s, retries: 1}"}) {
    INFO(other);
    CHECK(one != fingerprint_of(other));
  }
}

TEST_CASE("outputs reach programs as arguments, variables and input, whatever is in them") {
  const auto ran = run(R"(
jobs:
  j:
    flow:
      - {id: evil, command: [printf, "%s", "a'; echo $HOME \"`id`"], outputs: {text: stdout}}
      - {id: argument, command: [printf, "<%s>", "${{ steps.evil.outputs.text }}"]}
      - {id: variable, environment: {X: "${{ steps.evil.outputs.text }}"}, command: 'printf "<%s>" "$X"'}
      - {id: input, stdin: "${{ steps.evil.outputs.text }}", command: [cat]}
)");
  CHECK(ran.outcome == ledger::Outcome::success);
  const std::string evil = "a'; echo $HOME \"`id`";
  CHECK(ran.output == "--- step evil: success\n" + evil + "\n--- step argument: success\n<" + evil +
                          ">\n--- step variable: success\n<" + evil + ">\n--- step input: success\n" + evil + "\n");
}

TEST_CASE("a program is told its step, its try, its item and its values") {
  const auto ran = run(R"(
jobs:
  j:
    flow:
      - id: each
        for_each: [x y]
        command: 'echo "$BELFRY_STEP $BELFRY_STEP_ATTEMPT $BELFRY_ITEM"'
      - id: all
        matrix: {my-os: [a]}
        command: 'echo "$BELFRY_MATRIX_MY_OS"'
)");
  CHECK(ran.output == "--- step each (x y): success\neach 1 x y\n--- step all (my-os=a): success\na\n");
}

TEST_CASE("other actions are steps, with values in what they take") {
  const test::TempDir folder;
  const auto ran = run(R"(
jobs:
  j:
    flow:
      - {id: make, command: 'echo text > one; echo "$PWD/one"; echo two >&2', outputs: {path: last_line}}
      - {id: copy, file: {copy: {from: "${{ steps.make.outputs.path }}", to: two}}}
      - {id: show, command: [cat, two]}
)",
                       folder.path());
  INFO(ran.message);
  CHECK(ran.outcome == ledger::Outcome::success);
  CHECK_THAT(ran.output, Contains("--- step show: success\ntext\n"));
}

TEST_CASE("a value with a line break does not become two values") {
  const test::TempDir folder;
  const auto ran = run(R"(
jobs:
  j:
    flow:
      - {id: make, command: [printf, "a\\nb"], outputs: {path: stdout}}
      - {id: gone, file: {delete: {paths: "${{ steps.make.outputs.path }}"}}}
)",
                       folder.path());
  CHECK(ran.outcome == ledger::Outcome::failure);
  CHECK_THAT(ran.message, Contains("the value of steps.make.outputs.path has a line break"));
}

TEST_CASE("steps that run at a time do not take each other's processes for strays") {
  const test::TempDir folder;
  const auto ran = run(R"(
jobs:
  j:
    timeout: 1m
    flow:
      - {id: pipe, command: [mkfifo, pipe]}
      - {id: long, needs: pipe, command: 'setsid sh -c "cat pipe" | cat'}
      - {id: short, needs: pipe, for_each: [1, 2, 3, 4], command: 'true'}
      - {id: last, needs: short, command: 'echo alive > pipe'}
)",
                       folder.path());
  CHECK(ran.outcome == ledger::Outcome::success);
  CHECK_THAT(ran.output, Contains("--- step long: success\nalive\n"));
}

namespace {

/// The steps as a job.
Ran run_steps(const std::string& steps) { return run("jobs: {j: {flow: " + steps + "}}"); }

}  // namespace

TEST_CASE("what a step prints ends no more than that step", "[flow]") {
  const auto deep = run_steps(
      "[{id: a, output: {max_bytes: 1M}, command: \"printf '{\\\"a\\\":'; head -c 100000 /dev/zero | tr "
      "'\\\\0' '['; head -c 100000 /dev/zero | tr '\\\\0' ']'; echo '}'\", outputs: {o: {json: /a}}}]");
  CHECK(deep.outcome == ledger::Outcome::failure);
  CHECK_THAT(deep.message, Contains("nested more than 200 deep"));
  const auto zero = run_steps(
      "[{id: a, command: [printf, '%s', '[\"x\\u0000y\"]'], outputs: {o: stdout}}, "
      "{id: b, for_each: '${{ steps.a.outputs.o }}', command: [echo, '<${{ item }}>']}]");
  CHECK(zero.outcome == ledger::Outcome::failure);
  CHECK_THAT(zero.message, Contains("item 1 of its list has a zero byte in it"));
}

TEST_CASE("a step without an id does not get that of another one", "[flow]") {
  CHECK_THAT(mistakes("jobs: {j: {flow: [{id: step_2, needs: none, command: a}, {needs: none, command: b}]}}"),
             Contains("which it would get, is that of another one"));
  CHECK_THAT(mistakes("jobs: {j: {flow: [{id: a, for_each: [x], command: [bash, -euc, 'echo ${{ item }}']}]}}"),
             Contains("behind -euc stands a program"));
}

TEST_CASE("a URL of a scheme alone is no secret: the sentence about it can be read") {
  const auto said = mistakes("jobs: {j: {sql: {database: \"sqlite:\", query: SELECT 1}}}");
  CHECK_THAT(said, Contains("sqlite:") && !Contains("*"));
  CHECK_THAT(mistakes("jobs: {j: {sql: {database: \"sqlite:a?mode=hidden\", query: SELECT 1}}}"), !Contains("hidden"));
}
