#include "jobs/sql/connection.hpp"

#include "jobs/sql/mariadb.hpp"
#include "jobs/sql/postgresql.hpp"
#include "jobs/sql/sqlite.hpp"

namespace belfry::jobs::sql {

namespace {

class Nobody final : public RowSink {
 public:
  void begin(std::span<const std::string> /*columns*/) override {}
  bool row(std::span<const Value> /*values*/) override { return true; }
  async::Task<> drain() override { co_return; }
};

}  // namespace

async::Task<std::unique_ptr<Connection>> connect(const Target& target, async::ThreadPool& pool) {
  switch (target.system) {
    case System::postgresql:
      return connect_postgresql(target, pool);
    case System::mariadb:
      return connect_mariadb(target, pool);
    case System::sqlite:
      break;
  }
  return open_sqlite(target, pool);
}

async::Task<> execute(Connection& connection, std::string_view sql) {
  Nobody nobody;
  co_await connection.start(sql, {});
  while (co_await connection.next(nobody)) {
  }
}

}  // namespace belfry::jobs::sql
