#!/usr/bin/env bash
# What `make install` places, and what systemd thinks of it without being started.
source "$(dirname "$0")/lib.sh"

step "install into a scratch prefix"
cmake --install "$BUILD_DIR" --prefix "$work/p" >"$work/install.log" || fail "the installation failed"
for file in bin/belfryd bin/belfry bin/belfry-exec bin/belfry-plugin lib/systemd/system/belfryd.service lib/sysusers.d/belfry.conf \
  lib/tmpfiles.d/belfry.conf etc/belfry/scheduler.yaml share/man/man1/belfry.1 share/man/man8/belfryd.8 \
  share/man/man5/scheduler.yaml.5 share/belfry/prometheus/belfry.rules.yml share/belfry/prometheus/prometheus.yml \
  share/belfry/grafana/fleet.json share/belfry/grafana/job.json share/belfry/grafana/daemon.json \
  include/belfry/async/task.hpp include/belfry/plugin.h lib/cmake/belfry/belfryConfig.cmake; do
  found=$(cd "$work/p" && find . -path "*/${file#lib/}" -print -quit)
  [[ $found ]] || fail "$file was not installed"
done
[[ ! -e /etc/belfry/.belfry-test ]] || fail "the test touched /etc/belfry"

step "the configuration that is installed first is valid"
"$work/p/bin/belfry" validate "$work/p/etc/belfry/scheduler.yaml" || fail "it is not"

step "a second installation leaves a changed configuration alone"
echo '# mine' >>"$work/p/etc/belfry/scheduler.yaml"
cmake --install "$BUILD_DIR" --prefix "$work/p" >"$work/install.log"
[[ $(tail -n 1 "$work/p/etc/belfry/scheduler.yaml") == '# mine' ]] || fail "the configuration was overwritten"

step "DESTDIR stages, and the unit names the prefix without it"
DESTDIR=$work/stage cmake --install "$BUILD_DIR" --prefix /usr --component service >"$work/install.log"
unit=$work/stage/usr/lib/systemd/system/belfryd.service
grep -q '^ExecStart=/usr/bin/belfryd --config /etc/belfry/scheduler.yaml ' "$unit" || fail "an odd ExecStart"
[[ -e $work/stage/etc/belfry/scheduler.yaml ]] || fail "no configuration below DESTDIR"
if grep -rn '@[A-Z_]*@' "$work/stage"; then fail "an unfilled variable"; fi

step "systemd-analyze verify and security"
unit=$(find "$work/p" -name belfryd.service)
systemd-analyze verify --man=no "$unit" 2>"$work/verify.log" || fail "systemd-analyze verify failed"
check_equal "what systemd-analyze verify says" "" "$(cat "$work/verify.log")"
systemd-analyze security --no-pager --offline=yes --threshold=30 "$unit" >"$work/security.log" || fail "the unit is less safe than it was"
tail -n 1 "$work/security.log"

step "every setting that systemd-sysusers and systemd-tmpfiles read is understood"
systemd-sysusers --dry-run "$(find "$work/p" -path '*sysusers.d/belfry.conf')" >"$work/sysusers.log" 2>&1 || fail "systemd-sysusers complains"
