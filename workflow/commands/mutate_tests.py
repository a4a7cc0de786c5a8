"""A process that has imported what the tests import and forks for every fault.

It reads one line of JSON for each run: words of pytest and seconds of processor time. It
answers with the exit code of pytest, or with minus the signal that ended the run.
"""

import gc
import json
import os
import resource
import signal
import sys
from importlib import import_module

import pytest

PRELOADED = (
    "numpy pandas scipy.stats scipy.optimize scipy.sparse.linalg statsmodels.api"
    " linearmodels formulaic pydantic jsonschema yaml jinja2 matplotlib.pyplot seaborn"
    " docx shapely hypothesis xdist pytest_benchmark pytest_cov"
).split()
WAITING = 10  # times as long on the clock, for a run that sleeps


def tested(words: list[str], seconds: int) -> int:
    """Run pytest in a child and return how it ended."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        signal.alarm(WAITING * seconds)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        code = 1
        try:
            code = int(pytest.main(words))
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Answer each line of the standard input with one line."""
    for name in PRELOADED:
        import_module(name)
    gc.freeze()
    for line in sys.stdin:
        run = json.loads(line)
        print(tested(run["words"], run["seconds"]), flush=True)


if __name__ == "__main__":
    main()
