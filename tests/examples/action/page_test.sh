#!/usr/bin/env bash
# docs/adding-an-action.md shows each file of this folder word for word: behind the line <!-- example: FILE -->.
set -euo pipefail
cd "${SOURCE_DIR:-$(dirname "$0")/../../..}"
page=docs/adding-an-action.md
status=0
for source in tests/examples/action/*.[ch]pp; do
  name=${source##*/}
  diff --unified --label "$page" --label "$source" "$source" <(awk -v mark="<!-- example: $name -->" '
    $0 == mark { marked = 1; next }
    marked && $0 == "```cpp" { inside = 1; next }
    inside && /^```$/ { exit }
    inside { print }' "$page") || status=1
done
exit $status
