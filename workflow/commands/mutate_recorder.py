"""A plugin of pytest: which tests pass and how long they take, for `python3 run mutate`."""

import json
import os
from pathlib import Path

import pytest

SECONDS: dict[str, float] = {}
FAILED: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add the time of one phase of a test."""
    SECONDS[report.nodeid] = SECONDS.get(report.nodeid, 0.0) + report.duration
    if not report.passed:
        FAILED.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the seconds of each test that passed; workers leave it to their parent."""
    if not hasattr(session.config, "workerinput"):
        passed = {name: t for name, t in SECONDS.items() if name not in FAILED}
        Path(os.environ["MUTATE_SECONDS"]).write_text(json.dumps(passed))
