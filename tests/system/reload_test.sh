#!/usr/bin/env bash
# belfryd takes over a changed configuration by itself: renamed over, swapped as Kubernetes does it, written ten times a
# second. Exactly the last content is in force, and what has not changed is no reload.
source "$(dirname "$0")/lib.sh"

config=$work/conf/scheduler.yaml
mkdir "$work/conf"
calendar='calendars: {off: {ics: off.ics}}'
holiday() { # holiday DATE: the calendar with one day off
  printf 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n' "$1"
}
content() { # content JOB...: a configuration with these jobs
  printf 'version: 1\n%s\njobs:\n' "$calendar"
  for job; do printf '  %s: {schedule: "0 4 * * *", holidays: off, timezone: UTC, command: [echo, hello]}\n' "$job"; done
}
renamed() { cat >"$work/new"; mv "$work/new" "$config"; } # stdin takes the place of the file in one step
jobs() { belfry list --json | jq -r '[.jobs[].name] | join(" ")'; }
generation() { belfry status --json | jq -r .engine.generation; }
reloads() { grep -c '"configuration in force"' "$work/belfryd.log"; }

holiday 20300101 >"$work/conf/off.ics"
content first | renamed
start_belfryd "$config"

step "a file that is renamed over it is taken over, and what it changes is told"
content first renamed | renamed
wait_line "$work/belfryd.log" '"configuration in force".*"generation":2' >/dev/null
check_equal jobs "first renamed" "$(jobs)"
wait_line "$work/belfryd.log" 'the new configuration differs.*~ renamed \(UTC\): 0 vanish, 7 appear' >/dev/null

step "written in place; and a bad one is told once and changes nothing"
content first | cat >"$config"
wait_line "$work/belfryd.log" '"configuration in force".*"generation":3' >/dev/null
check_equal jobs first "$(jobs)"
echo '  bad: {evry: 10s, command: [echo]}' >>"$config"
wait_line "$work/belfryd.log" 'did you mean \\"every\\"' >/dev/null
check_equal jobs first "$(jobs)"
check_equal "reload in the metrics" 0 "$(metric belfry_config_last_reload_successful)"
touch "$config"
content first >"$config"
wait_line "$work/belfryd.log" 'the configuration is valid again' >/dev/null
check_equal "times the bad file was told" 1 "$(grep -c 'is not valid: the old one' "$work/belfryd.log")"
check_equal "reload in the metrics" 1 "$(metric belfry_config_last_reload_successful)"
check_equal "generation of the same content" 3 "$(generation)"

step "a calendar that changes is a reload, too"
holiday "$(date -u -d tomorrow +%Y%m%d)" >"$work/conf/off.ics"
wait_line "$work/belfryd.log" '"configuration in force".*"generation":4' >/dev/null
wait_line "$work/belfryd.log" '~ first \(UTC\): 1 vanish, 0 appear' >/dev/null

step "gone with its folder, and back"
mv "$work/conf" "$work/away"
wait_line "$work/belfryd.log" 'cannot be read' >/dev/null
check_equal jobs first "$(jobs)"
mkdir "$work/conf"
cp "$work/away/off.ics" "$work/conf"
content back >"$config"
wait_line "$work/belfryd.log" '"configuration in force".*"generation":5' >/dev/null
check_equal jobs back "$(jobs)"

step "a ConfigMap: the link ..data is swapped"
for i in 1 2 3; do
  mkdir "$work/conf/..$i"
  content "map$i" >"$work/conf/..$i/scheduler.yaml"
done
swap() { ln -s "..$1" "$work/conf/..data_tmp" && mv -T "$work/conf/..data_tmp" "$work/conf/..data"; }
swap 1
ln -s ..data/scheduler.yaml "$work/link" && mv -T "$work/link" "$config"
wait_line "$work/belfryd.log" '"configuration in force".*"generation":6' >/dev/null
check_equal jobs map1 "$(jobs)"
swap 2
rm -r "$work/conf/..1"
wait_line "$work/belfryd.log" '"configuration in force".*"generation":7' >/dev/null
swap 3
wait_line "$work/belfryd.log" '"configuration in force".*"generation":8' >/dev/null
check_equal jobs map3 "$(jobs)"
content plain | renamed
wait_line "$work/belfryd.log" '"configuration in force".*"generation":9' >/dev/null

step "ten writes a second, every other one cut off in the middle: the last content is in force"
exec {never}<> <(:)
for i in {1..40}; do
  if ((i % 2)); then content "write$i" | head -c 90 >"$config"; else content "write$i" | renamed; fi
  read -r -t 0.05 -u "$never" || : # the pace of the writer
done
ask_until '^write40$' jobs >/dev/null
before=$(reloads)
((before < 30)) || fail "$before reloads: they were not gathered"

step "SIGHUP, the client and the watch at once: the last content is in force"
clients=()
for i in {1..10}; do
  content "race$i" | renamed
  kill -HUP "$belfryd_pid"
  belfry reload >/dev/null &
  clients+=($!)
done
wait "${clients[@]}"
ask_until '^race10$' jobs >/dev/null

step "reload tells what changes; the same content once more is nothing"
belfry reload >/dev/null # all that was asked for has been done
check_match "reload without a change" 'nothing has changed' "$(belfry reload)"

step "watch_config: false"
{ content off; echo 'watch_config: false'; } | renamed
ask_until '^off$' jobs >/dev/null
before=$(generation)
content unseen1 | renamed
content unseen2 | renamed
check_match "reload by hand" '\+ unseen2' "$(belfry reload)"
check_equal "generation: nothing but that reload" $((before + 1)) "$(generation)"
stop_belfryd
