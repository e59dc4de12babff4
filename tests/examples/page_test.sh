#!/usr/bin/env bash
# page_test.sh PAGE FOLDER FILE...: the page shows each file word for word: behind the line <!-- example: FILE -->.
set -euo pipefail
cd "${SOURCE_DIR:-$(dirname "$0")/../..}"
page=$1 folder=$2 status=0
shift 2
for name in "$@"; do
  diff --unified --label "$page" --label "$folder/$name" "$folder/$name" <(awk -v mark="<!-- example: $name -->" '
    $0 == mark { marked = 1; next }
    marked && /^```[a-z]+$/ { inside = 1; marked = 0; next }
    inside && /^```$/ { exit }
    inside { print }' "$page") || status=1
done
exit $status
