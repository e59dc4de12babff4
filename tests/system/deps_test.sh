#!/usr/bin/env bash
# .ci/install-deps: silent and quick when nothing is missing; without root or sudo it prints the exact line and stops.
# dpkg-query, apt-get, sudo and id are stood in for by scripts: a test must not change the machine's packages.
source "$(dirname "$0")/lib.sh"
deps=$SOURCE_DIR/.ci/install-deps

step "nothing is missing: no word"
mkdir "$work/bin"
cat >"$work/bin/dpkg-query" <<'SH'
#!/bin/bash
shift 3
for p; do [[ $p = "${ABSENT-}" ]] || echo "installed $p"; done
SH
for tool in apt-get apt-cache sudo; do printf '#!/bin/bash\necho "%s $*" >>"%s/calls.log"\n' "$tool" "$work" >"$work/bin/$tool"; done
chmod +x "$work"/bin/*
: >"$work/calls.log"
check_equal "output" "" "$(PATH=$work/bin:$PATH "$deps" build 2>&1)"
check_equal "calls" "" "$(cat "$work/calls.log")"

step "one is missing, and there is neither root nor sudo: the line to type"
rm "$work/bin/sudo"
ln -s "$(command -v bash)" "$work/bin/bash"
unprivileged=(setpriv --reuid 65534 --regid 65534 --clear-groups)
if ((EUID)); then unprivileged=(); fi
chmod 755 "$work" # the unprivileged user reads the stand-ins
for tool in env sed grep printf mkdir dirname cat; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
cp "$deps" "$work/install-deps"
if "${unprivileged[@]}" env -i PATH="$work/bin" ABSENT=libuv1-dev bash "$work/install-deps" build >"$work/out.log" 2>&1 </dev/null; then
  fail "it went on without the package"
fi
grep -qx '  apt-get update && apt-get install -y --no-install-recommends libuv1-dev' "$work/out.log" ||
  fail "the line to type is not there"

if ((EUID == 0)); then
  step "as root it installs exactly what is missing"
  : >"$work/calls.log"
  PATH=$work/bin:$PATH ABSENT=libuv1-dev "$deps" build >"$work/out.log" 2>&1 </dev/null
  grep -q 'install -y --no-install-recommends libuv1-dev$' "$work/calls.log" || fail "no such call of apt-get"
fi

step "every package in the list exists in Debian's names that CMake asks for"
"$deps" test --print | sort >"$work/names"
for name in clang-19 cmake ninja-build libuv1-dev libsqlite3-dev prometheus-cpp-dev catch2 libclang-rt-19-dev; do
  grep -qx "$name" "$work/names" || fail "$name is not in the list"
done
