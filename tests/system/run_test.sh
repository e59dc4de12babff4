#!/usr/bin/env bash
# scheduler.yaml, as it is, does what its comments say within a minute or so: run from a copy, in a folder of its own.
source "$(dirname "$0")/lib.sh"
deadline=150 # the backup is due once a minute

folder=$work/copy results=$work/copy/build/run/results
mkdir "$folder"
cp "$SOURCE_DIR/scheduler.yaml" "$folder/"
echo 'log: {level: debug, format: json}' >>"$folder/scheduler.yaml" # so that every end of a run is a line to wait for
start_belfryd "$folder/scheduler.yaml"

ended() { # ended JOB OUTCOME [COUNT]: until so many scheduled runs of the job have ended so
  wait_line "$work/belfryd.log" "run ended.*\"job\":\"$1\".*\"outcome\":\"$2\".*\"trigger\":\"schedule\"" "${3:-1}" >/dev/null
}

step "flaky fails twice, then succeeds: one run, three attempts"
ended flaky success
belfry history flaky --json | jq -e '[.runs[] | select(.outcome == "success" and .attempts == 3)] | length >= 1' >/dev/null ||
  fail "no run of three attempts"
check_match "flaky.txt" 'attempt 3 succeeds' "$(cat "$results/flaky.txt")"

step "overrun is timed out, and none of its processes remains"
ended overrun timeout
remaining=$(grep -lsaz '^BELFRY_JOB=overrun$' /proc/[0-9]*/environ || :)
check_equal "processes of overrun" "" "$remaining"

step "first_report comes by itself, once"
ended first_report success
grep -q Filesystem "$results/first_report.txt" || fail "an odd first_report.txt"

step "host_stats appends lines of four numbers, and they are rotated"
ended host_stats success 2
ended rotate_stats success
while read -r line; do
  check_match "a line of host_stats.csv" '^(time,load_1m,memory_available_kb,disk_available_kb|[0-9TZ:.+-]+,[0-9.]+,[0-9]+,[0-9]+)$' "$line"
done < <(cat "$results/host_stats.csv" 2>/dev/null || :)

step "backup is a whole archive"
ended backup success
tar --list --file="$results/etc.tar.gz" >"$work/archive.txt" || fail "the archive cannot be read"
grep -q '^etc/passwd$' "$work/archive.txt" || fail "etc/passwd is not in the archive"

step "checksums are right"
belfry pause rotate_stats --reason 'the test compares checksums' >/dev/null
belfry run host_stats --wait >/dev/null || fail "host_stats by hand failed"
belfry run rotate_stats --wait >/dev/null || fail "rotate_stats by hand failed"
belfry run checksums --wait >/dev/null || fail "checksums by hand failed"
piece=$(find "$results" -name 'host_stats.csv.1.zst')
check_equal "the first bytes of a compressed piece" 28b52ffd "$(head -c 4 "$piece" | od -An -tx1 | tr -d ' \n')"
(cd "$folder" && sha256sum --check --quiet "$results/SHA256SUMS" 2>&1) || (cd "$results" && sha256sum --check --quiet SHA256SUMS) ||
  fail "SHA256SUMS is wrong"

step "a one-shot by hand"
belfry in 1s --name later -- touch "$work/later" >/dev/null
wait_line "$work/belfryd.log" 'run ended.*"job":"later"' >/dev/null
[[ -e $work/later ]] || fail "it did not run"

step "nothing was written anywhere else"
check_equal "what the folder holds" "build scheduler.yaml" "$(cd "$folder" && echo *)"
check_equal "what build/ holds" run "$(ls "$folder/build")"

step "every slot ended in exactly one entry"
metrics >"$work/metrics.txt"
first=$(belfry history host_stats --json -n 10000 | jq -r '[.runs[] | select(.trigger == "schedule")] | last | .scheduled_at')
last=$(awk '/^belfry_job_last_due_timestamp_seconds\{job_name="host_stats"\}/ { printf "%d", $NF }' "$work/metrics.txt")
entries=$(awk '/^belfry_job_slots_total\{job_name="host_stats"/ { sum += $NF } END { print sum }' "$work/metrics.txt")
check_equal "entries of host_stats" $(((last - $(date --date="$first" +%s)) / 10 + 1)) "$entries"
stop_belfryd
