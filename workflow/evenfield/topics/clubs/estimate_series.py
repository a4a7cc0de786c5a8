"""What the club figures draw: paths, dispersion, membership, its stability and the currency unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.clubs.groups import Clubs
from evenfield.numerics.clubs.membership import core_stability
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.logt import (
    discarded_periods,
    fit_logt,
    regression_periods,
    relative_transition,
    transition_variance,
)
from evenfield.shared.estimates import NAN
from evenfield.shared.windows import Window
from evenfield.topics.clubs.estimate_spec import ClubsSpec, trend_of

CLUBS_SERIES = (
    "spec_id", "sample_id", "unit_scheme", "period", "kind", "group", "unit", "unit_j", "year", "club", "x", "value",
)  # fmt: skip
FACTORS = np.round(10.0 ** np.linspace(-3, 3, 49), 12)


def clubs_series(
    spec: ClubsSpec,
    window: Window,
    levels: np.ndarray,
    found: Clubs,
    merged: Clubs,
    shared: np.ndarray,
    tables: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Arrange one specification for drawing; levels (N, T), shared (N, N)."""
    h = relative_transition(levels)
    years = window.years[-levels.shape[1] :]
    labels, before = merged.labels(len(levels)), found.labels(len(levels))
    rows = [
        *_transitions(h, window.units, years, labels),
        *_membership(window.units, before, labels, core_stability(shared, labels)),
        *_shared(window.units, shared),
        *_currency(window, spec),
        *_cells(tables),
        *({"kind": "dispersion", "year": year, "value": value}
          for year, value in zip(years, transition_variance(levels), strict=True)),
    ]  # fmt: skip
    frame = pd.DataFrame(rows).reindex(columns=list(CLUBS_SERIES))
    frame = frame.assign(
        spec_id=spec.id, sample_id=spec.sample, unit_scheme=spec.unit_scheme, period=spec.period
    ).astype({"year": "Int64", "club": "Int64", "x": float, "value": float})
    text = ("group", "unit", "unit_j")
    return frame.astype(dict.fromkeys(text, object)).fillna(dict.fromkeys(text, ""))


def _transitions(h: np.ndarray, units: list[str], years: list[int], labels: np.ndarray) -> Iterable[dict[str, Any]]:
    for unit, path, label in zip(units, h, labels.tolist(), strict=True):
        for year, value in zip(years, path, strict=True):
            yield {"kind": "transition", "unit": unit, "year": year, "club": label, "value": value}
    for label in np.unique(labels).tolist():
        for year, value in zip(years, h[labels == label].mean(axis=0), strict=True):
            yield {"kind": "club_mean", "year": year, "club": label, "value": value}


def _membership(
    units: list[str], before: np.ndarray, after: np.ndarray, firmness: np.ndarray
) -> Iterable[dict[str, Any]]:
    for unit, first, last, value in zip(units, before.tolist(), after.tolist(), firmness, strict=True):
        yield {"kind": "membership", "unit": unit, "group": str(first), "club": last, "value": value}


def _shared(units: list[str], shared: np.ndarray) -> Iterable[dict[str, Any]]:
    for i, unit in enumerate(units):
        for j, other in enumerate(units):
            yield {"kind": "shared", "unit": unit, "unit_j": other, "value": shared[i, j]}


def _currency(window: Window, spec: ClubsSpec) -> Iterable[dict[str, Any]]:
    trend = trend_of(window.values, spec, window.step)
    periods = regression_periods(trend.shape[1], discarded_periods(trend.shape[1], spec.discard))
    for factor in FACTORS:
        try:
            t = float(fit_logt(transition_variance(trend + np.log(factor)), periods, spec.variance).t[0])
        except NumericsError:
            t = NAN
        yield {"kind": "currency", "x": factor, "value": t}


def _cells(tables: Mapping[str, pd.DataFrame]) -> Iterable[dict[str, Any]]:
    for taxonomy, table in tables.items():
        for club, row in table.iterrows():
            for cell, count in row.items():
                yield {"kind": "cell", "group": f"{taxonomy}: {cell}", "club": int(str(club)), "value": float(count)}
