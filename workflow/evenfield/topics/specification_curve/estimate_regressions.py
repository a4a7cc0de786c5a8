"""The regressions of a curve as arrays: outcome, controls, and the regressors that
labels make, permuted or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd

from evenfield.numerics.label_permutation import (
    LabelDesign,
    label_products,
    label_statistics,
)
from evenfield.numerics.spatial import Weights, multiplier
from evenfield.shared.samples import control_columns
from evenfield.study.errors import first_examples
from evenfield.study.study import Study

START = "log_income_start"
LEVEL = "relative_log_income"
LABELS = ("cluster", "sez")
STRATA = "coastal"
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class Point(NamedTuple):
    """One specification: where it stands on each axis, then what all of its curve
    share.
    """

    period: str
    outcome: str
    unit_scheme: str
    sample: str
    weights: str
    taxonomy: str
    controls: tuple[str, ...]
    kind: str
    contrast: str


@dataclass(frozen=True)
class Scheme:
    """Everything of one unit scheme, in one order of units."""

    units: tuple[str, ...]  # in the order of draws
    samples: Mapping[str, tuple[str, ...]]  # units of each sample
    coordinates: (
        pd.DataFrame
    )  # ``lat``, ``lon`` and, where the study has it, ``coastal``, indexed by unit
    periods: Mapping[str, pd.DataFrame]
    labels: Mapping[
        tuple[str, str], np.ndarray
    ]  # by taxonomy and period: cluster and zone indicators, shape (N, 2)
    weights: Mapping[str, Weights]  # W by name, shape (N, N)
    arrays: dict[tuple[object, ...], Arrays | str] = field(
        default_factory=dict
    )  # outcome and controls, made once

    @classmethod
    def of(cls, study: Study, name: str) -> Scheme:
        """Align the tables of a unit scheme."""
        units = study.table("units", name)
        order = list(units["unit"])
        panel = study.table("panel", name)
        periods = {}
        for period, group in study.table("periods", name).groupby("period"):
            table = _ordered(group, order)
            ends = table[["start_year", "end_year"]].iloc[0].astype(int)
            inside = panel[panel["year"].between(*ends)]
            # Mean relative income over all years of the period, both ends included.
            level = inside.groupby("unit")[LEVEL].mean().reindex(order)
            periods[str(period)] = table.assign(**{LEVEL: level})
        labels = {}
        cells = study.table("cells", name).groupby(["taxonomy", "period"])
        for (taxonomy, start), cell in cells:
            drawn = _ordered(cell, order)[list(LABELS)].to_numpy(float)
            labels[str(taxonomy), str(start)] = drawn
        weights = {
            key: multiplier(study.weights(key, name).aligned(order))
            for key in study.config.weights.families
        }
        return cls(
            units=tuple(order),
            samples=study.description(name)["samples"],
            coordinates=units.set_index("unit").loc[order],
            periods=periods,
            labels=labels,
            weights=weights,
        )

    @property
    def strata(self) -> np.ndarray:
        """Stratum of each unit: coast or inland where the study says so."""
        if STRATA not in self.coordinates:
            return np.zeros(len(self.units), dtype=int)
        return np.asarray(self.coordinates[STRATA].to_numpy())


class Regression(NamedTuple):
    """One specification on the data, and its effect under permutations of the labels."""

    units_used: np.ndarray  # (n,) positions of the sample's units
    y: np.ndarray  # (n,) outcome
    X: np.ndarray  # (n, L + K) what comes from labels, constant and controls
    c: np.ndarray  # (L + K,) weights of the effect
    estimates: np.ndarray  # (B,) effects and their t statistics, of the data first
    statistics: np.ndarray
    df: int


def regression(
    point: Point,
    scheme: Scheme,
    regressors: Callable[..., np.ndarray],
    products: dict[Point, np.ndarray],
) -> Regression | str:
    """Estimate a specification, or say why it is not defined; regressors of a point (L,
    B, N), of the data first.
    """
    key = (point.period, point.outcome, point.sample, point.controls)
    if key not in scheme.arrays:
        scheme.arrays[key] = _arrays(scheme, *key)
    arrays = scheme.arrays[key]
    if isinstance(arrays, str):
        return arrays
    units_used, y, controls, basis, e = arrays
    plus, _, minus = point.contrast.partition(" - ")
    # `cluster - sez` weighs the labels +1 and -1, a name alone +1.
    c = [float(name == plus) - float(name == minus) for name in LABELS]
    if point.kind != "own":
        c = [0.0, 0.0, *c]  # own labels, then exposures
    drawn = regressors(
        *point._replace(
            outcome="",
            sample="",
            controls=(),
        )
    )
    # Growth always has initial income as a control: its outcomes share their
    # cross-products.
    same = point._replace(outcome=str(point.outcome.startswith("growth")))
    if same not in products:
        products[same] = label_products(drawn[..., units_used], basis)
    X = np.column_stack([drawn[:, 0, units_used].T, controls])
    # N - K, where `len(c)` regressors come from labels.
    df = len(y) - controls.shape[1] - len(c)
    # By Frisch, Waugh and Lovell, all draws need of y is e, y free of its controls.
    whole = np.zeros(drawn.shape[2])
    whole[units_used] = e
    estimates, statistics = label_statistics(
        products[same], drawn @ whole, float(e @ e), np.array(c), df
    )
    return Regression(
        units_used=units_used,
        y=y,
        X=X,
        c=np.append(c, np.zeros(controls.shape[1])),
        estimates=estimates,
        statistics=statistics,
        df=df,
    )


def _arrays(
    scheme: Scheme, period: str, outcome: str, sample: str, controls: tuple[str, ...]
) -> Arrays | str:
    """Return positions of the sample's units, outcome and controls: the same for all
    labels and weights.
    """
    table = scheme.periods.get(period)
    if table is None:
        return f"the panel has no period {period}"
    units_used = np.flatnonzero(np.isin(scheme.units, scheme.samples[sample]))
    # Growth is compared at equal initial income; mean relative income is a level.
    initial = [START] if outcome.startswith("growth") else []
    beside = [control_columns(table.columns, name) for name in controls]
    names = [outcome, *initial, *chain(*beside)]
    columns = {name: table[name].to_numpy(float)[units_used] for name in names}
    # A gap leaves out the specification, not the unit: samples stay what they are.
    lacks = [name for name, column in columns.items() if np.isnan(column).any()]
    if lacks:
        return f"{first_examples(lacks)} is not there in {period}"
    values = np.column_stack(list(columns.values()))
    y = values[:, 0]
    fixed = np.column_stack([np.ones(len(units_used)), values[:, 1:]])
    # Q spans the controls, so that y - QQ'y is y free of them.
    basis = np.linalg.qr(fixed)[0]
    return units_used, y, fixed, basis, y - basis @ (basis.T @ y)


def label_regressors(point: Point, scheme: Scheme, source: np.ndarray) -> np.ndarray:
    """Make the regressors that come from labels, for many permutations at once; source
    (B, N) -> (L, B, N).
    """
    design = LabelDesign(None if point.kind == "own" else scheme.weights[point.weights])
    drawn = design.drawn(scheme.labels[point.taxonomy, point.period], source)
    if point.kind != "regime":
        return drawn
    start = scheme.periods[point.period][START].to_numpy(float)
    exposures = drawn[len(LABELS) :]
    # Initial income less its mean: the coefficients of exposures alone hold at average
    # initial income.
    return np.concatenate([exposures, (start - start.mean()) * exposures])


def _ordered(table: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    return table.set_index("unit").loc[order]
