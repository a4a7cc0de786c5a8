"""Run a script of the workflow in a copy of the process that has the libraries loaded;
where there is none, in this process. Starting here and not in the script saves what the
script would load only to ask.
"""

import runpy
import sys
from pathlib import Path

from engine.preloaded import hand_over


def main(script: str, rule: str, log: str) -> None:
    """Hand a script over, or run it; a copy that a signal ended leaves a line in the log."""

    def note(number: int) -> None:
        from engine.job import note_end

        note_end(rule, Path(log), number)

    sys.argv = [script]
    hand_over(note)  # it ends this process where a copy did the work
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
