#!/usr/bin/env bash
# Debian's Prometheus scrapes belfryd, and answers with the values that belfryd counted; promtool has no complaint.
source "$(dirname "$0")/lib.sh"
command -v prometheus >/dev/null || fail "no prometheus here: .ci/install-deps test"

cat >"$work/scheduler.yaml" <<'YAML'
version: 1
jobs:
  tick:
    every: 1s
    concurrency_policy: allow  # it is run by hand, too, perhaps in the very moment of a slot
    command: ["true"]
  broken:
    command: ["false"]
YAML
start_belfryd "$work/scheduler.yaml"
belfry run broken --wait >/dev/null && fail "broken succeeded"
belfry run tick --wait >/dev/null || fail "tick failed"

step "promtool check metrics"
metrics >"$work/metrics.txt"
promtool check metrics <"$work/metrics.txt" >"$work/promtool.log" 2>&1 || fail "promtool complains"
check_equal "what promtool says" "" "$(cat "$work/promtool.log")"

step "the types and the text are OpenMetrics' and Prometheus' own"
curl --silent --fail --dump-header "$work/headers" --output /dev/null "http://127.0.0.1:$metrics_port/metrics"
grep -qi '^content-type: text/plain' "$work/headers" || fail "an odd Content-Type: $(cat "$work/headers")"

step "start Prometheus"
prometheus_port=$(free_port)
cat >"$work/prometheus.yml" <<YAML
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: belfry
    static_configs: [{targets: ["127.0.0.1:$metrics_port"]}]
YAML
promtool check config "$work/prometheus.yml" >/dev/null
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
  --web.listen-address="127.0.0.1:$prometheus_port" >"$work/prometheus.log" 2>&1 &
pids+=($!)
wait_line "$work/prometheus.log" 'Server is ready to receive web requests' >/dev/null

value() { # the value of a query of one series; empty while there is none
  curl --silent --fail --get --data-urlencode "query=$1" "http://127.0.0.1:$prometheus_port/api/v1/query" |
    jq -r '.data.result[0].value[1] // empty'
}

step "ask Prometheus"
ask_until '^1$' value 'up{job="belfry"}' >/dev/null
ask_until '^1$' value 'sum(belfry_job_runs_total{job_name="broken",outcome="failure"})' >/dev/null
ask_until '^[0-9]+$' value 'sum(belfry_job_runs_total{job_name="tick",outcome="success"}) >= 3' >/dev/null
ask_until '^[1-9][0-9]*$' value 'sum(belfry_job_slots_total{job_name="tick",result="started"})' >/dev/null
ask_until '^[1-9][0-9]*$' value 'sum(belfry_job_duration_seconds_count{job_name="tick"})' >/dev/null
ask_until '^0$' value 'sum(belfry_tasks_leaked)' >/dev/null
check_equal "labels that Prometheus had to rename" "" "$(value 'count({exported_job!=""})')"
stop_belfryd
