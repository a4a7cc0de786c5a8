"""Make a study from a table of your own: config.yaml and data/, checked, with what was
guessed and why.
"""

import argparse
import contextlib
import gc
import re
import sys
from collections.abc import Sequence

from command_line import CommandLine
from engine.study import one_line
from evenfield.newstudy.guess import Guessed
from evenfield.newstudy.make import make
from evenfield.newstudy.options import add_options
from evenfield.study.config_files import TODO
from evenfield.study.errors import shortened
from waiting import Progress


def asked_income(guessed: Guessed) -> str:
    """Ask which column is income; blank where nobody can answer, or nobody knows."""
    if not sys.stdin.isatty():
        return ""
    print("\n".join(guessed.messages))
    question = "which column is income per head (blank: decide later)? "
    return input(question).strip()


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    options = CommandLine(
        "new",
        __doc__,
        "new ../mexico --panel examples/mexico-states/data/panel.csv",
        "new ../mine --panel mine.xlsx --sheet gdp --income income --where sex=total",
    )
    add_options(options, "new")
    return options


def main(words: Sequence[str] | None = None) -> None:
    """Make a study and say what to run."""
    options = parser().parse_args(words)
    with one_line(prefix=""):
        made(options)


def made(options: argparse.Namespace) -> None:
    """Make a study, say what was guessed and what to run."""
    progress = Progress()

    def ask(guessed: Guessed) -> str:
        progress.close()
        return asked_income(guessed)

    try:
        with contextlib.closing(progress):
            lines = make(options, progress, ask)
    except OSError as error:
        name = shortened(str(error.filename or options.folder))
        sys.exit(
            f"new: {name} cannot be read or written ({error.strerror}); expected files"
            " and a folder of yours; name another"
        )
    print("\n".join(lines))
    shown = options.folder.as_posix()
    shown = shown if re.fullmatch(r"[\w./~-]+", shown) else f"'{shown}'"
    config = (options.folder / "config.yaml").read_text(encoding="utf-8")
    then = ""
    if TODO in config:
        then = f"write the column of income in place of {TODO} there, then "
    print(
        f"written: {shown}/config.yaml and {shown}/data; now {then}run: python3 run"
        f" --directory {shown}"
    )


if __name__ == "__main__":
    # A table of a million cells is kept until the end: looking for waste would find none.
    gc.disable()
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()
