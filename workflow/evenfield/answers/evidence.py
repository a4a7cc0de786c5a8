"""Which rows of the estimates decide a part of a hypothesis, and what else is known about each of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evenfield.answers.spec import Part
from evenfield.shared.estimates import NAN

Row = Mapping[str, Any]
SAME_ESTIMAND = ("hypothesis", "spec_id", "outcome", "term", "contrast", "period", "sample_id")
SAME_QUESTION = ("hypothesis", "outcome", "period")
CURVE = "specification_curve"
PROXY = ("proxy", "spliced")
ROMANO_WOLF = "_romano_wolf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One deciding row and the evidence rows of the same estimand."""

    row: Row  # the deciding row; empty where a period has none
    period: str  # its period
    share: float = NAN  # share of specifications with its sign, and the joint p-value of the curve; NaN where not run
    share_p: float = NAN
    flips: float = NAN  # units whose deletion turns the sign, and the range of the estimate without one unit
    low: float = NAN
    high: float = NAN
    placebos: tuple[float, ...] = ()  # p-values of placebo rows
    joint_p: float = NAN  # p-value that allows for the other outcomes of the same hypothesis; NaN where not run
    interval: Row | None = None  # row of the same estimand whose interval belongs to the two-sided test

    @property
    def there(self) -> bool:
        """Whether there is a row with a number."""
        return bool(self.row) and not math.isnan(value(self.row, "estimate"))

    @property
    def proxy(self) -> bool:
        """Whether the number rests on proxy output, in full or in part."""
        return self.row.get("output_basis", "") in PROXY


def value(row: Row, name: str) -> float:
    """Return a field as a number, NaN where it is blank."""
    found = row.get(name)
    return NAN if found is None or found == "" or pd.isna(found) else float(found)


def gather(rows: Sequence[Row], part: Part) -> list[Evidence]:
    """Find the deciding rows of a part and everything known about them."""
    found = [row for row in rows if _selected(row, part.select)]
    found = [row for row in found if not _is_evidence(row, part.kind)]
    if not part.periods:
        return [_evidence(rows, row, part.sign) for row in found if not math.isnan(value(row, "estimate"))]
    out: list[Evidence] = []
    for period in part.periods:
        here = [row for row in found if row["period"] == period]
        out += [_evidence(rows, row, part.sign) for row in here] or [Evidence(row={}, period=period)]
    return out


def _selected(row: Row, select: Mapping[str, tuple[str, ...]]) -> bool:
    return all(str(row.get(name, "")) in allowed for name, allowed in select.items())


def _is_evidence(row: Row, kind: str) -> bool:
    unwanted = ("share", "stat_sign_flips", "stat_low", "stat_high", "stat_pair")
    return row.get("effect_type") in unwanted or (row.get("effect_type") == "tost") != (kind == "equivalence")


def _evidence(rows: Sequence[Row], row: Row, sign: float) -> Evidence:
    same = [other for other in rows if all(other.get(name) == row.get(name) for name in SAME_ESTIMAND)]
    share = _first(same, effect_type="share") or _curve(rows, row)
    two_sided = next(
        (
            other
            for other in same
            if other.get("role") == "primary" and other.get("effect_type") not in ("tost", "share")
        ),
        None,
    )
    return Evidence(
        row=row,
        period=str(row.get("period", "")),
        share=_with_sign_of(row, share, sign),
        share_p=value(share, "p_value"),
        flips=value(_first(same, effect_type="stat_sign_flips"), "estimate"),
        low=value(_first(same, effect_type="stat_low"), "estimate"),
        high=value(_first(same, effect_type="stat_high"), "estimate"),
        placebos=_placebos(rows, row),
        joint_p=value(_romano_wolf(same, row), "p_value"),
        interval=two_sided,
    )


def _curve(rows: Sequence[Row], row: Row) -> Row:
    """Return the share of a declared curve on the same outcome and period."""
    wanted = {"family": CURVE, "effect_type": "share"}
    found = [other for other in rows if all(other.get(name) == text for name, text in wanted.items())]
    return next((other for other in found if all(other.get(name) == row.get(name) for name in SAME_QUESTION)), {})


def _with_sign_of(row: Row, share: Row, sign: float) -> float:
    """Return the share with the sign of the row; a declared curve counts the predicted sign."""
    found = value(share, "estimate")
    predicted = share.get("family") != CURVE or sign * value(row, "estimate") > 0
    return found if predicted else 1 - found


def _first(rows: Iterable[Row], **wanted: str) -> Row:
    return next((row for row in rows if all(row.get(name) == text for name, text in wanted.items())), {})


def _placebos(rows: Sequence[Row], row: Row) -> tuple[float, ...]:
    same = ("hypothesis", "outcome", "term", "contrast")
    found = [
        other
        for other in rows
        if other.get("role") == "placebo" and all(other.get(name) == row.get(name) for name in same)
    ]
    return tuple(p for p in (value(other, "p_value") for other in found) if not math.isnan(p))


def _romano_wolf(same: Sequence[Row], row: Row) -> Row:
    return _first(same, estimator=f"{row.get('estimator', '')}{ROMANO_WOLF}")
