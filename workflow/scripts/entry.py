"""Where every script begins its work: it finds the library beside this folder."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from engine.preloaded import hand_over


def enter(job: Any, main: Callable[..., None]) -> None:
    """Let a copy of the process that has the libraries loaded do the job; where there is
    none, do it here.
    """

    def note(number: int) -> None:
        from engine.job import note_end

        note_end(job.rule, Path(job.log[0]), number)

    hand_over(note)  # it ends this process where a copy did the work
    from engine.job import work

    work(job, main)
