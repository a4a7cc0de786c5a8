"""What a study's texts say, held against the results of its last run: a number that has
changed behind a sentence is told before the next run stops at it.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from evenfield.report.context import names_of_results
from evenfield.report.numbers import Number, numbers_of_last_run, read_numbers
from evenfield.report.printable import Lookup, part_of
from evenfield.report.prose import Prose, read_texts
from evenfield.shared.second_studies import in_study, second_configs
from evenfield.study.errors import EvenfieldError, Faults
from evenfield.study.files import Record

# What a number is made from; values apart, this tells whether numbers.yaml has changed.
MADE_FROM = ("source", "estimate_id", "show", "unit")
WRITTEN_LAST = ("ingest/description.json", "answers.json")


def broken_sentences(
    config: Record, texts: Sequence[str], own: Mapping[str, Number]
) -> Iterator[EvenfieldError]:
    """Yield the conditions of texts that do not hold with the numbers of the last run:
    those that its tables give now (``own`` those of this study), and those that
    numbers.json holds.
    """
    if not all(Path("results", name).is_file() for name in WRITTEN_LAST):
        return  # what a run that was stopped has not made
    faults = Faults()
    paths, references = read_texts(texts, faults, config["study"])
    faults.refuse()
    now = {"n": own, **_numbers_beside(config)}
    folders = {"n": Path(), **{x: Path(y) for x, y in config["beside"].items()}}
    kept = {name: _kept(folders[name], numbers) for name, numbers in now.items()}
    names = names_of_results(config, "results")
    told = set[str]()
    for studies in (now, kept):
        numbers = {name: _as_named(name, found) for name, found in studies.items()}
        prose = Prose(paths, {**names, **numbers}, references)
        for fault in prose.broken_conditions():
            if str(fault) not in told:
                yield fault
            told.add(str(fault))


def _numbers_beside(config: Record) -> dict[str, dict[str, Number]]:
    """Return the numbers that each study beside has now, by its name."""
    numbers = {}
    for name, other in second_configs(config).items():
        with in_study(config["beside"][name]):
            numbers[name], _ = numbers_of_last_run(other, "results")
    return numbers


def _kept(folder: Path, now: Mapping[str, Number]) -> dict[str, Number]:
    """Return numbers as numbers.json holds them; one that numbers.yaml has changed since
    is the one that it is now.
    """
    path = folder / "results" / "numbers.json"
    written = read_numbers(path) if path.is_file() else {}
    same = {
        name: number
        for name, number in written.items()
        if name in now and _made_from(number) == _made_from(now[name])
    }
    return {**now, **same}


def _made_from(number: Number) -> list[str]:
    return [getattr(number, name) for name in MADE_FROM]


def _as_named(study: str, numbers: Mapping[str, Number]) -> Lookup:
    parts = {name: part_of(name, number) for name, number in numbers.items()}
    return Lookup(f"number of {study}", parts)
