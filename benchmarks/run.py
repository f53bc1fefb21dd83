"""Benchmarks of the engines, side by side in one run: ``python benchmarks/run.py``."""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import sys
from cycle import cycle
def main():
    sizes=sys.argv[1]
    for t in cycle(list(sizes), False): print(t.text())
if __name__=="__main__": main()
