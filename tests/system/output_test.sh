#!/usr/bin/env bash
# A job that prints 10 GB keeps the daemon's memory flat, and its first and last bytes are kept; bytes that are no text come back
# as they were.
source "$(dirname "$0")/lib.sh"

bytes=10000000000
if [[ $SANITIZE ]]; then bytes=500000000; fi # the instrumented reader is many times slower; the point is the same
cat >"$work/scheduler.yaml" <<YAML
version: 1
jobs:
  chatty:
    command: "echo first words; head -c $bytes /dev/zero; echo; echo last words"
    timeout: 5m
  bytes:
    command: "head -c 30000 '$BIN_DIR/belfry-exec'; head -c 30000 '$BIN_DIR/belfry-exec' >&2"
  warm_up:
    command: "head -c 20000000 /dev/zero"
YAML
start_belfryd "$work/scheduler.yaml"
peak_kb() { awk '/^VmHWM:/ { print $2 }' "/proc/$belfryd_pid/status"; }

belfry run warm_up --wait >/dev/null || fail "warm_up failed"
before=$(peak_kb)
step "print $bytes bytes"
belfry run chatty --wait >/dev/null || fail "chatty failed"
after=$(peak_kb)
step "peak memory: $before kB before, $after kB after"
limit=8192
if [[ $SANITIZE ]]; then limit=65536; fi # the sanitizers' quarantine and shadow grow by themselves
((after - before < limit)) || fail "the peak grew by $((after - before)) kB"

belfry logs chatty | tr -d '\0' >"$work/kept.log"
grep -q 'first words' "$work/kept.log" || fail "the first bytes were not kept"
grep -q 'last words' "$work/kept.log" || fail "the last bytes were not kept"
(($(stat -c %s "$work/kept.log") < 10000000)) || fail "too much was kept"
counted=$(metrics | awk '/^belfry_job_output_bytes_total\{.*job_name="chatty".*stream="stdout"/ { printf "%.0f", $NF }')
check_equal "bytes counted in the metrics" "$((bytes + 12 + 12))" "$counted"

step "bytes that are no text"
belfry run bytes --wait >/dev/null || fail "bytes failed"
belfry logs bytes >"$work/out" 2>"$work/err"
check_equal "standard output, byte for byte" "$(head -c 30000 "$BIN_DIR/belfry-exec" | sha256sum)" "$(sha256sum <"$work/out")"
check_equal "standard error, byte for byte" "$(head -c 30000 "$BIN_DIR/belfry-exec" | sha256sum)" "$(sha256sum <"$work/err")"
stop_belfryd
