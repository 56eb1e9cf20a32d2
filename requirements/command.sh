#!/usr/bin/env bash
# Installs the command `ringmaster` into .venv, from a copy of its sources: a build leaves nothing in the checkout, whose files
# make up the image's name. Nothing is fetched.
set -euo pipefail

source=apps/balancer
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir -p "$copy/src/balancer"
cp "$source/pyproject.toml" "$copy/"
cp -R "$source/src/ringmaster" "$copy/src/"
cp "$source/src/balancer/__init__.py" "$copy/src/balancer/" # the version
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --no-index --no-deps --no-build-isolation \
  --force-reinstall "$copy"
