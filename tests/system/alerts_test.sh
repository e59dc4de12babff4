#!/usr/bin/env bash
# The alert rules and dashboards for Prometheus and Grafana: they hold to their tests, and to what belfry has and documents.
source "$(dirname "$0")/lib.sh"
command -v promtool >/dev/null || fail "no promtool here: .ci/install-deps test"
cd "$SOURCE_DIR"
rules=systemd/prometheus/belfry.rules.yml
dashboards=(systemd/grafana/*.json)

check_quietly() { # check_quietly WHAT COMMAND...: what it says is shown when it fails
  local what=$1
  shift
  "$@" >"$work/promtool.log" 2>&1 || fail "$what"
}

step "promtool accepts the rules and the example of a configuration"
check_quietly "the rules are not valid" promtool check rules "$rules"
check_quietly "prometheus.yml is not valid" promtool check config systemd/prometheus/prometheus.yml

step "each rule fires beyond its threshold and not before"
for tests in tests/system/prometheus/*.rules.test.yml; do
  check_quietly "${tests##*/} fails" promtool test rules "$tests"
done

step "each alert is tested, documented, has a severity and a summary, and names a command that there is"
mapfile -t alerts < <(sed -n 's/^ *- alert: //p' "$rules")
((${#alerts[@]} >= 30)) || fail "only ${#alerts[@]} alerts"
for alert in "${alerts[@]}"; do
  grep -qE "alertname(=\"|: )$alert\b" tests/system/prometheus/*.yml || fail "no test of $alert"
  grep -q "^| \`$alert\` |" docs/alerts.md || fail "docs/alerts.md does not list $alert"
  text=$(awk -v start="- alert: $alert" '/^ *- (alert|record|name):/ { on = index($0, start) && $NF == substr(start, 10) } on' "$rules")
  check_match "the severity of $alert" 'severity: .*(critical|warning|info)' "$text"
  check_match "the summary of $alert" 'summary: .' "$text"
  check_match "the description of $alert" 'description: .*`belfry [a-z]' "$text"
done
# shellcheck disable=SC2016 # the backticks are those of the page
while read -r alert; do
  grep -q -- "- alert: $alert\$" "$rules" || fail "docs/alerts.md lists $alert, which is no alert"
done < <(sed -n 's/^| `\(Belfry[A-Za-z]*\)` |.*/\1/p' docs/alerts.md)
while read -r command; do
  grep -qE "^\.BR? \"?$command\b" docs/man/belfry.1 || fail "belfry(1) has no command $command"
done < <(cat "$rules" docs/alerts.md "${dashboards[@]}" | grep -oE '`belfry [a-z]+' | sed 's/.* //' | sort -u)

step "docs/metrics.md has every metric of the rules and the dashboards"
while read -r name; do
  if grep -q "^| \`$name\` |" docs/metrics.md; then continue; fi
  [[ $name =~ _(bucket|sum|count)$ ]] || fail "docs/metrics.md does not have $name"
  grep -q "^| \`${name%_*}\` | histogram |" docs/metrics.md || fail "docs/metrics.md has no histogram for $name"
done < <(cat "$rules" "${dashboards[@]}" | grep -oE '(^|[^a-z_:])belfry_[a-z_]+' | grep -oE 'belfry_[a-z_]+' | sort -u)

step "the dashboards are complete"
for dashboard in "${dashboards[@]}"; do
  name=${dashboard##*/}
  jq -e . "$dashboard" >/dev/null || fail "$name is no JSON"
  check_equal "what is wrong with $name" "" "$(jq -r '
    (select(.schemaVersion < 38) | "schemaVersion \(.schemaVersion)"),
    (select([.templating.list[].name] | index("datasource") | not) | "no variable datasource"),
    ([.panels[].id] | group_by(.)[] | select(length > 1) | "the id \(.[0]) twice"),
    (.. | objects | select(has("datasource")) | .datasource.uid | select(. != "${datasource}") | "the data source \(.)"),
    (.panels[] | select(.type != "row") | . as $panel |
      (select((.description // "") == "") | "no description"),
      (select(.fieldConfig.defaults.unit == null) | "no unit"),
      (select((.targets | length) == 0) | "no query")
      | "\($panel.title): \(.)"),
    (.panels | to_entries | . as $all | .[] | . as $one | $all[] | select(.key > $one.key) |
      [$one.value.gridPos, .value.gridPos] as [$a, $b] |
      select($a.x < $b.x + $b.w and $b.x < $a.x + $a.w and $a.y < $b.y + $b.h and $b.y < $a.y + $a.h) |
      "\($one.value.title) lies on \(.value.title)")' "$dashboard")"
done

step "each query of the dashboards is PromQL"
for dashboard in "${dashboards[@]}"; do
  jq '[.panels[].targets[]?.expr, .annotations.list[].expr,
       (.templating.list[].query | objects | .query | capture("^label_values\\((?<of>.*), [a-z_]+\\)$").of)]
    | map(gsub("\\$__[a-z_]+"; "5m") | gsub("\\$[a-z_]+"; "x"))
    | {groups: [{name: "queries", rules: (to_entries | map({record: "query:\(.key)", expr: .value}))}]}' \
    "$dashboard" >"$work/queries.json"
  check_quietly "a query of ${dashboard##*/} does not parse" promtool check rules "$work/queries.json"
  sed -n 's/.*SUCCESS: \([0-9]*\) rules.*/   '"${dashboard##*/}"': \1 queries/p' "$work/promtool.log"
done
