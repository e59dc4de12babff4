#!/usr/bin/env bash
# Every command of README.md's sh blocks is run, in its order: those under "As a service" in a booted systemd, `make run`
# in the background as a second terminal would have it, `make test` for one small test (it is make test that runs this).
# The commands are read from the README: there is no second copy. The metrics' port is a free one.
source "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
unset BELFRY_SOCKET

commands_of() { # commands_of here|service: the command lines of the sh blocks outside of, or in, that section
  awk -v want="$1" '
    /^## / { where = ($0 == "## As a service") ? "service" : "here" }
    /^```/ { inside = ($0 == "```sh"); next }
    inside && where == want && NF' "$SOURCE_DIR/README.md"
}

# ---------------------------------------------------------------- inside of the booted systemd
if [[ ${1-} = inside ]]; then
  PATH=/usr/sbin:/usr/bin:/sbin:/bin
  # shellcheck disable=SC2317 # called by the README's commands
  sudo() { "$@"; } # we are root already
  cd "$SOURCE_DIR"
  while IFS= read -r command; do
    echo "\$ $command"
    eval "$command" </dev/null || fail "status $? of: $command"
  done < <(commands_of service)
  exit 0
fi

# ---------------------------------------------------------------- as the README says, from the top
cd "$SOURCE_DIR"
[[ $BUILD_DIR -ef build/release ]] || skip "the README is about build/release, and this is ${BUILD_DIR##*/}"
METRICS=127.0.0.1:$(free_port)
export METRICS
count=0
while IFS= read -r command; do
  command=${command//127.0.0.1:9640/$METRICS}
  count=$((count + 1))
  echo "\$ $command"
  case $command in
    'make run')
      setsid make run >"$work/run.log" 2>&1 &
      make_pid=$!
      pids+=("-$make_pid")
      wait_line "$work/run.log" "$ready_line" >/dev/null
      ;;
    'make test') ARGS='-R layering_test' make test >"$work/test.log" 2>&1 || fail "status $? of: $command"
      check_match "last line of make test" '^[1-9][0-9]* passed, 0 failed$' "$(tail -n 1 "$work/test.log")" ;;
    *) eval "$command" >"$work/command.log" 2>&1 </dev/null || fail "status $? of: $command" ;;
  esac
done < <(commands_of here)
((count >= 10)) || fail "only $count commands were found in README.md"

step "Ctrl-C ends make run in order"
kill -INT -- "-$make_pid"
wait_end "$make_pid"
pids=()
grep -q 'ended in order' "$work/run.log" || fail "belfryd did not end in order"

step "the commands under 'As a service'"
if ((EUID)) || ! unshare --mount --pid --fork true 2>/dev/null || ! grep -qw cgroup2 /proc/self/mountinfo; then
  echo "   (left out: they need root and namespaces)"
  exit 0
fi
"$here/boot-systemd" --timeout 200 --bind "$SOURCE_DIR:$SOURCE_DIR" --setenv "SOURCE_DIR=$SOURCE_DIR" --chdir / -- \
  bash "$here/readme_test.sh" inside >"$work/service.log" 2>&1 || fail "status $? of the commands under 'As a service'"
