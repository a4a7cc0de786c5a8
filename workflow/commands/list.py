"""Name the targets, specifications, numbers, tables and figures of the study."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from evenfield.report.exhibits import words_of_exhibits
from evenfield.report.numbers import read_entries
from evenfield.study.errors import ConfigError, nearest
from study import arguments, run_command

Lines = Iterator[str]


def targets(_: dict[str, Any]) -> Lines:
    """Yield what `run` makes if it is named."""
    yield "  all, results/estimates.csv, results/numbers.json"
    yield (
        "  results/report/index.html, results/report/paper.pdf,"
        " results/report/appendix.pdf"
    )
    yield "  any file under results/, for example results/tables/T6.csv"


def specifications(config: dict[str, Any]) -> Lines:
    """Yield the ids of the specifications of each topic."""
    for family, section in config["estimates"].items():
        names = ["(one)"]
        if isinstance(section, list):
            names = [item["id"] for item in section]
        yield f"  {family:10s} {', '.join(names)}"


def choices(config: dict[str, Any]) -> Lines:
    """Yield what specifications choose from, and the studies beside."""
    yield f"  periods         {', '.join(config['periods'])}"
    yield f"  unit schemes    {', '.join(config['panel']['unit_schemes'])}"
    yield f"  weights         {', '.join(config['weights']['families'])}"
    yield f"  taxonomies      {', '.join(config['taxonomy']['all'])}"
    for name, folder in config["beside"].items():
        yield f"  study beside    {name}: {folder}"


def numbers(config: dict[str, Any]) -> Lines:
    """Yield the names of numbers.yaml, which texts print and `why` explains."""
    for name, entry in read_entries(config).items():
        yield f"  {name}{f', {entry.unit}' if entry.unit else ''}"


def exhibits(kind: str, config: dict[str, Any]) -> Lines:
    """Yield the ids and titles of tables or figures."""
    words = words_of_exhibits(config)
    for name in config[kind]:
        yield f"  {name:5s} {words[name]['title']}"


KINDS: dict[str, Callable[[dict[str, Any]], Lines]] = {
    "targets": targets,
    "specifications": specifications,
    "choices": choices,
    "numbers": numbers,
    "tables": partial(exhibits, "tables"),
    "figures": partial(exhibits, "figures"),
}


def list_names(kinds: list[str], config: dict[str, Any]) -> None:
    """Print what can be asked for, of all kinds but numbers if none is named."""
    for kind in kinds:
        if kind not in KINDS:
            raise ConfigError(
                f"list: {kind} is no kind of name",
                f"one of {', '.join(KINDS)}",
                nearest(kind, KINDS, "leave it out, which lists all but numbers"),
            )
    print(f"study {config['study']['id']}: {config['study']['title']}")
    for kind in kinds or [kind for kind in KINDS if kind != "numbers"]:
        lines = list(KINDS[kind](config))
        print("\n".join(["", kind, *(lines or ["  none"])]))


if __name__ == "__main__":
    parser = arguments(
        "list",
        __doc__,
        "list",
        "list tables figures",
        "list numbers --directory examples/china-cities",
    )
    parser.add_argument(
        "kinds",
        nargs="*",
        metavar="KIND",
        help=f"{', '.join(KINDS)} (default: all but numbers)",
    )
    options = parser.parse_args()
    run_command(options, partial(list_names, options.kinds))
