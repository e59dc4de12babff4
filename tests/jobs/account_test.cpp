// What the user database says of whom a program shall run as.
#include "jobs/account.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace belfry::jobs;

namespace {

std::string problem(const AccountRequest& request) {
  const auto found = find_account(request);
  return found ? "found " + found->name : found.error();
}

}  // namespace

TEST_CASE("an account is found by its name and by its number", "[account]") {
  for (const auto* user : {"root", "0"}) {
    const auto root = find_account({.user = user});
    REQUIRE(root);
    CHECK(root->name == "root");
    CHECK(root->uid == 0);
    CHECK(root->gid == 0);
    CHECK(root->home == "/root");
    CHECK_THAT(root->groups, Catch::VectorContains(gid_t{0}));
  }
}

TEST_CASE("a group takes the place of the user's own, and more groups come besides", "[account]") {
  const auto mixed =
      find_account({.user = "nobody", .group = "daemon", .supplementary_groups = {"adm", "4242", "adm"}});
  REQUIRE(mixed);
  CHECK(mixed->gid == 1);
  CHECK(mixed->groups == std::vector<gid_t>{1, 4, 4242});
}

TEST_CASE("what is not in the database is told with what is near", "[account]") {
  CHECK(problem({.user = "nobdy"}) == R"(there is no user "nobdy"; did you mean "nobody"?)");
  CHECK(problem({.user = "zzzzzzzz"}) == R"(there is no user "zzzzzzzz"; create it, or name another one)");
  CHECK(problem({.user = "nobody", .group = "audoi"}) == R"(there is no group "audoi"; did you mean "audio"?)");
  CHECK(problem({.user = "nobody", .supplementary_groups = {"zzzzzzzz"}}) ==
        R"(there is no group "zzzzzzzz"; create it, or name another one)");
}

TEST_CASE("a number that nobody has needs a group, and then has no other one", "[account]") {
  CHECK(problem({.user = "4242"}) == "the user database has no user 4242, so the group must be given, too");
  const auto stranger = find_account({.user = "4242", .group = "4243"});
  REQUIRE(stranger);
  CHECK(stranger->name == "4242");
  CHECK(stranger->uid == 4242);
  CHECK(stranger->groups == std::vector<gid_t>{4243});
  CHECK(account_environment(*stranger) ==
        std::vector<std::pair<std::string, std::string>>{{"LOGNAME", "4242"}, {"USER", "4242"}, {"SHELL", "/bin/sh"}});
}

TEST_CASE("the number that means no change is none", "[account]") {
  CHECK(is_account_number("4294967294"));
  CHECK_FALSE(is_account_number("4294967295"));
  CHECK_FALSE(is_account_number("-1"));
  CHECK_FALSE(is_account_number(""));
  CHECK_FALSE(find_account({.user = "4294967295"}));
}

TEST_CASE("an account has a home and a shell, /bin/sh where nobody logs in", "[account]") {
  const auto of = [](const char* user) {
    const auto variables = account_environment(find_account({.user = user}).value());
    return std::map<std::string, std::string>(variables.begin(), variables.end());
  };
  CHECK(of("nobody") == std::map<std::string, std::string>{
                            {"HOME", "/nonexistent"}, {"LOGNAME", "nobody"}, {"SHELL", "/bin/sh"}, {"USER", "nobody"}});
  CHECK(of("root").at("SHELL") == find_account({.user = "root"})->shell);
}
