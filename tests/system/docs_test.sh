#!/usr/bin/env bash
# The documentation is sound: man pages format without a warning, links lead somewhere, the ledger of changes is kept.
source "$(dirname "$0")/lib.sh"
cd "$SOURCE_DIR"

step "man pages"
for page in docs/man/*.[1-8]; do
  name=${page##*/}
  check_equal "warnings of $name" "" "$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings --local-file "$page" 2>&1 >/dev/null)"
  LC_ALL=C.UTF-8 MANWIDTH=80 man --local-file "$page" >"$work/page" # as a whole: grep -q leaves early
  grep -q SYNOPSIS "$work/page" || fail "$name has no SYNOPSIS"
done

step "relative links of the pages"
mapfile -t pages < <(git ls-files '*.md' 2>/dev/null || find . -name '*.md' -not -path './build/*')
for page in "${pages[@]}"; do
  while read -r target; do
    target=${target%%#*}
    [[ -z $target || $target == *://* || $target == mailto:* ]] && continue
    [[ -e $(dirname "$page")/$target ]] || fail "$page links to $target, which is not there"
  done < <(grep -oE '\]\([^) ]+\)' "$page" | sed 's/^](//; s/)$//')
done

step "every folder says what lives in it"
while read -r folder; do
  [[ -e $folder/README.md ]] || fail "$folder has no README.md"
done < <(git ls-files 'lib/*' 'jobs/*' 'daemon/*' | grep -E '\.(cpp|hpp)$' | xargs -n 1 dirname | sort -u)

step "CHANGELOG.md"
grep -q '^## \[Unreleased\]' CHANGELOG.md || fail "no section for what is not released yet"

step "every target of the Makefile is in make's help"
make help >"$work/help.txt"
while read -r target; do
  grep -q "make $target " "$work/help.txt" || fail "make help does not show $target"
done

step "scheduler.yaml(5) names every key of docs/configuration.md"
# shellcheck disable=SC2016 # the backticks are those of the page
while read -r key; do
  grep -q "^\.BR $key " docs/man/scheduler.yaml.5 || fail "scheduler.yaml(5) does not have the key $key"
done < <(sed -n 's/^| `\([a-z_]*\)` | .*/\1/p' docs/configuration.md | sort -u)
