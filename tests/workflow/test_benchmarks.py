"""Every benchmark still runs: its smallest case, ours alone, and the numbers it checks."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_smallest_case_of_every_family_runs_and_writes_nothing():
    page = (ROOT / "docs" / "benchmarks.md").read_bytes()
    command = [sys.executable, str(ROOT / "benchmarks" / "harness.py"), "--smoke"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n| ") + 1 >= 13
    assert (ROOT / "docs" / "benchmarks.md").read_bytes() == page
