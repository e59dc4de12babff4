#!/usr/bin/env bash
# belfry upgrade: belfryd becomes another program in the same process, and its jobs, sockets and output stay.
source "$(dirname "$0")/lib.sh"

# The installed program is a copy, which the test replaces.
mkdir "$work/bin"
install "$BIN_DIR/belfryd" "$work/bin/belfryd"
PATH=$work/bin:$PATH

mkfifo "$work/started" "$work/gate"
cat >"$work/scheduler.yaml" <<YAML
version: 1
jobs:
  gated:
    command: "echo before; seq 10000; echo \$\$ >'$work/started'; read -r word <'$work/gate'; echo \$word; exit 3"
    success_exit_codes: [3]
YAML

status_of() { belfry status --json | jq -r ".$1"; }
outcome() { belfry history gated --json | jq -r '.runs[0].outcome'; }

start_belfryd "$work/scheduler.yaml"
step "a running job goes on, its output is one, and its exit code is known"
belfry run gated >/dev/null
read -r -t "$deadline" job <"$work/started"
install "$BIN_DIR/belfryd" "$work/bin/next" && mv "$work/bin/next" "$work/bin/belfryd"
check_match "belfry upgrade" 'goes on where' "$(belfry upgrade)"
check_equal "the process" "$belfryd_pid" "$(status_of pid)"
check_equal "runs under way" 1 "$(status_of engine.running)"
check_equal "the running job in the metrics" 1 "$(metric 'belfry_job_running{job_name="gated"}')"
echo after >"$work/gate"
gone "$job"
ask_until '^success$' outcome >/dev/null
check_equal "its exit code" 3 "$(belfry history gated --json | jq -r '.runs[0].exit_code')"
check_equal "its output" "$(echo before; seq 10000; echo after)" "$(belfry logs gated)"  # far more than the table holds

step "it waits for a precondition that is being looked at: its program would have no owner"
mkfifo "$work/looks" "$work/answer"
cat >>"$work/scheduler.yaml" <<YAML
  guarded:
    at: $(date -u -d '+2 seconds' +%FT%TZ)
    precondition: {command: "echo \$\$ >'$work/looks'; read -r word <'$work/answer'"}
    command: ["true"]
YAML
belfry reload >/dev/null
read -r -t "$deadline" looking <"$work/looks"
belfry upgrade >"$work/upgrade.txt" &
upgrading=$!
ask_until '^true$' sh -c "belfry tasks --json | jq '.tasks | any(.name == \"upgrade\")'" >/dev/null
kill -0 "$looking" || fail "the program that looks has ended"
echo yes >"$work/answer"
wait "$upgrading" || fail "belfry upgrade failed: $(cat "$work/upgrade.txt")"
ask_until '^success$' sh -c "belfry history guarded --json | jq -r '.runs[0].outcome'" >/dev/null

step "SIGUSR2 does the same"
ready=$(grep -c "$ready_line" "$work/belfryd.log")
kill -USR2 "$belfryd_pid"
wait_line "$work/belfryd.log" "$ready_line" $((ready + 1)) "$belfryd_pid" >/dev/null
check_equal "the process" "$belfryd_pid" "$(status_of pid)"

step "a program that does not start, or refuses the configuration, changes nothing"
printf '#!/bin/sh\necho broken >&2\nexit 1\n' >"$work/bin/next" && chmod +x "$work/bin/next" && mv "$work/bin/next" "$work/bin/belfryd"
if belfry upgrade >"$work/upgrade.txt" 2>&1; then fail "a broken program was taken"; else check_equal "exit code" 6 $?; fi
check_match "the reason" broken "$(cat "$work/upgrade.txt")"
install "$BIN_DIR/belfryd" "$work/bin/next" && mv "$work/bin/next" "$work/bin/belfryd"
cp "$work/scheduler.yaml" "$work/good.yaml"
echo 'jobs: nonsense' >"$work/scheduler.yaml"
if belfry upgrade >"$work/upgrade.txt" 2>&1; then fail "a bad configuration was taken"; else check_equal "exit code" 6 $?; fi
check_match "the reason" 'scheduler.yaml:1' "$(cat "$work/upgrade.txt")"
mv "$work/good.yaml" "$work/scheduler.yaml"
check_equal "the process" "$belfryd_pid" "$(status_of pid)"

step "after kill -9 the next belfryd takes the job over just so"
belfry run gated >/dev/null
read -r -t "$deadline" job <"$work/started"
kill -KILL "$belfryd_pid"
wait_end "$belfryd_pid"
start_belfryd "$work/scheduler.yaml"
check_equal "runs under way" 1 "$(status_of engine.running)"
echo again >"$work/gate"
gone "$job"
# lost: neither Linux 6.15 nor the right to trace it
ask_until '^(success|lost)$' outcome >/dev/null
check_match "its output" 'before.*again' "$(belfry logs gated | tr '\n' ' ')"

step "one that ends while no belfryd runs has all of its output"
belfry run gated >/dev/null
read -r -t "$deadline" job <"$work/started"
kill -KILL "$belfryd_pid"
wait_end "$belfryd_pid"
echo alone >"$work/gate"
gone "$job"
start_belfryd "$work/scheduler.yaml"
ask_until '^(success|lost)$' outcome >/dev/null
check_match "its last words" 'before.*10000 alone $' "$(belfry logs gated | tr '\n' ' ')"
stop_belfryd
