#!/usr/bin/env bash
# What surrounds a program, as systemd's units have it: another user, variables, a sandbox, and a kill -9 of belfryd that takes nothing from it.
source "$(dirname "$0")/lib.sh"
[[ $(id -u) == 0 ]] || skip "only root can start programs of other users"
chmod 755 "$work"

cat >"$work/scheduler.yaml" <<END
log: {level: debug, format: json}
jobs:
  who: {user: nobody, command: id -un; id -gn; echo "\$USER in \$HOME"}
  summary:
    user: nobody
    working_dir: /
    environment: [WHO=the job]
    env_file: [vars.env, -missing.env]
    ionice: idle
    sandbox: {no_new_privileges: true, private_tmp: true, network: false}
    interpreter: [bash, -eu]
    stdin: from stdin
    script: |
      read -r line || :
      echo "\$line, \$WHO, \$WHAT, tmp: \$(ls -A /tmp | wc -l), \$(id -un)"
  broken: {env_file: broken.env, command: "true"}
  ghost: {user: nobdy, command: "true"}
  long:
    user: nobody
    working_dir: /tmp
    command: echo begin; echo >"$work/began"; read -r line <"$work/go"; echo "end of \$(id -un)"
END
printf 'WHO=the file\nWHAT="a \\"file\\""\n' >"$work/vars.env"
chmod 600 "$work/vars.env" # belfryd reads it, not the user of the job
printf 'A=1\nhunter2\n' >"$work/broken.env"
mkfifo -m 666 "$work/go" "$work/began"
chmod 644 "$work/scheduler.yaml"
start_belfryd "$work/scheduler.yaml"

output_of() { belfry run "$1" --wait >"$work/$1.out" 2>&1 && belfry logs "$1"; }

step "a job of another user"
check_match "the output of who" $'nobody\nnogroup\nnobody in /nonexistent' "$(output_of who)"

step "a script with variables of a file, in a sandbox"
check_match "the output of summary" 'from stdin, the job, a "file", tmp: 0, nobody' "$(output_of summary)"

step "a mistake in a file of variables is told with its place, and not quoted"
belfry run broken --wait >"$work/broken.out" 2>&1 && fail "broken ran"
check_match "what is said of broken" 'broken.env:2: this is no NAME=VALUE' "$(cat "$work/broken.out")"
if grep -q hunter2 "$work/broken.out" "$work/belfryd.log"; then fail "the log shows what the file holds"; fi

step "a user that is not there is told in a sentence"
belfry run ghost --wait >"$work/ghost.out" 2>&1 && fail "ghost ran"
check_match "what is said of ghost" 'there is no user "nobdy"; did you mean "nobody"\?' "$(cat "$work/ghost.out")"
check_match "what lint says of it" 'on this machine there is no user' "$(belfry lint "$work/scheduler.yaml" || :)"

step "the job of another user outlives a kill of belfryd, and the next one has its end"
belfry run long >/dev/null
read -r -t "$deadline" _ <"$work/began" || fail "long did not begin"
kill -KILL "$belfryd_pid"
wait_end "$belfryd_pid"
start_belfryd "$work/scheduler.yaml"
echo >"$work/go"
wait_line "$work/belfryd.log" 'run ended.*"job":"long".*"outcome":"success"' >/dev/null
check_match "the output of long" $'begin\nend of nobody' "$(belfry logs long)"
stop_belfryd
if grep 'left behind at the end' "$work/belfryd.log"; then fail "belfryd leaves something behind"; fi
