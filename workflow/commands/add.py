"""Add figures from a file: a new column, new years, filled gaps or, on request, a new
vintage.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from evenfield.newstudy.add import add
from evenfield.newstudy.options import add_options
from study import arguments, run_command
from waiting import Progress


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    options = arguments(
        "add",
        __doc__,
        "add schooling --from schooling.csv --directory ../mexico",
        "add log_income --from newer.csv --replace --directory ../mexico",
    )
    add_options(options, "add")
    return options


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line and add the figures."""
    options = parser().parse_args(words)
    options.file = options.file.absolute()

    def work(config: dict[str, Any]) -> None:
        progress = Progress()
        for line in add(options, config, progress):
            progress.close()
            print(line)

    run_command(options, work)


if __name__ == "__main__":
    # Names of provinces and indicators are Chinese; a terminal that cannot show them
    # must not stop the work.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()
