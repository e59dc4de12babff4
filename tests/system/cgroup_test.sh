#!/usr/bin/env bash
# Limits by control groups under a systemd whose kernel has every controller: a User-Mode Linux of the test's own, which
# has a disk for limits of its traffic.
#
# Run by CTest it boots that (boot-systemd) and runs itself in there with the argument `inside`.
source "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)

if [[ ${1-} != inside ]]; then
  ((EUID == 0)) || skip "booting a systemd needs root"
  command -v linux.uml >/dev/null || skip "no linux.uml (.ci/install-deps test unpacks Debian's user-mode-linux)"
  command -v cc >/dev/null || command -v clang-19 >/dev/null || skip "no C compiler, which linux.uml needs for a shim"
  command -v mkfs.ext4 >/dev/null || skip "no mkfs.ext4 (.ci/install-deps test has Debian's e2fsprogs)"
  unshare --mount bash -c 'mount --make-rprivate / && mount -t tmpfs none /mnt' 2>/dev/null ||
    skip "this container does not allow mounts"
  for component in programs service; do
    DESTDIR=$work/stage cmake --install "$BUILD_DIR" --prefix /usr --component "$component" >>"$work/install.log" ||
      fail "the installation failed"
  done
  chmod 755 "$work"
  exec_status=0
  "$here/boot-systemd" --backend uml --timeout 500 --disk 64M --bind "$work/stage:/stage" --bind "$here:/tests" \
    --setenv SOURCE_DIR=/nowhere --setenv BUILD_DIR=/nowhere --setenv BIN_DIR=/nowhere --chdir / \
    --journal "$work/journal.log" -- bash /tests/cgroup_test.sh inside || exec_status=$?
  ((exec_status == 0)) || fail "status $exec_status inside of the booted systemd"
  exit 0
fi

# ---------------------------------------------------------------- inside
unset BELFRY_SOCKET
PATH=/usr/sbin:/usr/bin:/sbin:/bin
deadline=200
groups=/sys/fs/cgroup/system.slice/belfryd.service
journalctl --unit belfryd --follow --no-tail --output cat >"$work/unit.log" 2>/dev/null &
pids+=($!)
ready() { wait_line "$work/unit.log" '^Started belfryd.service' "$1" >/dev/null; }
newest() { belfry history "$1" --json | jq -r ".runs[0] | $2"; } # newest JOB FIELDS
attempt() { belfry history "$(newest "$1" .run)" --json | jq -r ".attempt_list[0] | $2"; }
run_groups() { find $groups -maxdepth 1 -name 'belfry-run-*'; }

step "start"
cp -a /stage/. /
systemd-sysusers
systemd-tmpfiles --create belfry.conf
mkdir -m 755 /run/gates
mkfifo -m 666 /run/gates/go /run/gates/told
mkdir -p /var/lib/belfry
mount -t tmpfs tmpfs /var/lib/belfry # on the root of User-Mode Linux all new files are root's
addpart /dev/ubda 1 2048 65536
mkfs.ext4 -q /dev/ubda1
mkdir /srv/disk
mount /dev/ubda1 /srv/disk
disk=$(cat /sys/class/block/ubda/dev)
cat >/etc/belfry/scheduler.yaml <<'YAML'
jobs:
  plain: {command: cat /proc/self/cgroup}
  hog: {command: [tail, /dev/zero], cgroup: {memory_max: 32M, memory_swap_max: 0}}
  forks: {command: 'for i in 1 2 3 4 5 6; do sleep 1000 & done; wait', cgroup: {tasks_max: 4}}
  shows:
    command: |
      own=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)
      echo $(cat $own/cpu.max $own/cpu.weight)
    cgroup: {cpu_quota: 50%, cpu_weight: 20}
  weighs: {command: 'true', cgroup: {io_weight: 50}}
  traffic:
    command: cat /sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/io.max
    cgroup:
      io_read_max: {/srv/disk: 10M, /dev/ubda: 20M}
      io_write_max: {/srv/disk/lost+found: 1M}
      io_write_iops_max: {/dev/ubda1: 200}
  on_tmpfs: {command: 'true', cgroup: {io_read_max: {/dev/shm: 1M}}}
  on_nothing: {command: 'true', cgroup: {io_write_max: {/nowhere: 1M}}}
  escapes: {command: '(setsid env -i sleep 4321 >/dev/null 2>&1 &); exit 5', kill_mode: cgroup}
  lasts: {command: 'echo here >/run/gates/told; read line </run/gates/go; exit 6', cgroup: {memory_max: 64M, tasks_max: 10}}
