"""What the page of a new study will say, each choice with the flag that changes it: what
`run new` ends with.
"""

from collections.abc import Iterator
from shlex import quote
from typing import Any

from evenfield.newstudy.new_study import NewStudy
from evenfield.newstudy.wording import UNKNOWN
from evenfield.study.config_files import TODO
from evenfield.study.errors import first_examples
from evenfield.study.files import Record

SHOWN_UNITS = 3
SHOWN_LEFT_OUT = 3
WIDTH = 58  # letters of a line before its flags
MOST_FLAGS = 64


def summary(study: NewStudy, config: Record) -> list[str]:
    """Return a line for each choice that shapes the page, with its flags filled in."""
    lines = ["", "Your page will say:"]
    for text, flags in _choices(study, config):
        lines.append(f"  {text:<{WIDTH}}  {flags}".rstrip())
    lines.append(
        "Each line ends with the flags that change it: give them with --again, or change"
        " config.yaml."
    )
    return lines


def _choices(study: NewStudy, config: Record) -> Iterator[tuple[str, str]]:
    guessed = study.guessed
    titles = guessed.titles
    words = config["study"]
    yield f'"{_title(config)}"', "--title TEXT"
    income = config["panel"]["income"]
    if income.get("column") == TODO:
        yield "income: still to be named", "--income COLUMN"
    else:
        yield _measured(words.get("what", ""), income), _measure_flags(study, income)
    yield from _units(study, words)
    first, last = config["panel"]["years"]
    step = config["panel"].get("step", 1)
    every = "every year" if step == 1 else f"every {step} years"
    yield f"from {first} to {last}, {every}", f"--years {first}:{last}"
    yield (
        _groups(study),
        " ".join(f"--group {quote(titles.get(name, name))}" for name in study.groups)
        or ("--group COLUMN"),
    )
    yield _map(study)
    yield _neighbours(study)
    if "population" not in income and income.get("column") != TODO:
        weights = f"{_income_flag(study, income)}--population"
        weights = f"{weights} {quote(guessed.people)}" if guessed.people else ""
        if len(weights) > MOST_FLAGS:
            weights = "--income COLUMN --population COLUMN"
        yield "every unit counts alike, however many people it has", weights
    elif guessed.titles.get(income.get("output", "")):
        yield f"weighted by {income['population']}", ""
    for reason, units in guessed.left_out.items():
        flag = {"totals of others": "--keep-totals", "gaps": "--drop-incomplete"}
        shown = f"{len(units)} ({reason}): {first_examples(units, SHOWN_LEFT_OUT)}"
        yield f"left out: {shown}", flag.get(reason, "")
    for table in ("policies", "taxonomies/own"):
        if table in study.tables:
            yield _treated(study, table), ""


def _title(config: Record) -> str:
    first, last = config["panel"]["years"]
    return str(config["study"]["title"]).replace("{years}", f"{first}–{last}")


def _measured(what: str, income: Record) -> str:
    noun = what or "income per head"
    unit = income.get("unit", "")
    known = (
        f", in {unit}" if unit != UNKNOWN else ", in a unit that the table does not say"
    )
    return f"{noun[0].upper()}{noun[1:]}{known}"


def _measure_flags(study: NewStudy, income: Record) -> str:
    known = income.get("unit") != UNKNOWN
    what = quote(study.guessed.what) if study.guessed.what else "WORDS"
    shown = quote(income["unit"]) if known else "'2015 dollars'"
    if not known and study.guessed.what:
        shown = "UNIT"
    flags = f"--what {what} --measure {shown}"
    column = _income_flag(study, income)
    return f"{column}{flags}" if len(column + flags) <= MOST_FLAGS else flags


def _income_flag(study: NewStudy, income: Record) -> str:
    """Return the flag of the column of income, if it is one."""
    given = study.options.income or income.get("column", "")
    return f"--income {quote(given)} " if given else ""


def _units(study: NewStudy, words: Record) -> Iterator[tuple[str, str]]:
    units = study.tables["units"]
    titles = study.guessed.titles
    several = words.get("units_name", "units")
    listed = [f"'{name}'" if "," in name else name for name in units["name"]]
    names = first_examples(listed, SHOWN_UNITS)
    flags = f"--name {quote(titles['name'])} " if titles.get("name") else ""
    word = "districts" if several == "units" else quote(several)
    yield f"of {len(units)} {several}: {names}", f"{flags}--unit-name {word}"


def _groups(study: NewStudy) -> str:
    units = study.tables["units"]
    if not study.groups:
        return "without groups of units"
    shown = [
        f"{name} ({units[name].nunique()}: {first_examples(sorted(set(units[name])), 2)})"
        for name in study.groups
    ]
    return f"grouped by {'; '.join(shown)}"


def _map(study: NewStudy) -> tuple[str, str]:
    if study.outlines:
        return "map: outlines", "--polygons FILE"
    titles = study.guessed.titles
    polygons = f"--polygons {study.map_at_hand or 'FILE'}"
    if {"lat", "lon"} <= set(study.tables["units"]):
        held = [titles.get(kind, kind) for kind in ("lat", "lon")]
        flags = f"--lat {quote(held[0])} --lon {quote(held[1])}"
        return f"map: points at {held[0]} and {held[1]}", f"{flags} {polygons}"
    if study.map_at_hand:
        return "no map yet: outlines of these units are at hand", polygons
    return (
        "no map: outlines and coordinates are not known",
        f"{polygons} --lat COLUMN --lon COLUMN",
    )


def _neighbours(study: NewStudy) -> tuple[str, str]:
    weights: Any = study.weights
    if "kind: file" in weights:
        return "neighbours: the weights of your file", "--weights FILE"
    if "adjacency" in study.tables:
        count = len(study.tables["adjacency"])
        return f"neighbours: {count} shared borders", "--weights FILE"
    if {"lat", "lon"} <= set(study.tables["units"]):
        return "neighbours: the nearest five", "--weights FILE"
    return "no neighbours are known", "--weights FILE"


def _treated(study: NewStudy, table: str) -> str:
    frame = study.tables[table]
    names = dict(study.tables["units"][["unit", "name"]].to_numpy())
    if table == "policies":
        treated = list(dict.fromkeys(frame["unit"]))
        return (
            f"{len(treated)} with a policy that has a date:"
            f" {first_examples([names.get(unit, unit) for unit in treated], 9)}"
        )
    parts = list[str]()
    for column, word in (("sez", "with zones"), ("cluster", "with clusters")):
        units = [names[unit] for unit in frame.loc[frame[column].eq("1"), "unit"]]
        if units:
            parts.append(f"{len(units)} {word}: {first_examples(units, 9)}")
    return "; ".join(parts)
