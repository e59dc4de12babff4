#!/usr/bin/env bash
# run_example.sh NAME: the program of that name prints what NAME.out says, and nothing else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$BIN_DIR/example_$1" 2>&1 | diff --unified --label "$1.out" --label "what it printed" "$here/$1.out" -
