#!/bin/bash
# fire_systemd.sh JOBS FOLDER: the peer systemd; runs inside tests/system/boot-systemd. Starts JOBS timers of FOLDER/stamp,
# creates FOLDER/ready, and ends when FOLDER/stop appears.
set -euo pipefail
jobs=$1 folder=$2

cat >/run/systemd/system/stamp@.service <<UNIT
[Unit]
DefaultDependencies=no
# Without this a unit stops after five starts in ten seconds.
StartLimitIntervalSec=0
[Service]
Type=oneshot
ExecStart=$folder/stamp $folder/stamps %i
UNIT
cat >/run/systemd/system/stamp@.timer <<UNIT
[Unit]
DefaultDependencies=no
[Timer]
OnCalendar=*-*-* *:*:*
AccuracySec=1us
UNIT
# By a target: a thousand timers on one command line are more than systemd's bus connection takes.
echo '[Unit]' >/run/systemd/system/stamps.target
mkdir -p /run/systemd/system/stamps.target.wants
for ((i = 0; i < jobs; i++)); do ln -s ../stamp@.timer "/run/systemd/system/stamps.target.wants/stamp@$i.timer"; done
systemctl daemon-reload
systemctl start --no-block stamps.target
until [[ $(systemctl list-units --state=active --no-legend 'stamp@*.timer' | wc -l) -ge $jobs ]]; do sleep 0.5; done
touch "$folder/ready"
until [[ -e $folder/stop ]]; do sleep 0.2; done