YAML
systemctl daemon-reload
systemctl start belfryd || fail "the unit does not start: $(journalctl -u belfryd --no-pager -n 20)"
ready 1

step "a job without limits stays where belfryd is, and nothing is handed down"
belfry run plain --wait
check_match "its group" '/system.slice/belfryd.service$' "$(belfry logs plain | grep ^0::)"
check_equal "what is handed down" "" "$(cat $groups/cgroup.subtree_control)"

step "memory_max: the kernel ends it, and the message says why"
if belfry run hog --wait; then fail "it ended well"; fi
check_equal "outcome" killed "$(newest hog .outcome)"
check_equal "message" \
  "killed by SIGKILL; out of memory: its cgroup.memory_max of 32M was reached, and the kernel killed 1 process of it" \
  "$(newest hog .message)"
check_equal "most memory, to a few pages" true "$(attempt hog '.memory_peak_bytes > 30000000 and .memory_peak_bytes <= 34000000')"
check_equal "processor time is counted" true "$(attempt hog '.cpu_user_seconds + .cpu_system_seconds > 0')"
check_match "shown" 'used +.* of CPU, 3[0-9.]+ MiB at most' "$(belfry history "$(newest hog .run)")"
check_match "what is handed down" 'memory' "$(cat $groups/cgroup.subtree_control)"

step "tasks_max: it cannot have more processes, and those that it left are named"
if belfry run forks --wait; then fail "it ended well"; fi
check_match "message" '^exit code 2; [1-3] process(es)? outlived it and w(as|ere) ended: sleep \(pid [0-9]+\)' "$(newest forks .message)"

step "cpu_quota and cpu_weight are there"
belfry run shows --wait || fail "it failed: $(newest shows .message)"
check_equal "cpu.max and cpu.weight" "50000 100000 20" "$(belfry logs shows)"

step "disk traffic: by a folder, a file and a node, all of one partition, whose disk has the limits"
belfry run traffic --wait || fail "it failed: $(newest traffic .message)"
check_equal "io.max" "$disk rbps=10485760 wbps=1048576 riops=max wiops=200" "$(belfry logs traffic)"
check_match "what is handed down" 'io' "$(cat $groups/cgroup.subtree_control)"

step "disk traffic of what is on no disk"
for job in on_tmpfs on_nothing; do
  if belfry run $job --wait; then fail "$job ended well"; fi
  check_equal "outcome of $job" start_error "$(newest $job .outcome)"
done
check_match "message" 'io_read_max of /dev/shm: its file system .* is not on one block device: name the device instead' \
  "$(newest on_tmpfs .message)"
check_match "message" 'io_write_max of /nowhere: No such file or directory: name a folder that is there' \
  "$(newest on_nothing .message)"
check_equal "groups that are left" "" "$(run_groups)"

step "a limit that this kernel does not have"
if belfry run weighs --wait; then fail "it ended well"; fi
check_equal "outcome" start_error "$(newest weighs .outcome)"
check_match "message" 'this kernel has no io.weight' "$(newest weighs .message)"

step "kill_mode: cgroup: nothing escapes"
if belfry run escapes --wait; then fail "it ended well"; fi
check_match "message" '^exit code 5; 1 process outlived it and was ended: ' "$(newest escapes .message)"
check_equal "who sleeps" "" "$(pgrep -f 'sleep 4321' || :)"
check_equal "groups that are left" "" "$(run_groups)"

step "kill -9 while a job with limits lives: systemd starts belfryd again, which adopts it with its limits"
belfry run lasts >/dev/null
read -r _ </run/gates/told
systemctl kill --signal=KILL --kill-whom=main belfryd
ready 2
wait_line "$work/unit.log" 'a run of an earlier belfryd goes on' >/dev/null
group=$(run_groups)
check_match "its group" '/belfry-run-[^/]+$' "$group"
ask_until '^67108864$' cat "$group/memory.max" >/dev/null
check_equal "tasks" 10 "$(cat "$group/pids.max")"
echo >/run/gates/go
ask_until '^failure 6$' newest lasts '"\(.outcome) \(.exit_code)"' >/dev/null
check_equal "groups that are left" "" "$(run_groups)"

step "stop and start in order"
systemctl restart belfryd
belfry run shows --wait || fail "it failed: $(newest shows .message)"
systemctl stop belfryd
check_equal "result" "success inactive" "$(systemctl show -P Result belfryd) $(systemctl is-active belfryd || :)"
