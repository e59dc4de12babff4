#!/usr/bin/env bash
# belfryd as a process: it drains at SIGTERM, reloads at SIGHUP, survives kill -9, and answers while its loop is stuck.
source "$(dirname "$0")/lib.sh"

# A gated job tells that it runs and ends when it is let: `started` and `gate` are FIFOs, so both sides meet.
mkfifo "$work/started" "$work/gate"
cat >"$work/scheduler.yaml" <<YAML
version: 1
shutdown_timeout: 20s
jobs:
  gated:
    command: "echo \$\$ >'$work/job'; echo \$BELFRY_RUN_ID >'$work/started'; read -r word <'$work/gate'; echo got \$word"
  deaf:
    command: "trap '' TERM; echo \$\$ >'$work/started'; while :; do read -r word <'$work/gate' || :; done"
    kill_grace: 100ms
  absent:
    command: [$work/no/such/program]
  hello:
    command: [echo, hello]
YAML

run_outcome() { belfry history "$1" --json | jq -r '.runs[0].outcome'; }

step "a command that does not exist is a start_error with its reason"
start_belfryd "$work/scheduler.yaml"
belfry run absent --wait >"$work/absent.log" 2>&1 && fail "the run of an absent program succeeded"
check_equal "outcome of absent" start_error "$(run_outcome absent)"
belfry history absent --json | grep -qi 'no such file or directory' || fail "the reason is not in the history"
belfry run hello --wait >/dev/null || fail "hello failed"
check_match "logs of hello" hello "$(belfry logs hello)"

step "SIGTERM: a running job may end by itself, then the daemon leaves with 0"
belfry run gated >/dev/null
read -r -t "$deadline" run_id <"$work/started"
check_match "the run's id" '^[0-9]+$' "$run_id"
kill -TERM "$belfryd_pid"
wait_line "$work/belfryd.log" 'told to end' >/dev/null
if belfry run hello >/dev/null 2>&1; then fail "a draining daemon started a run"; fi
echo well >"$work/gate"
wait_end "$belfryd_pid"
check_equal "exit status after draining" 0 "$status"
[[ ! -S $BELFRY_SOCKET ]] || fail "the control socket was left behind"
start_belfryd "$work/scheduler.yaml"
check_equal "outcome of the drained run" success "$(run_outcome gated)"
check_match "its output" 'got well' "$(belfry logs gated)"

step "SIGHUP: a good file is taken over, the running job goes on"
belfry run gated >/dev/null
read -r -t "$deadline" run_id <"$work/started"
cp "$work/scheduler.yaml" "$work/good.yaml"
printf '  added:\n    command: [echo, new]\n' >>"$work/scheduler.yaml"
belfry reload >/dev/null
belfry list --json | grep -q '"added"' || fail "the added job is not listed"
check_equal "reload in the metrics" 1 "$(metric belfry_config_last_reload_successful)"
check_equal "the running job" 1 "$(metric 'belfry_job_running{job_name="gated"}')"

step "SIGHUP: a bad file changes nothing and says where it is wrong"
sed 's/command: \[echo, new\]/comand: [echo, new]/' "$work/scheduler.yaml" >"$work/bad.yaml"
cp "$work/bad.yaml" "$work/scheduler.yaml"
kill -HUP "$belfryd_pid"
wait_line "$work/belfryd.log" 'scheduler\.yaml:[0-9]+:[0-9]+.*comand' >/dev/null
belfry list --json | grep -q '"added"' || fail "the bad file took a job away"
ask_until '^0$' metric belfry_config_last_reload_successful >/dev/null
echo on >"$work/gate"
cp "$work/good.yaml" "$work/scheduler.yaml"
kill -HUP "$belfryd_pid"
ask_until '^1$' metric belfry_config_last_reload_successful >/dev/null

step "kill -9 of belfryd and of its job: the next daemon closes the run, with what the kernel tells, and counts it"
belfry run gated >/dev/null
read -r -t "$deadline" run_id <"$work/started"
belfry history gated >/dev/null # is answered once the start of the run is durable
kill -KILL "$belfryd_pid"
wait_end "$belfryd_pid"
kill -KILL "$(cat "$work/job")"
gone "$(cat "$work/job")"
start_belfryd "$work/scheduler.yaml"
# Linux keeps the status of an ended process for whoever has a pidfd of it, from 6.15 on
fate=$(printf '%s\n' 6.15 "$(uname -r)" | sort -V | head -1 | grep -q '^6.15$' && echo killed || echo lost)
fate_of_run() { belfry history gated --json | jq -r --argjson id "$run_id" '.runs[] | select(.run == $id) | .outcome'; }
ask_until "^$fate\$" fate_of_run >/dev/null
metrics >"$work/page" # as a whole: grep -q leaves early, and curl would fail
grep -q "belfry_job_runs_total{.*job_name=\"gated\".*outcome=\"$fate\".*} 1" "$work/page" || fail "the run is not counted"

step "SIGTERM: a job that ignores SIGTERM is killed, and nothing of it is left"
sed -i 's/shutdown_timeout: 20s/shutdown_timeout: 200ms/' "$work/scheduler.yaml"
belfry reload >/dev/null
belfry run deaf >/dev/null
read -r -t "$deadline" deaf_pid <"$work/started"
stop_belfryd
gone "$deaf_pid"
start_belfryd "$work/scheduler.yaml"
check_equal "outcome of the deaf run" cancelled "$(run_outcome deaf)"

step "a configuration that is not valid: exit status 5, with file, line, column and a guess"
bad=0
belfryd --config "$work/bad.yaml" --state-dir "$work/other" --socket "$work/other.sock" --metrics off \
  >"$work/bad.log" 2>&1 </dev/null || bad=$?
check_equal "exit status" 5 "$bad"
grep -qE 'bad\.yaml:[0-9]+:[0-9]+: .*comand' "$work/bad.log" || fail "no place in the message"
grep -q 'did you mean' "$work/bad.log" || fail "no guess in the message"

step "two daemons do not share a state folder"
second=0
timeout "$deadline" belfryd --config "$work/good.yaml" --state-dir "$work/state" --socket "$work/second.sock" --metrics off \
  >"$work/second.log" 2>&1 </dev/null || second=$?
check_equal "exit status of the second daemon" 1 "$second"

step "metrics and status answer while the loop is stuck, and name it"
exec {release}> >("$BIN_DIR/stop_thread" "$belfryd_pid" >"$work/stop.log" 2>&1 || echo "status $?" >>"$work/stop.log")
if [[ $(wait_line "$work/stop.log" 'stopped|status') == stopped ]]; then
  check_match "metrics of a stuck loop" 'belfry_loop_iterations_total' "$(metrics)"
  exec {release}>&-
  belfry status >/dev/null
else
  echo "   (ptrace is not allowed here: left out)"
  exec {release}>&-
fi
stop_belfryd
