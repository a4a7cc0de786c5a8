"""Specifications of the linkage regressions, read from the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenfield.study.errors import EstimateError, first_examples

OUTCOMES = {"log_income": "log points", "growth_pct": "pp/yr"}


@dataclass(frozen=True, slots=True)
class Measure:
    """A variable made of columns of the panel or of zones in force."""

    name: str  # key in the config and how it is printed
    label: str
    kind: str  # intensities
    columns: tuple[str, ...]  # numerator and denominator; or column; or type of zone
    years: tuple[int, int] = (0, 0)  # moderators: first and last year of the mean
    note: str = ""  # a limit that every row repeats


@dataclass(frozen=True, slots=True)
class LinkageSpec:
    """One linkage regression."""

    id: str  # name, outcome column, spatial weights, role
    outcome: str
    weights: str
    role: str
    intensity: Measure  # F and L
    moderator: Measure
    rival: Measure | None  # a second moderator that enters beside L
    years: tuple[int, int]  # first and last year
    trends: str  # ``none`` or ``moderator``: L by year dummies

    @property
    def period(self) -> str:
        """The years as text."""
        return f"{self.years[0]}-{self.years[1]}"

    @property
    def controls(self) -> str:
        """Names of the moderators."""
        return self.moderator.name + (f"+{self.rival.name}" if self.rival else "")

    @property
    def effects(self) -> str:
        """Fixed effects in words."""
        return "unit+year" + ("+moderator by year" if self.trends == "moderator" else "")


@dataclass(frozen=True, slots=True)
class LinkageSettings:
    """What all specifications share."""

    level: float = 0.95  # level of the intervals and power of the minimum detectable effects
    power: float = 0.8
    seed: int = 2011  # base seed; bootstrap draws; draws of the moderator over units
    permutations: int = 9999
    draws: int = 999
    sesoi: float = float("nan")  # smallest elasticity difference of interest; NaN for none
    hypothesis: str = ""  # hypothesis that the primary specification decides; empty for none
    placebo: tuple[int, ...] = ()  # first and last year of the change before the sample; empty for none


def parse_linkage_specs(section: Mapping[str, Any]) -> list[LinkageSpec]:
    """Read ``estimates.linkage`` of the config."""
    ids = [item["id"] for item in section["specs"]]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise EstimateError(f"{len(twice)} ids are used twice in estimates.linkage ({first_examples(twice)})",
                            "one id per specification", "rename one in config.yaml")  # fmt: skip
    return [_parsed(item, section) for item in section["specs"]]


def _parsed(item: Mapping[str, Any], section: Mapping[str, Any]) -> LinkageSpec:
    where = f"estimates.linkage.{item['id']}"
    first, last = item.get("years") or section["years"]
    if first >= last:
        raise EstimateError(f"{where}.years run from {first} to {last}", "a first year before the last",
                            "correct the years in config.yaml")  # fmt: skip
    rival = item.get("rival")
    return LinkageSpec(
        id=item["id"], outcome=item.get("outcome", "log_income"), weights=item.get("weights") or section["weights"],
        role=item.get("role", "robustness"), intensity=_measure(section, "intensities", item["intensity"], where),
        moderator=_measure(section, "moderators", item["moderator"], where),
        rival=_measure(section, "moderators", rival, where) if rival else None, years=(int(first), int(last)),
        trends=item.get("trends", "none"),
    )  # fmt: skip


def _measure(section: Mapping[str, Any], group: str, name: str, where: str) -> Measure:
    known = section[group]
    if name not in known:
        raise EstimateError(f"{where} names {name}", f"one of {', '.join(sorted(known))} ({group})",
                            "correct the name in config.yaml")  # fmt: skip
    item = known[name]
    keys = [key for key in ("numerator", "denominator", "column", "zone_type") if key in item]
    years = item.get("years", (0, 0))
    span = (int(years[0]), int(years[1]))
    return Measure(name, item["label"], item["kind"], tuple(item[key] for key in keys), span, item.get("note", ""))


def parse_linkage_settings(
    section: Mapping[str, Any], sesoi: Mapping[str, float] | None, inference: Mapping[str, Any], power: float
) -> LinkageSettings:
    """Read what all specifications share from the config."""
    return LinkageSettings(
        float(inference["conf_level"]), power, int(inference["seed"]), int(inference["permutations"]),
        int(section.get("draws", 999)), float((sesoi or {}).get("linkage_elasticity", float("nan"))),
        str(section.get("hypothesis", "")), tuple(int(year) for year in section.get("placebo_years", ())),
    )  # fmt: skip
