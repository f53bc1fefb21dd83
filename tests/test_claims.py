"""README's table of what the package can do is what docs/claims.csv gives."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_readme_agrees_with_the_rows() -> None:
    found = subprocess.run(
        [sys.executable, "benchmarks/claims.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
