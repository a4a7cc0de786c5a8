"""Print the way from a number on the page to its evidence: the sentence, its entry in
numbers.yaml, the claim and its rule, the row of results/estimates.csv, the specification,
the code with its assumptions, the method's page, the columns of the data with their
grades. It reads the results of the last run and changes nothing. With --code it prints
the lines of Python that fit the number once more.
"""

import textwrap
from functools import partial
from pathlib import Path
from typing import Any

from evenfield.opened.fits import FitError
from evenfield.opened.study import NoEstimateError, OpenedStudy, open_study
from evenfield.report.evidence import Evidence, Step
from evenfield.report.short_evidence import ANSWER, ROW, VALUE, code_that_prints
from evenfield.study.errors import one_line
from study import arguments, run_command

WIDTH = 100
INDENT = "  "


def why(names: list[str], config: dict[str, Any]) -> None:
    """Print the way of each name."""
    evidence = Evidence(config)
    ways = {name: evidence.way(name) for name in names}
    for steps in ways.values():
        print("\n".join(map(written, steps)), end="\n\n")


def code(names: list[str], _: dict[str, Any]) -> None:
    """Print the code of each name, which runs as it stands."""
    study = open_study(Path.cwd())
    print("\n\n".join(code_of(study, name) for name in names))


def code_of(study: OpenedStudy, name: str) -> str:
    """Return the lines that fit a number; where nothing is fitted, those that read it,
    after the reason.
    """
    try:
        return study.call(name).code
    except FitError as error:
        reason, read = error.found, ROW
    except NoEstimateError as error:
        reason, read = error.found, VALUE if name in study.numbers else ANSWER
    return f"# {one_line(reason)}\n{code_that_prints(read, name, str(study.folder))}"


def written(step: Step) -> str:
    """Write one step: its heading, then its lines below."""
    lines = step.lines or ("none",)
    wrapped = [
        textwrap.fill(
            line,
            WIDTH,
            initial_indent=INDENT,
            subsequent_indent=2 * INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines
    ]
    return "\n".join([step.heading, *wrapped])


if __name__ == "__main__":
    parser = arguments(
        "why",
        __doc__,
        "why own_official",
        "why H1 beta.speed",
        "why T6:absolute:2009-19:speed --code",
    )
    parser.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="a name of numbers.yaml (own_official), a number of a section (beta.speed), a"
        " claim or hypothesis (L22a, H1), an estimate_id, or a cell as TABLE:ROW:COLUMN (T6:absolute:2009-19:speed)",
    )
    parser.add_argument(
        "--code",
        action="store_true",
        help="print Python that fits the number as the study did, to paste and change",
    )
    options = parser.parse_args()
    run_command(options, partial(code if options.code else why, options.names))
