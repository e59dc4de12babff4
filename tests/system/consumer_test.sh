#!/usr/bin/env bash
# A stranger's project builds and runs against an installation in a folder of its own, found by find_package(belfry).
source "$(dirname "$0")/lib.sh"

step "install the library into a scratch prefix"
cmake --install "$BUILD_DIR" --prefix "$work/prefix" --component library >"$work/install.log"
[[ -e $work/prefix/include/belfry/async/task.hpp ]] || fail "no header was installed"

compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$BUILD_DIR/CMakeCache.txt")
consumer() { # consumer NAME SOURCE [option...]: configures a project against the scratch prefix
  local name=$1 source=$2
  shift 2
  cmake -S "$source" -B "$work/$name" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_PREFIX_PATH="$work/prefix" "$@" >"$work/$name.log" 2>&1
}

step "build the consumer of one component"
consumer consumer "$SOURCE_DIR/tests/system/consumer" || fail "the consumer does not configure"
cmake --build "$work/consumer" >>"$work/consumer.log" 2>&1 || fail "the consumer does not build"
check_equal "what the consumer prints" 42 "$("$work/consumer/consumer")"

step "every component can be found and linked"
mkdir "$work/everything"
cat >"$work/everything/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(everything LANGUAGES C CXX)
find_package(belfry REQUIRED)
add_executable(everything main.cpp)
foreach(component async io time ledger engine observe jobs)
  target_link_libraries(everything PRIVATE belfry::${component})
endforeach()
CMAKE
cat >"$work/everything/main.cpp" <<'CPP'
#include <engine/engine.hpp>
int main() { return 0; }
CPP
consumer everything-build "$work/everything" || fail "find_package(belfry) without components failed"
cmake --build "$work/everything-build" >>"$work/everything-build.log" 2>&1 || fail "linking all components failed"

step "an unknown component is refused by name"
sed -i 's/find_package(belfry REQUIRED)/find_package(belfry REQUIRED COMPONENTS asink)/' "$work/everything/CMakeLists.txt"
if consumer asink "$work/everything"; then fail "the component asink was found"; fi
grep -q 'no component asink' "$work/asink.log" || fail "the refusal does not name the component"
