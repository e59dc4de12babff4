#include "jobs/run_cgroup.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "async/cancel.hpp"
#include "jobs/shared_pool.hpp"

namespace belfry::jobs {

namespace {

constexpr auto death_patience = std::chrono::seconds(5);
constexpr auto make_patience = std::chrono::seconds(10);  // of one who is cancelled

constexpr std::string_view ended_prefix = "belfry-run-";
constexpr std::string_view spared_prefix = "belfry-let-";

/// Groups in which something lived on.
class Lingering {
 public:
  static Lingering& instance() {
    static Lingering all;
    return all;
  }

  void add(io::Cgroup group) {
    const std::scoped_lock lock(mutex_);
    groups_.push_back(std::move(group));
  }

  void try_again() {
    const std::scoped_lock lock(mutex_);
    std::erase_if(groups_, [](const io::Cgroup& group) { return group.remove(); });
  }

 private:
  std::mutex mutex_;
  std::vector<io::Cgroup> groups_;
};

void remove(const io::Cgroup& group) {
  Lingering::instance().try_again();
  if (!group.remove()) Lingering::instance().add(group);
}

using Made = std::expected<io::Cgroup, std::string>;

Made make_group(const std::string& name, const io::CgroupLimits& limits) {
  auto subtree = io::CgroupSubtree::find();
  if (!subtree) return std::unexpected(std::move(subtree.error()));
  return subtree->make(name, limits);
}

/// The first one that is there.
std::optional<io::Cgroup> find_group(const std::vector<std::string>& names, const io::CgroupLimits& limits) {
  const auto subtree = io::CgroupSubtree::find();
  if (!subtree) return std::nullopt;
  const auto name = std::ranges::find_if(names, [&](const auto& each) { return subtree->existing(each).has_value(); });
  if (name == names.end()) return std::nullopt;
  // systemd may have taken the controllers back before it started us, and the limits with them.
  static_cast<void>(subtree->make(*name, limits));
  return subtree->existing(*name);
}

RunCgroup::End end_group(const io::Cgroup& group, bool spared, pid_t leader) {
  RunCgroup::End end;
  if (!spared) end.survivors = group.kill(leader, death_patience);
  end.usage = group.usage();
  remove(group);
  return end;
}

/// Of "belfry-run-3fd1c06a9e0b7c55-7-1".
std::optional<ledger::RunId> run_in(std::string_view name, std::string_view prefix) {
  name.remove_prefix(prefix.size());
  ledger::RunId run = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), run);
  return error == std::errc() && end != name.data() ? std::optional(run) : std::nullopt;
}

std::vector<std::string> groups_of(const std::string& prefix) {
  const auto subtree = io::CgroupSubtree::find();
  return subtree ? subtree->names(prefix) : std::vector<std::string>();
}

void end_leftover(const std::string& name, bool spared) {
  const auto subtree = io::CgroupSubtree::find();
  const auto group = subtree ? subtree->existing(name) : std::nullopt;
  if (group) end_group(*group, spared, 0);
}

}  // namespace

std::shared_ptr<async::ThreadPool> run_cgroup_pool() {
  static SharedPool pool("cgroups", 2);
  return pool.get();
}

std::string run_cgroup_name(const engine::Attempt& attempt, bool spares) {
  std::string name(spares ? spared_prefix : ended_prefix);
  name += std::string(attempt.ledger_id) + "-" + std::to_string(attempt.run) + "-" + std::to_string(attempt.number);
  if (attempt.part.empty()) return name;
  name += "-";
  for (const char c : attempt.part) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    name += plain ? c : '-';
  }
  return name;
}

async::Task<std::expected<void, std::string>> RunCgroup::make(const ExecSpec& spec, const engine::Attempt& attempt) {
  spared_ = spares(spec.kill_mode);
  try {
    const auto pool = run_cgroup_pool();
    auto making = pool->run(async::OnCancel::wait, make_group, run_cgroup_name(attempt, spared_), spec.cgroup);
    Made made = co_await async::shielded(std::move(making), make_patience);
    if (!made) co_return std::unexpected(std::move(made.error()));
    group_.emplace(*std::move(made));
    co_return std::expected<void, std::string>();
  } catch (const async::ThreadPoolFull&) {
    co_return std::unexpected("too many control groups are waiting to be made");
  } catch (const std::system_error& error) {
    co_return std::unexpected(std::string("no thread to make its control group: ") + error.what());
  }
}

async::Task<> RunCgroup::find(const ExecSpec& spec, const engine::Attempt& attempt) {
  spared_ = spares(spec.kill_mode);
  std::vector<std::string> names{run_cgroup_name(attempt, spared_), run_cgroup_name(attempt, !spared_)};
  try {
    const auto pool = run_cgroup_pool();
    auto finding = pool->run(find_group, std::move(names), spec.cgroup);
    group_ = co_await std::move(finding);
  } catch (const async::ThreadPoolFull&) {  // then it goes when the next daemon starts
  } catch (const std::system_error&) {      // there is no thread: the same
  }
}

async::Task<RunCgroup::End> RunCgroup::end(pid_t leader) {
  const auto pool = run_cgroup_pool();
  auto ending = pool->run(end_group, *std::exchange(group_, std::nullopt), spared_, leader);
  End end = co_await std::move(ending);
  co_return end;
}

async::Task<> RunCgroup::take_away() {
  if (!group_) co_return;
  spared_ = false;
  co_await end(0);
}

async::Task<> sweep_run_cgroups(std::string ledger_id, std::function<bool(ledger::RunId)> is_live) {
  const auto pool = run_cgroup_pool();
  for (const bool spared : {false, true}) {
    const std::string prefix = std::string(spared ? spared_prefix : ended_prefix) + ledger_id + "-";
    auto looking = pool->run(groups_of, prefix);
    const std::vector<std::string> names = co_await std::move(looking);
    for (const std::string& name : names) {
      const auto run = run_in(name, prefix);
      if (!run || is_live(*run)) continue;
      auto ending = pool->run(end_leftover, name, spared);
      co_await std::move(ending);
    }
  }
}

}  // namespace belfry::jobs
