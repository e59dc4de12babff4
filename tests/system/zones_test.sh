#!/usr/bin/env bash
# tzdata is updated while belfryd runs: after SIGHUP the new rules are in force, and the log names the slots that moved.
source "$(dirname "$0")/lib.sh"

installed=${TZDIR:-/usr/share/zoneinfo}
export TZDIR=$work/zoneinfo TZ=UTC
mkdir -p "$TZDIR/Europe"
printf '# version before\nZ Europe/Berlin 0\nZ UTC 0\n' >"$TZDIR/tzdata.zi"
cp "$installed/Europe/Berlin" "$TZDIR/Europe/Berlin"
cp "$installed/UTC" "$TZDIR/UTC"
cat >"$work/scheduler.yaml" <<YAML
version: 1
timezone: Europe/Berlin
jobs:
  local:
    schedule: "0 12 * * *"
    command: [true]
  steady:
    every: 1000d
    command: [true]
YAML

generation() { belfry status --json | jq -r .engine.generation; }
next_of() { belfry next "$1" -n 1 --json | jq -r '.slots[0]'; }

start_belfryd "$work/scheduler.yaml"
before=$(next_of local)
steady=$(next_of steady)

step "SIGHUP with the same tzdata moves nothing"
kill -HUP "$belfryd_pid"
ask_until '^2$' generation >/dev/null

step "SIGHUP after an update of tzdata: the next slot moves, and the log says so"
# Tokyo's rules under Berlin's name: noon is eight hours, or seven, earlier.
cp "$installed/Asia/Tokyo" "$TZDIR/Europe/new"
mv "$TZDIR/Europe/new" "$TZDIR/Europe/Berlin"
printf '# version after\nZ Europe/Berlin 0\nZ UTC 0\n' >"$TZDIR/new"
mv "$TZDIR/new" "$TZDIR/tzdata.zi"
kill -HUP "$belfryd_pid"
wait_line "$work/belfryd.log" 'tzdata was updated.*before.*after' >/dev/null
line=$(wait_line "$work/belfryd.log" 'the next slot has moved')
check_match "the line about the moved slot" "local.*$before" "$line"
check_match "the new slot" 'T03:00:00Z$' "$(next_of local)"
check_equal "the slot that depends on no zone" "$steady" "$(next_of steady)"
check_equal "slots that moved" 1 "$(grep -c 'the next slot has moved' "$work/belfryd.log")"
