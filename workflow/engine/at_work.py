"""How far a job is: it leaves the counts of its loops in a file, which the one line of
the run reads. No result depends on it.
"""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from evenfield.numerics.at_work import Count, listening
from evenfield.study.files import NOTES, write_text

FOLDER = NOTES / "evenfield" / "at_work"
EVERY = 1.0  # seconds from one file to the next
SOON = 0.7  # seconds after which a command says on a terminal that it is at work
SHOWN = 2  # loops, the outermost ones


def counts_of(log: str | Path) -> Path:
    """Return where the job with this log leaves its counts."""
    return FOLDER / f"{Path(log).stem}.json"


@contextlib.contextmanager
def telling(log: Path) -> Iterator[None]:
    """Keep the counts of the work inside in a file for as long as it lasts."""
    path = counts_of(log).absolute()
    due = time.monotonic() + EVERY

    def keep(counts: tuple[Count, ...]) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        # What cannot be told is no fault of the work.
        with contextlib.suppress(OSError):
            write_text(json.dumps(counts), path)
        due = time.monotonic() + EVERY

    try:
        with listening(keep):
            yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def how_far(log: str | Path) -> str:
    """Say how far the job with this log is, as ``40 of 1,990 windows``; nothing where it
    has not said so.
    """
    try:
        counts = [
            Count(*count) for count in json.loads(counts_of(log).read_text("utf-8"))
        ]
        # A loop of one says nothing.
        several = [count for count in counts if count.total > 1]
        return ", ".join(
            f"{done:,} of {total:,} {what}" for what, done, total in several[:SHOWN]
        )
    except (OSError, ValueError, TypeError):
        return ""


def first_word(command: str) -> threading.Timer:
    """Say on a terminal that a command reads the study, unless it is cancelled soon."""

    def say() -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"{command}: reading the study\n")
            sys.stderr.flush()

    timer = threading.Timer(SOON, say)
    timer.daemon = True
    timer.start()
    return timer
