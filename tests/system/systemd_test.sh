#!/usr/bin/env bash
# belfryd under a real systemd: installs it there, starts it, sees it ready, reloads, stops, kills it, blocks it.
#
# Run by CTest it boots a systemd in namespaces (boot-systemd) and runs itself in there with the argument `inside`.
source "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)

if [[ ${1-} != inside ]]; then
  ((EUID == 0)) || skip "booting a systemd in namespaces needs root"
  unshare --mount --pid --uts --ipc --net --fork true 2>/dev/null || skip "this kernel or container does not allow namespaces"
  grep -qw cgroup2 /proc/self/mountinfo || skip "no cgroup2 is mounted here"
  unshare --mount bash -c 'mount --make-rprivate / && mount -t tmpfs none /mnt' 2>/dev/null ||
    skip "this container does not allow mounts"
  DESTDIR=$work/stage cmake --install "$BUILD_DIR" --prefix /usr >"$work/install.log" || fail "the installation failed"
  chmod 755 "$work"
  exec_status=0
  "$here/boot-systemd" --timeout 200 --bind "$work/stage:/stage" --bind "$here:/tests" --bind "$BIN_DIR:/programs" \
    --setenv SOURCE_DIR=/nowhere --setenv BUILD_DIR=/nowhere --setenv BIN_DIR=/programs --chdir / \
    --journal "$work/journal.log" -- bash /tests/systemd_test.sh inside || exec_status=$?
  ((exec_status == 0)) || fail "status $exec_status inside of the booted systemd"
  exit 0
fi

# ---------------------------------------------------------------- inside
unset BELFRY_SOCKET
PATH=/usr/sbin:/usr/bin:/sbin:/bin
journalctl --unit belfryd --follow --no-tail --output cat >"$work/unit.log" 2>/dev/null &
pids+=($!)
config=/etc/belfry/scheduler.yaml
main_pid() { systemctl show -P MainPID belfryd; }
ready() { wait_line "$work/unit.log" '^Started belfryd.service' "$1" >/dev/null; }

step "install"
cp -a /stage/. /
systemd-sysusers
systemd-tmpfiles --create belfry.conf
systemctl daemon-reload
systemd-analyze verify --man=no belfryd.service 2>"$work/verify.log" || fail "systemd-analyze verify complains"
check_equal "owner of the configuration" "root:belfry 640" "$(stat -c '%U:%G %a' $config)"

step "enable and start: ready means ready"
systemctl enable --quiet --now belfryd || fail "the unit does not start: $(journalctl -u belfryd --no-pager -n 20)"
check_equal "state" active "$(systemctl is-active belfryd)"
belfry status >/dev/null || fail "belfry status does not answer right after the start"
check_equal "user" belfry "$(ps -o user= -p "$(main_pid)")"
check_equal "owner of the state" belfry "$(stat -c %U /var/lib/belfry)"
check_match "status line" '.' "$(systemctl show -P StatusText belfryd)"

step "a job runs, hardening and all, as the user belfry"
cat >>$config <<'YAML'
  who:
    command: "id -un; echo $BELFRY_JOB; date > /tmp/who; node --version 2>/dev/null || :"
YAML
systemctl reload belfryd
wait_line "$work/unit.log" 'configuration in force.*generation=?.*2|"generation":"?2' >/dev/null
belfry run who --wait || fail "the job failed: $(belfry logs who)"
check_match "what the job printed" $'belfry\nwho' "$(belfry logs who)"

step "the journal has each line of the log with its fields"
wait_line "$work/unit.log" 'run ended +job=who .*outcome=success' >/dev/null
journalctl --sync
entry=$(journalctl --unit belfryd JOB=who OUTCOME=success --output json --lines 1 --no-pager)
check_match "fields of the entry" '"[0-9]+ 6 belfryd _"' "$(jq '"\(.RUN) \(.PRIORITY) \(.SYSLOG_IDENTIFIER) _"' <<<"$entry")"
check_equal "its unit" belfryd.service "$(jq -r ._SYSTEMD_UNIT <<<"$entry")"
check_equal "lines of other jobs" "" "$(journalctl --unit belfryd JOB=nobody --output json --no-pager)"

step "the journal has each line that a job prints, with its job, run, stream and priority"
cat >>$config <<'YAML'
  chatty:
    output: {journal: true}
    command: echo hello; echo "<3>trouble" >&2; seq 500
YAML
systemctl reload belfryd
wait_line "$work/unit.log" 'configuration in force.*generation=?.*3|"generation":"?3' >/dev/null
belfry run chatty --wait || fail "chatty failed: $(belfry logs chatty)"
ask_until '^502$' bash -c 'journalctl --sync; journalctl --unit belfryd BELFRY_JOB=chatty --output cat --no-pager | wc -l' >/dev/null
lines=$(journalctl --unit belfryd BELFRY_JOB=chatty --output json --no-pager | jq -r '"\(.MESSAGE) \(.PRIORITY) \(.BELFRY_STREAM) \(.SYSLOG_IDENTIFIER) \(.BELFRY_RUN|tonumber > 0)"')
check_match "a line of its output" $'(^|\n)hello 6 stdout chatty true\n' "$lines"
check_match "one of its errors, with a priority" $'(^|\n)trouble 3 stderr chatty true\n' "$lines"

step "a bad configuration is refused at a reload, and the unit stays up"
cp $config "$work/good.yaml"
echo '  odd: {comand: [x]}' >>$config
systemctl reload belfryd || :
wait_line "$work/unit.log" "comand" >/dev/null
check_equal "state" active "$(systemctl is-active belfryd)"
cp "$work/good.yaml" $config

step "stop: in order"
systemctl stop belfryd
check_equal "result" "success inactive" "$(systemctl show -P Result belfryd) $(systemctl is-active belfryd || :)"
[[ ! -e /run/belfry/belfry.sock ]] || fail "the socket is still there"
systemctl start belfryd
ready 2

step "kill -9: systemd brings it back"
old=$(main_pid)
systemctl kill --signal=KILL --kill-whom=main belfryd
ready 3
[[ $(main_pid) != "$old" ]] || fail "the same process is still there"
check_equal "restarts" 1 "$(systemctl show -P NRestarts belfryd)"
belfry status >/dev/null

step "watchdog: a loop that is stuck is killed and started again"
mkdir -p /etc/systemd/system/belfryd.service.d
printf '[Service]\nWatchdogSec=1s\nTimeoutAbortSec=2s\nLimitCORE=0\n' >/etc/systemd/system/belfryd.service.d/quick.conf
systemctl daemon-reload
systemctl restart belfryd
ready 4
old=$(main_pid)
exec {release}> >(/programs/stop_thread "$old" >"$work/stop.log" 2>&1 || echo "status $?" >>"$work/stop.log")
if [[ $(wait_line "$work/stop.log" 'stopped|status') == stopped ]]; then
  wait_line "$work/unit.log" 'Watchdog timeout' >/dev/null
  ready 5
  [[ $(main_pid) != "$old" ]] || fail "the stuck process is still there"
else
  echo "   (ptrace is not allowed here: left out)"
fi
exec {release}>&-

step "a configuration that is broken from the start: exit status 5, and no restart"
systemctl stop belfryd
echo 'jobs: [' >$config
if systemctl start belfryd 2>/dev/null; then fail "it started with a broken configuration"; fi
check_equal "exit status" 5 "$(systemctl show -P ExecMainStatus belfryd)"
check_equal "state" failed "$(systemctl is-active belfryd || :)"
