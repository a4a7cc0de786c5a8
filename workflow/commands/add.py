"""Add figures from a file: a new column, new years, filled gaps or, on request, a new
vintage.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evenfield.newstudy.add import CHOICES, TEXTS, add
from study import arguments, run_command


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    options = arguments(str(__doc__))
    options.add_argument(
        "columns",
        nargs="+",
        metavar="COLUMN",
        help="column of the study, new or there; [INDICATOR=]NAME for a download of the"
        " bureau, NAME=COLUMN for others",
    )
    options.add_argument(
        "--from",
        dest="file",
        type=Path,
        required=True,
        metavar="FILE",
        help="CSV, Excel, Stata, SPSS, Parquet, long or wide, or a download of the"
        " statistics bureau of China",
    )
    for name, meaning in TEXTS.items():
        options.add_argument(name, help=meaning)
    for name, (choices, meaning) in CHOICES.items():
        options.add_argument(name, choices=choices, help=meaning)
    options.add_argument(
        "--replace",
        action="store_true",
        help="take figures that differ from those of the study",
    )
    options.set_defaults(zeros="missing")
    return options


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line and add the figures."""
    options = parser().parse_args(words)
    options.file = options.file.absolute()

    def work(config: dict[str, Any]) -> None:
        for line in add(options, config):
            print(line)

    run_command(options, work)


if __name__ == "__main__":
    # Names of provinces and indicators are Chinese; a terminal that cannot show them
    # must not stop the work.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()
