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
  signs:
    fails_when: {regex: "^ERR"}
    output: {max_bytes: 1K}
    command: seq 100000; echo "ERR no room"; seq 100000
  keys:
    user: nobody
    working_dir: /
    secrets: {TOKEN_FILE: token}
    output: {journal: true}
    command: stat -c '%U %a' "\$TOKEN_FILE"; cat "\$TOKEN_FILE"; grep -c 'hunter[2]' /proc/self/environ; wc -c <"\$TOKEN_FILE"
  keyless: {secrets: {TOKEN_FILE: none.token}, command: "true"}
  held:
    secrets: {TOKEN_FILE: token}
    command: echo >"$work/began"; read -r line <"$work/go"; cat "\$TOKEN_FILE"
  split:
    user: nobody
    working_dir: /
    env_file: {file: pass.env, secret: true}
    command: >
      printf "begin supersecretva"; echo >"$work/began"; read -r line <"$work/go";
      echo lue123 end; echo >"$work/began"; read -r line <"$work/go"; echo "\$PASS"
  long:
    user: nobody
    working_dir: /tmp
    command: echo begin; echo >"$work/began"; read -r line <"$work/go"; echo "end of \$(id -un)"
END
printf 'WHO=the file\nWHAT="a \\"file\\""\n' >"$work/vars.env"
echo PASS=supersecretvalue123 >"$work/pass.env"
echo hunter2 >"$work/token"
chmod 600 "$work/token"
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

step "a good exit code is a failure when the output says so, also where it was not kept"
belfry run signs --wait --propagate-exit >"$work/signs.out" 2>&1 && fail "signs succeeded"
check_match "what is said of signs" 'exit code 0, but a line of its standard output matches "\^ERR": "ERR no room"' "$(cat "$work/signs.out")"

step "a secret is the user's alone, is hidden in the output, and is gone with the run"
check_match "the output of keys" $'^nobody 400\n\*\*\*\n0\n8$' "$(output_of keys)"
if grep -rqs hunter2 "$work/state" "$work/belfryd.log"; then fail "the secret is on record"; fi
check_equal "what is left of secrets" "" "$(find /dev/shm/belfry-0-*.secrets -name TOKEN_FILE -newer "$work/token" 2>/dev/null)"
check_match "what the journal took, or nobody" '^[1-9]' "$(metrics | awk '/^belfry_journal_lines_total/ { sum += $2 } END { print sum }')"
belfry run keyless --wait >"$work/keyless.out" 2>&1 && fail "keyless ran"
check_match "what is said of keyless" 'secrets: TOKEN_FILE: cannot open .*none.token: No such file' "$(cat "$work/keyless.out")"

step "secrets outlive a kill of belfryd with their run, and are gone after it"
belfry run held >/dev/null
read -r -t "$deadline" _ <"$work/began" || fail "held did not begin"
secret=$(find /dev/shm/belfry-0-*.secrets -name TOKEN_FILE -newer "$work/token")
check_match "where the secret is" '/[0-9]+/TOKEN_FILE$' "$secret"
kill -KILL "$belfryd_pid"
wait_end "$belfryd_pid"
mkdir -p "${secret%/*/*}/99999"
echo hunter2 >"${secret%/*/*}/99999/TOKEN_FILE" # of a run that nobody knows
start_belfryd "$work/scheduler.yaml"
[[ -e $secret ]] || fail "the secret of a run that goes on is gone"
[[ ! -e ${secret%/*/*}/99999 ]] || fail "a forgotten secret is still there"
echo >"$work/go"
wait_line "$work/belfryd.log" 'run ended.*"job":"held".*"outcome":"success"' >/dev/null
check_equal "the output of held" '***' "$(belfry logs held)"
[[ ! -e $secret ]] || fail "the secret is still there after the run"

step "what was held back of a secret goes through an upgrade, and a value that is no longer in its file is hidden after a kill"
belfry run split >/dev/null
read -r -t "$deadline" _ <"$work/began" || fail "split did not begin"
note=$(find "${secret%/*/*}" -name hidden.texts)
check_equal "who has what is to be hidden" 'root 400' "$(stat -c '%U %a' "$note")"
belfry upgrade >/dev/null
echo >"$work/go"
read -r -t "$deadline" _ <"$work/began" || fail "split did not go on"
mv "$work/pass.env" "$work/moved.env"
kill -KILL "$belfryd_pid"
wait_end "$belfryd_pid"
sed -i '/^  split:/,/^  long:/{/^  long:/!d}' "$work/scheduler.yaml"
start_belfryd "$work/scheduler.yaml"
echo >"$work/go"
wait_line "$work/belfryd.log" 'run ended.*"job":"split".*"outcome":"success"' >/dev/null
check_match "the output of split" $'^begin \\*\\*\\*.*\n\\*\\*\\*$' "$(belfry logs split)"
if grep -rqsE 'supersecret|lue123' "$work/state" "$work/belfryd.log"; then fail "a part of the secret is on record"; fi

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
[[ ! -e ${secret%/*/*} ]] || fail "the folder of secrets is still there"
if grep 'left behind at the end' "$work/belfryd.log"; then fail "belfryd leaves something behind"; fi
