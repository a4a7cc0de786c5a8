"""Unit schemes as the topics know them, and the check of names that the config uses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.files import Record

PROXY = "proxy"
SPLICED = "spliced"
OFFICIAL = "official"


@dataclass(frozen=True)
class SchemeInfo:
    """What an estimator has to know about a unit scheme beside its frames."""

    name: str  # unit scheme
    samples: Mapping[str, tuple[str, ...]]  # units of each sample
    step: int = 1  # years between two observations
    first_official: int | None = (
        None  # first year with official output; None when there is no such year
    )


def scheme_infos(descriptions: Iterable[Record]) -> dict[str, SchemeInfo]:
    """Read the descriptions that the panel step writes, one for each unit scheme."""
    infos = map(scheme_info, descriptions)
    return {info.name: info for info in infos}


def scheme_info(description: Record) -> SchemeInfo:
    """Read the description of one unit scheme."""
    samples = {name: tuple(units) for name, units in description["samples"].items()}
    official = description.get("basis_years", {}).get(OFFICIAL)
    return SchemeInfo(
        name=str(description["unit_scheme"]),
        samples=samples,
        step=int(description.get("step", 1)),
        first_official=official[0] if official else None,
    )


def check_names(names: Iterable[Any], known: Iterable[Any], where: str) -> None:
    """Refuse names that nothing defines."""
    known = sorted(known)
    unknown = [str(name) for name in names if name not in known]
    if unknown:
        raise EstimateError(
            f"{where} names {len(unknown)} that is unknown ({first_examples(unknown)})",
            f"one of {first_examples(known, 12)}",
            "define it or correct the name",
        )
