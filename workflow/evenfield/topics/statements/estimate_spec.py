"""Exploratory statements: one small declaration each, read from the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evenfield.study.errors import EstimateError, first_examples

NEEDED = {
    "contrast": ("outcome", "periods", "regressors", "term"),
    "panel": ("outcome", "periods", "regressors", "term"),
    "accounting": ("outcome", "periods", "reference", "group"),
    "rings": ("outcome", "periods", "group", "rings_km"),
    "not_carried": ("reason", "note"),
}
PREDICTED = ("+", "-", "0")
REDUCTIONS = ("mean", "trend", "shift", "volatility", "persistence", "increase")
REASONS = ("R1", "R2", "R3", "R4", "R5", "R6", "R7")


@dataclass(frozen=True, slots=True)
class Expression:
    """A variable made of columns of the panel."""

    numerator: str = ""  # columns; no denominator, no division
    denominator: str = ""
    log: bool = False  # whether the natural logarithm is taken
    scale: float = 1.0  # factor, for units that can be read
    index: tuple[Expression, ...] = ()  # parts of a standardised index; the other fields then do not count

    @property
    def name(self) -> str:
        """The variable in words of the panel's columns."""
        if self.index:
            return f"index({', '.join(part.name for part in self.index)})"
        ratio = f"{self.numerator} / {self.denominator}" if self.denominator else self.numerator
        return f"log({ratio})" if self.log else ratio

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the panel that are needed."""
        own = tuple(name for name in (self.numerator, self.denominator) if name)
        return (*own, *(name for part in self.index for name in part.columns))


@dataclass(frozen=True, slots=True)
class Measure:
    """A regressor by unit: the mean of a variable over fixed years."""

    expression: Expression  # the variable
    years: tuple[int, int]  # first and last year
    above_median: bool = False  # whether it is turned into one for the units above the median, zero for the others


@dataclass(frozen=True, slots=True)
class ExploratorySpec:
    """One exploratory statement."""

    id: str  # name of the statement, and the claim of the ledger that it belongs to
    claim: str
    kind: str
    predicted: str = ""  # sign that the claim predicts: ``+``, ``-`` or ``0`` (equivalent to zero)
    outcome: Expression = Expression()  # what is explained
    periods: tuple[str, ...] = ()  # periods, each a row
    reduce: str = "mean"  # how a unit's years become one number
    since: int = 0  # first year after a shift
    regressors: tuple[str, ...] = ()  # columns of the regression that move with the label
    term: str = ""  # the coefficient, and one subtracted from it
    minus: str = ""
    given: tuple[str, ...] = ()  # columns that are controlled for
    measures: Mapping[str, Measure] = field(default_factory=dict)  # regressors that the statement defines itself
    joint: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # products of two regressors by name
    among: str = ""  # keep only units where this column is one
    without: tuple[str, ...] = ()  # units left out
    lags: tuple[int, ...] = (0,)  # years by which the regressor of a panel leads
    group: str = ""  # group whose shares are compared, column of the share that is subtracted; group seen in rings
    reference: str = ""
    rings_km: tuple[int, ...] = ()  # outer bounds of rings
    taxonomy: str = ""  # taxonomy of the labels
    sesoi: float | None = None  # smallest effect of interest, in ``unit``
    unit: str = ""  # unit of the estimate
    label: str = ""  # outcome and comparison in words
    reason: str = ""  # why nothing is estimated
    note: str = ""


def parse_exploratory_specs(
    section: Sequence[Mapping[str, Any]], taxonomy: str, periods: Sequence[str]
) -> tuple[ExploratorySpec, ...]:
    """Read ``estimates.exploratory`` of the config."""
    specs = tuple(_parsed(item, taxonomy, periods) for item in section)
    ids = [spec.id for spec in specs]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise EstimateError(f"{len(twice)} ids of estimates.exploratory are used twice ({first_examples(twice)})",
                            "one id for each statement", "rename one")  # fmt: skip
    return specs


def _parsed(item: Mapping[str, Any], taxonomy: str, periods: Sequence[str]) -> ExploratorySpec:
    where = f"estimates.exploratory.{item['id']}"
    _check(where, item, periods)
    given = dict(item)
    if "outcome" in given:
        given["outcome"] = _expression(given["outcome"])
    if "measures" in given:
        given["measures"] = {name: _measure(value) for name, value in given["measures"].items()}
    if "joint" in given:
        given["joint"] = {name: tuple(parts) for name, parts in given["joint"].items()}
    for name in ("periods", "regressors", "given", "without", "lags", "rings_km"):
        if name in given:
            given[name] = tuple(given[name])
    return ExploratorySpec(**{"taxonomy": taxonomy, **given})


def _check(where: str, item: Mapping[str, Any], periods: Sequence[str]) -> None:
    kind = item["kind"]
    _check_name(where, "kind", kind, tuple(NEEDED))
    missing = [name for name in NEEDED[kind] if name not in item]
    if missing:
        raise EstimateError(f"{where} of kind {kind} has no {missing[0]}", f"{', '.join(NEEDED[kind])}",
                            f"add {missing[0]}")  # fmt: skip
    if kind == "not_carried":
        return _check_name(where, "reason", item["reason"], REASONS)
    _check_name(where, "predicted", item.get("predicted", ""), PREDICTED)
    _check_name(where, "reduce", item.get("reduce", "mean"), REDUCTIONS)
    for period in item["periods"]:
        _check_name(where, "periods", period, tuple(periods))
    if item.get("reduce") == "shift" and "since" not in item:
        raise EstimateError(f"{where} reduces to a shift and has no since", "the first year after it", "add since")
    if item.get("predicted") == "0" and "sesoi" not in item:
        raise EstimateError(f"{where} predicts 0 and has no sesoi", "what counts as too small to matter", "add sesoi")
    return None


def _check_name(where: str, key: str, found: str, allowed: Sequence[str]) -> None:
    if found not in allowed:
        raise EstimateError(f"{where}.{key} is {found!r}", f"one of {', '.join(allowed)}", f"correct {where}.{key}")


def _expression(item: str | Mapping[str, Any]) -> Expression:
    if isinstance(item, str):
        return Expression(item)
    if "index" in item:
        return Expression(index=tuple(_expression(part) for part in item["index"]))
    return Expression(**item)


def _measure(item: Mapping[str, Any]) -> Measure:
    first, last = item["years"]
    rest = {name: value for name, value in item.items() if name not in ("years", "above_median")}
    return Measure(_expression(rest), (first, last), item.get("above_median", False))
