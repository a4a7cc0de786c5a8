"""Notes each path that a process opens to write, makes, or gives a name, in the file that
WRITTEN_PATHS names: Python loads it at its start where PYTHONPATH leads here.
"""

import os
import sys
from pathlib import Path

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Which argument of an event is the path.
PATHS = {"open": 0, "os.mkdir": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1}


def note(event, given):
    """Write one line for what changes files."""
    if event not in PATHS or (event == "open" and not given[2] & WRITES):
        return
    path = given[PATHS[event]]
    if isinstance(path, str):
        os.write(RECORD, f"{Path(path).absolute()}\n".encode())


if "WRITTEN_PATHS" in os.environ:
    RECORD = os.open(
        os.environ["WRITTEN_PATHS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND
    )
    sys.addaudithook(note)
