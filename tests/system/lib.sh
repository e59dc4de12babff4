# shellcheck shell=bash
# What the system tests share: a scratch folder, a belfryd that is surely ended, checks, and ways to wait for an event.
#
# Nothing here sleeps for a guessed time. A test waits for a line of a log (tail -f wakes up by inotify), for a process
# to end, for the other side of a FIFO, or for `belfry run --wait`; each with a deadline that fails loudly.
#
# In (set by CTest): SOURCE_DIR, BUILD_DIR, BIN_DIR, SANITIZE (empty, or which sanitizers the programs are built with).
set -euo pipefail

: "${SOURCE_DIR:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${BUILD_DIR:=$SOURCE_DIR/build/release}" "${BIN_DIR:=$BUILD_DIR/bin}" "${SANITIZE:=}"
# shellcheck disable=SC2034 # used by the tests
deadline=60 # seconds; for any one event
if [[ $SANITIZE ]]; then deadline=120; fi

PATH=$BIN_DIR:$BUILD_DIR/tools/usr/bin:$SOURCE_DIR/build/tools/usr/bin:$PATH
work=$(mktemp -d "${TMPDIR:-/tmp}/belfry-test.XXXXXX")
export BELFRY_SOCKET=$work/belfry.sock
pids=() # what this test started and must end
belfryd_pid=''

skip() { # the one status that CTest shows as skipped
  echo "SKIPPED: $*"
  exit 77
}

fail() {
  echo "FAILED: $*" >&2
  local log
  for log in "$work"/*.log; do
    [[ -e $log ]] || continue
    echo "--- the last lines of ${log##*/}" >&2
    tail -n 30 "$log" >&2
  done
  exit 1
}

step() { echo "-- $*"; }

cleanup() {
  local pid
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || :; done
  wait || :
  local table # of live runs: what a killed belfryd leaves for the next one
  for table in /dev/shm/belfry-"$(id -u)"-*; do
    if head -c 4096 "$table" 2>/dev/null | grep -qaF "$work/"; then
      pkill -KILL -f -- "--keeper $table" || : # the one that holds the descriptors of these runs
      rm -rf "$table" "$table".keeper* "$table".secrets
    fi
  done
  rm -rf --one-file-system -- "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_line FILE REGEX [COUNT [PID]]: until FILE holds COUNT (1) lines that match, or PID ends; prints the last of them.
wait_line() {
  local file=$1 regex=$2 count=${3:-1} line watch=()
  if [[ ${4-} ]]; then watch=(--pid="$4"); fi
  line=$({ timeout "$deadline" tail -n +1 -s 0.1 "${watch[@]}" -F "$file" 2>/dev/null || :; } | grep -E -m "$count" -e "$regex" | tail -n 1) || :
  [[ $(grep -cE -e "$regex" "$file") -ge $count ]] || fail "no line like '$regex' in ${file##*/} within $deadline s"
  echo "$line"
}

# wait_end PID: until that process, a child of this shell, has ended; its exit status is left in `status`.
wait_end() {
  local pid=$1 watch
  (exec timeout "$deadline" tail --pid="$pid" -f /dev/null) & watch=$!
  wait "$watch" || fail "process $pid is still there after $deadline s"
  status=0
  wait "$pid" || status=$?
}

# gone PID: until that process, of whomever, is gone.
gone() { timeout "$deadline" tail --pid="$1" -s 0.05 -f /dev/null || fail "process $1 is still there after $deadline s"; }

# ask_until REGEX COMMAND...: for programs of others that offer no event to wait for: asks again until the answer fits.
ask_until() {
  local regex=$1 end=$((SECONDS + deadline)) answer='' never
  shift
  exec {never}<> <(:)
  until answer=$("$@" 2>&1) && [[ $answer =~ $regex ]]; do
    ((SECONDS < end)) || fail "'$*' never answered '$regex'; last: $answer"
    read -r -t 0.1 -u "$never" || :
  done
  exec {never}<&-
  echo "$answer"
}

check_equal() { # check_equal WHAT EXPECTED ACTUAL
  [[ $2 == "$3" ]] || fail "$1: expected '$2', got '$3'"
}
check_match() { # check_match WHAT REGEX ACTUAL
  [[ $3 =~ $2 ]] || fail "$1: expected something like '$2', got '$3'"
}

free_port() { # a TCP port of loopback that nobody listens on now
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    if ! (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port"; return; fi
  done
}

# start_belfryd CONFIG [option...]: starts it and waits until it is ready. Log: $work/belfryd.log, appended to.
start_belfryd() {
  local config=$1 before=0
  shift
  : "${metrics_port:=$(free_port)}"
  [[ ! -e $work/belfryd.log ]] || before=$(grep -c "$ready_line" "$work/belfryd.log") || :
  belfryd --config "$config" --state-dir "$work/state" --socket "$BELFRY_SOCKET" --metrics "127.0.0.1:$metrics_port" "$@" \
    >>"$work/belfryd.log" 2>&1 &
  belfryd_pid=$!
  pids+=("$belfryd_pid")
  wait_line "$work/belfryd.log" "$ready_line" $((before + 1)) "$belfryd_pid" >/dev/null
}
ready_line='belfryd is ready'

stop_belfryd() { # in order; fails when it does not leave with 0
  kill -TERM "$belfryd_pid"
  wait_end "$belfryd_pid"
  check_equal "exit status of belfryd after SIGTERM" 0 "$status"
}

metrics() { curl --silent --show-error --fail --max-time 10 "http://127.0.0.1:$metrics_port/metrics"; }

# metric NAME{LABELS}: the value of one series, by its full name; empty when there is none.
metric() { metrics | awk -v want="$1" '{ value = $NF; sub(/ [^ ]*$/, ""); if ($0 == want) print value }'; }
