#!/usr/bin/env bash
# `belfry why`: the reason for what a real belfryd did, read from its record.
source "$(dirname "$0")/lib.sh"

mkfifo "$work/started" "$work/gate"
cat >"$work/scheduler.yaml" <<YAML
version: 1
timezone: Europe/Berlin
watch_config: false
jobs:
  second: {schedule: "* * * * * *", command: [true], concurrency_policy: allow}
  gated:
    schedule: "* * * * * *"
    command: "echo go >'$work/started'; read -r word <'$work/gate'"
  hand: {command: [echo, hello]}
YAML
why() { belfry why "$@" --json; }
slot_with() { # slot_with JOB REASON: waits for a slot with that reason; prints its instant
  ask_until '^20' sqlite_slot "$1" "$2"
}
sqlite_slot() { belfry why "$1" --json | jq -r --arg reason "$2" 'select(.reason == $reason) | .at'; }

start_belfryd "$work/scheduler.yaml"

step "the most recent slot of a job that runs on time"
ask_until '^It ran: run [0-9]+, success, on time\.$' sh -c 'belfry why second --json | jq -r .sentence' >/dev/null
check_match "the chain" 'belfryd was running since' "$(belfry why second)"
check_match "the chain" 'generation 1 was in force' "$(belfry why second)"

step "overlap names the run that was in the way"
read -r -t "$deadline" _ <"$work/started"
at=$(slot_with gated overlap)
check_match "the sentence" 'because run [0-9]+, which started at .* and goes on, was still under way, and concurrency_policy is forbid' \
  "$(belfry why gated --at "$at")"

step "a pause names who and why"
belfry pause second --reason 'moving house' >/dev/null
at=$(slot_with second paused)
check_match "the sentence" "because it was paused by $(id -un) since .*moving house" "$(belfry why second --at "$at")"
belfry resume second >/dev/null

step "a time that is no slot, one to come, one in the gap of the clock, by hand, and nobody's"
check_match "no slot" 'It did not run at .* because it was not due then' "$(belfry why second --at "$(date -u -d "$at - 1 second" +%FT%T.5Z)")"
check_match "to come" 'is to come: it is due then' "$(belfry why second --at '2100-01-01 00:00')"
check_match "the gap" 'there was no 02:30' "$(belfry why second --at '2026-03-29 02:30')"
belfry run hand --wait >/dev/null
check_match "by hand" 'the job has no schedule' "$(belfry why hand)"
code=0
belfry why nobody >/dev/null 2>"$work/nobody.log" || code=$?
check_equal "status for an unknown job" 3 "$code"
check_match "the message" 'belfry list' "$(cat "$work/nobody.log")"
code=0
belfry why second --at yesterdayish >/dev/null 2>&1 || code=$?
check_equal "status for a time that is none" 2 "$code"

step "down: killed without a word, started again"
at=$(why second | jq -r .at)
kill -KILL "$belfryd_pid"
wait_end "$belfryd_pid"
: <>"$work/gate" # the job that was killed with nobody to wait for it
exec {never}<> <(:)
read -r -t 2 -u "$never" || : # a slot passes while nobody is there
start_belfryd "$work/scheduler.yaml"
at=$(date -u -d "$at + 2 seconds" +%FT%TZ)
missed() { belfry why second --at "$at"; }
check_match "the sentence" 'because belfryd, started at .*, ended without a word, and was started again at' "$(ask_until 'because' missed)"
stop_belfryd
