#!/usr/bin/env bash
# Resolves the lock files out of the .in files: lock.sh [--upgrade]. Versions that fit are kept without --upgrade.
set -euo pipefail
cd "$(dirname "$0")/.."

# lock FILE OPTION…: the header names make, whatever was called.
lock() {
  local name=$1
  shift
  echo "Resolving $name.in"
  uv pip compile --quiet --generate-hashes --custom-compile-command 'make lock' "$@" --output-file "$name.txt" "$name.in"
}

# The images have Debian 13's Python.
for app in server balancer; do
  lock "apps/$app/requirements" --python-version 3.13 --python-platform linux "$@"
done
# Hosts have 3.11 (Debian 12) or newer.
lock requirements/deploy --universal --python-version 3.11 "$@"
lock requirements/test --universal --python-version 3.11 "$@" \
  --constraints requirements/deploy.txt --constraints apps/balancer/requirements.txt
lock requirements/bench --universal --python-version 3.11 "$@"
