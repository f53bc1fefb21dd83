"""The program holds BLAS to one thread, whatever the environment says and whenever it is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tcl_circuits.threads import ONE_THREAD

PROGRAM = """
import sys
from tcl_circuits.__main__ import main

sys.argv = ["tcl-circuits", "cells"]
try:
    main()
except SystemExit as end:
    assert not end.code
import numpy, scipy.linalg
from threadpoolctl import threadpool_info
print(*{pool["num_threads"] for pool in threadpool_info()})
"""


def test_the_program_uses_one_thread(tmp_path: Path) -> None:
    environment = {**os.environ, **dict.fromkeys(ONE_THREAD, "2")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.splitlines()[-1] == "1"
