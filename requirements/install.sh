#!/usr/bin/env bash
# Makes .venv and installs one hash-locked requirements file into it: install.sh FILE.
set -euo pipefail

lock=$1
venv=.venv
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }
stop() { say "stopped: $*"; exit 1; }

command -v "$python" >/dev/null || stop "$python is missing; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3 …"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  stop "$("$python" --version) is too old, 3.11 or newer is needed; name another one: make PYTHON=/path/to/python3 …"

if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  # Debian and Ubuntu split this off; elsewhere it belongs to Python itself.
  [ -e /etc/debian_version ] || stop "$python lacks ensurepip; install your system's package for Python's venv"
  [ "$(id -u)" = 0 ] || stop "$python lacks ensurepip; run: sudo apt-get install python3-venv"
  say "Installing python3-venv, about 20 s"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
fi

if ! [ -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  say "Making the Python environment in $venv"
  "$python" -m venv --clear "$venv"
fi
say "Installing $lock into $venv, about a minute when nothing is cached"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r "$lock"
