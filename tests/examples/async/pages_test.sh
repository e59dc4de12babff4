#!/usr/bin/env bash
# The pages of docs/async show the example programs and their output word for word, and every program is on a page. On a
# page, a line <!-- example: NAME --> stands before the block of NAME.cpp, and a ```text block after that is NAME.out.
set -euo pipefail
cd "${SOURCE_DIR:-$(dirname "$0")/../../..}"
examples=tests/examples/async
status=0

block() { # block PAGE NAME LANGUAGE: the first block of that language after the mark of NAME
  awk -v mark="<!-- example: $2 -->" -v fence="\`\`\`$3" '
    $0 == mark { marked = 1; next }
    marked && $0 ~ /^<!-- example: / && !inside { exit }
    marked && $0 == fence { inside = 1; next }
    inside && /^```$/ { exit }
    inside { print }' "$1"
}

for source in "$examples"/*.cpp; do
  name=$(basename "$source" .cpp)
  page=$(grep -lFx -- "<!-- example: $name -->" docs/async/*.md | head -n 1) || page=
  if [[ -z $page ]]; then
    echo "$name.cpp is on no page: put <!-- example: $name --> before its block" && status=1
    continue
  fi
  diff --unified --label "$page" --label "$source" <(block "$page" "$name" cpp) "$source" || status=1
  diff --unified --label "$page, output" --label "$name.out" <(block "$page" "$name" text) "$examples/$name.out" || status=1
done
while read -r name; do
  [[ -e $examples/$name.cpp ]] || { echo "docs/async has a mark of $name, which is no program" && status=1; }
done < <(sed -n 's/^<!-- example: \(.*\) -->$/\1/p' docs/async/*.md)
exit $status
