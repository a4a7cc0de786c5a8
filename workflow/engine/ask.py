"""Run a script of the workflow in a copy of the process that has the libraries loaded;
where there is none, in this process. Starting here and not in the script saves what the
script would load only to ask.
"""

import runpy
import sys
from pathlib import Path

from engine.preloaded import hand_over


def note(number: int) -> None:
    """Leave the line of a job that was ended by a signal in its log."""
    from engine.job import note_end

    note_end(RULE, Path(LOG), number)


if __name__ == "__main__":
    _, script, RULE, LOG = sys.argv
    sys.argv = [script]
    hand_over(note)
    runpy.run_path(script, run_name="__main__")
