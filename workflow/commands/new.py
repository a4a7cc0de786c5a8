"""Make a study from a table of your own: config.yaml and data/, checked, with what was
guessed and why.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from evenfield.newstudy.guess import Guessed
from evenfield.newstudy.make import COLUMNS, FILES, make
from evenfield.study.config_files import TODO
from evenfield.study.errors import EvenfieldError


def note(text: str) -> None:
    """Say what takes its time."""
    print(text, file=sys.stderr)


def asked_income(guessed: Guessed) -> str:
    """Ask which column is income; blank where nobody can answer, or nobody knows."""
    if not sys.stdin.isatty():
        return ""
    print("\n".join(guessed.messages))
    question = "which column is income per head (blank: decide later)? "
    return input(question).strip()


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    options = argparse.ArgumentParser(prog="run new", description=__doc__)
    options.add_argument(
        "folder",
        type=Path,
        metavar="DIR",
        help="the study's folder, made by this command",
    )
    options.add_argument(
        "--where",
        action="append",
        metavar="COL=VALUE",
        help="keep the rows with this value; the same column again: either value",
    )
    options.add_argument(
        "--leave-out",
        nargs="+",
        action="extend",
        metavar="UNIT",
        help="units to leave out, by id or name",
    )
    options.add_argument(
        "--keep-totals",
        action="store_true",
        help="keep units that look like totals of others",
    )
    options.add_argument(
        "--log",
        action="store_true",
        help="income is a logarithm: take it back to levels",
    )
    options.add_argument(
        "--level", action="store_true", help="income is no logarithm, whatever its name"
    )
    options.add_argument(
        "--years",
        default="",
        metavar="FIRST:LAST",
        help="years to use, or each of them: 1900,1910,1920; where the table counts"
        " periods, the years that they are",
    )
    options.add_argument(
        "--drop-incomplete",
        action="store_true",
        help="keep all years and leave out units with a gap in income (default: the"
        " years and units that keep most incomes)",
    )
    options.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="COL",
        help="column that groups the units (default: found)",
    )
    formats = "CSV, Excel, Stata, SPSS, Parquet, GeoJSON or shapefile"
    options.add_argument(
        "--panel", type=Path, required=True, help=f"the table, long or wide: {formats}"
    )
    for name, what in COLUMNS.items():
        options.add_argument(
            f"--{name}", metavar="COL", help=f"column of {what} (default: found)"
        )
    for name, what in FILES.items():
        options.add_argument(f"--{name}", type=Path, metavar="FILE", help=what)
    options.add_argument(
        "--match",
        action="append",
        metavar="COL",
        help="column of another file that names the units (default: found)",
    )
    # What the text of config.yaml says.
    options.add_argument("--title", help="title of page and paper")
    options.add_argument(
        "--unit-name",
        default="",
        metavar="WORD",
        help="what the units are called, as districts or county (default: by the column)",
    )
    options.add_argument(
        "--what",
        default="",
        metavar="WORDS",
        help="what is studied, if it is no income per head: 'night lights per km2'; any"
        " figures are then taken as they stand",
    )
    options.add_argument(
        "--measure",
        help="unit of income as printed, for example '2015 dollars per head'",
    )
    options.add_argument(
        "--source", help="where the figures are from (default: the file's name)"
    )
    options.add_argument(
        "--flag",
        choices=["official", "estimated", "proxy", "simulated"],
        default="official",
    )
    return options


def main(words: Sequence[str] | None = None) -> None:
    """Make a study and say what to run."""
    options = parser().parse_args(words)
    try:
        print("\n".join(make(options, note, asked_income)))
    except EvenfieldError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"new: {options.folder} cannot be written ({error.strerror}); expected a"
            " folder; name another"
        )
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
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()
