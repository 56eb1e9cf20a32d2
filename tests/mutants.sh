#!/usr/bin/env bash
# Prints the mutations of the balancer's core and service that no unit test notices: mutants.sh [MODULE]
# MODULE is one of them, as core/heartbeat_history, or a folder, as core/strategies. Each mutation is tried by the tests that run
# its function. It works on a copy in .venv/mutants; [tool.mutmut] in pyproject.toml says of what.
set -euo pipefail
cd "$(dirname "$0")/.."
name=balancer${1:+.${1//\//.}}

rm -rf .venv/mutants
mkdir -p .venv/mutants
cd .venv/mutants
ln -s ../../apps ../../tests ../../pyproject.toml .
ln -s apps/balancer/src src

mutmut run "$name.*"
mutmut results | sed -nE "s/^ +($name\..*): (survived|no tests)$/\1/p" | while read -r mutant; do
  mutmut show "$mutant" </dev/null
done
