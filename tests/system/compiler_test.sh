#!/usr/bin/env bash
# GCC before 13 miscompiles co_await: CMake refuses it, says why, and says what to install.
source "$(dirname "$0")/lib.sh"

gcc=''
for candidate in g++-12 g++-11 g++-10; do
  if command -v "$candidate" >/dev/null; then gcc=$candidate; break; fi
done
[[ $gcc ]] || skip "no GCC older than 13 here"

step "configure with $gcc"
if cmake -S "$SOURCE_DIR" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$gcc" >"$work/cmake.log" 2>&1; then
  fail "$gcc was accepted"
fi
for words in 'GCC 1[0-2]' 'co_await' 'bugs 99576' 'apt-get install clang-19' 'cmake --preset release'; do
  tr -s ' \n' ' ' <"$work/cmake.log" | grep -q "$words" || fail "the refusal does not say '$words'"
done
