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

step "a plugin, of C alone, needs nothing but its header"
cc=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$BUILD_DIR/CMakeCache.txt")
consumer words "$SOURCE_DIR/tests/examples/plugin" -DCMAKE_C_COMPILER="$cc" || fail "the plugin does not configure"
cmake --build "$work/words" >>"$work/words.log" 2>&1 || fail "the plugin does not build"
printf 'plugins: [%s]\njobs: {count: {native: {function: words.count, paths: README.md}}}\n' "$work/words/words.so" >"$work/words.yaml"
check_match "belfry validate" 'is valid: 1 job' "$(belfry validate "$work/words.yaml")"
check_match "belfry explain" 'words.count: counts the words of files' \
  "$(belfry explain --action native --config "$work/words.yaml")"

step "a symbol that a plugin lacks fails its build"
mkdir "$work/lacking"
cp "$SOURCE_DIR/tests/examples/plugin/CMakeLists.txt" "$work/lacking/"
{ cat "$SOURCE_DIR/tests/examples/plugin/words.c"; echo 'int lacking(void); int use_it(void) { return lacking(); }'; } >"$work/lacking/words.c"
sed -i 's/int use_it/BELFRY_EXPORT int use_it/' "$work/lacking/words.c"
consumer lacking-build "$work/lacking" -DCMAKE_C_COMPILER="$cc" || fail "it does not configure"
if cmake --build "$work/lacking-build" >>"$work/lacking-build.log" 2>&1; then fail "it was built"; fi
grep -q 'undefined.*lacking' "$work/lacking-build.log" || fail "the linker does not name the symbol"

step "an unknown component is refused by name"
sed -i 's/find_package(belfry REQUIRED)/find_package(belfry REQUIRED COMPONENTS asink)/' "$work/everything/CMakeLists.txt"
if consumer asink "$work/everything"; then fail "the component asink was found"; fi
grep -q 'no component asink' "$work/asink.log" || fail "the refusal does not name the component"
