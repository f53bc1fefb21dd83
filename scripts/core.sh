#!/bin/sh
# A core of the tests with the programs of one environment: core.sh BIN.
# Everything a user does first, then the tests that lean on other packages most.
set -eu

bin=$(CDPATH='' cd -- "$1" && pwd -P)
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cd "$place"
"$bin/tcl-circuits" doctor
"$bin/tcl-circuits" --help >help.txt
"$bin/tcl-circuits" train iris --engine reference --epochs 2 --out run
"$bin/tcl-circuits" simulate run/network.json --out simulated
"$bin/tcl-circuits" export run --out bundle
"$bin/tcl-circuits" verify bundle
cd "$root"
"$bin/python" -m pytest -q -p no:cacheprovider tests/circuit tests/kernels tests/training tests/test_files.py tests/test_rule.py
