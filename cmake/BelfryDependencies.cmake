# Every third-party library, found once. All come from Debian; the Makefile's list of packages matches this file.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(uv REQUIRED IMPORTED_TARGET GLOBAL libuv)                    # lib/async, lib/io
pkg_check_modules(dw REQUIRED IMPORTED_TARGET GLOBAL libdw)                    # lib/async: backtraces with names
pkg_check_modules(absl_time REQUIRED IMPORTED_TARGET GLOBAL absl_time)         # lib/time: zones
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET GLOBAL sqlite3)             # lib/ledger, jobs
pkg_check_modules(microhttpd REQUIRED IMPORTED_TARGET GLOBAL libmicrohttpd)    # daemon/control, lib/observe: /metrics
pkg_check_modules(curl REQUIRED IMPORTED_TARGET GLOBAL libcurl)                # lib/io: HTTP and mail; daemon/cli
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET GLOBAL libzstd)                # jobs: compression
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET GLOBAL zlib)                   # jobs, lib/observe: gzip
pkg_check_modules(archive REQUIRED IMPORTED_TARGET GLOBAL libarchive)          # jobs: tar and zip
pkg_check_modules(crypto REQUIRED IMPORTED_TARGET GLOBAL libcrypto)              # jobs: SHA-256
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET GLOBAL re2)                      # jobs: patterns of an answer, in linear time
pkg_check_modules(pq REQUIRED IMPORTED_TARGET GLOBAL libpq)                       # jobs: PostgreSQL
pkg_check_modules(mariadb REQUIRED IMPORTED_TARGET GLOBAL libmariadb)             # jobs: MariaDB and MySQL
find_package(yaml-cpp REQUIRED)                                                # daemon/config
find_package(spdlog REQUIRED)                                                  # lib/observe: log
find_package(prometheus-cpp REQUIRED)                                          # lib/observe: metrics
find_package(nlohmann_json REQUIRED)                                           # daemon/control, daemon/cli
find_package(CLI11 REQUIRED)                                                   # daemon, daemon/cli: arguments
if(BELFRY_BUILD_TESTS OR PROJECT_IS_TOP_LEVEL)
  find_package(Catch2 2 REQUIRED)
  include(Catch)
endif()
