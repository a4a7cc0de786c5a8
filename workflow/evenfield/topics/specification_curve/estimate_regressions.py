"""The regressions of a curve as arrays: outcome, controls, and the regressors that
labels make, permuted or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd

from evenfield.models.specification_curve import (
    HeldRows,
    LabelTerm,
    LabelTerms,
    dealt_effects,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial import Weights
from evenfield.shared.samples import control_columns
from evenfield.study.errors import first_examples
from evenfield.study.study import Study

START = "log_income_start"
LEVEL = "relative_log_income"
LABELS = ("cluster", "sez")
STRATA = "coastal"


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
    held: dict[tuple[object, ...], HeldRows | str] = field(
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
            key: study.weights(key, name).aligned(order)
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
    if key not in scheme.held:
        scheme.held[key] = _held(scheme, *key)
    held = scheme.held[key]
    if isinstance(held, str):
        return held
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
        products[same] = held.products(drawn)
    c = weights_of_effect(point)
    try:
        effects = dealt_effects(held, drawn, products[same], c)
    except NumericsError as error:
        return str(error)
    of_data = drawn[:, 0, held.units_used].T
    return Regression(
        units_used=held.units_used,
        y=held.y,
        X=np.column_stack([of_data, held.controls]),
        c=np.append(c, np.zeros(held.controls.shape[1])),
        estimates=effects.estimates,
        statistics=effects.statistics,
        df=effects.df,
    )


def weights_of_effect(point: Point) -> np.ndarray:
    """Return the weights of the effect among the regressors that come from labels, (R,)."""
    plus, _, minus = point.contrast.partition(" - ")
    # `cluster - sez` weighs the labels +1 and -1, a name alone +1.
    c = [float(name == plus) - float(name == minus) for name in LABELS]
    if point.kind != "own":
        c = [0.0, 0.0, *c]  # own labels, then exposures
    return np.array(c)


def _held(
    scheme: Scheme, period: str, outcome: str, sample: str, controls: tuple[str, ...]
) -> HeldRows | str:
    """Return the sample's rows with outcome and controls: the same for all labels and
    weights.
    """
    table = scheme.periods.get(period)
    if table is None:
        return f"the panel has no period {period}"
    units_used = np.flatnonzero(np.isin(scheme.units, scheme.samples[sample]))
    names = [outcome, *columns_held(table.columns, outcome, controls)]
    columns = {name: table[name].to_numpy(float)[units_used] for name in names}
    # A gap leaves out the specification, not the unit: samples stay what they are.
    lacks = [name for name, column in columns.items() if np.isnan(column).any()]
    if lacks:
        return f"{first_examples(lacks)} is not there in {period}"
    y, *others = columns.values()
    constant = np.ones(len(units_used))
    held = HeldRows(
        units_used=units_used, y=y, controls=np.column_stack([constant, *others])
    )
    try:
        _ = held.basis
    except NumericsError as error:
        return str(error)
    return held


def columns_held(
    columns: Iterable[str], outcome: str, controls: Sequence[str]
) -> list[str]:
    """Return the columns of controls: growth is compared at equal initial income, mean
    relative income is a level.
    """
    initial = [START] if outcome.startswith("growth") else []
    beside = [control_columns(columns, name) for name in controls]
    return [*initial, *chain(*beside)]


def label_regressors(point: Point, scheme: Scheme, source: np.ndarray) -> np.ndarray:
    """Make the regressors that come from labels, for many permutations at once; source
    (B, N) -> (R, B, N).
    """
    own = range(len(LABELS))
    exposures = range(len(LABELS), 2 * len(LABELS))
    if point.kind == "own":
        terms = [LabelTerm(place) for place in own]
    elif point.kind == "exposure":
        terms = [LabelTerm(place) for place in (*own, *exposures)]
    else:
        start = scheme.periods[point.period][START].to_numpy(float)
        # Initial income less its mean: the coefficients of exposures alone hold at
        # average initial income.
        gap = start - start.mean()
        terms = [LabelTerm(place) for place in exposures]
        terms += [LabelTerm(place, times=gap) for place in exposures]
    label_terms = LabelTerms(
        terms=tuple(terms),
        neighbours=None if point.kind == "own" else scheme.weights[point.weights],
    )
    return label_terms.drawn(scheme.labels[point.taxonomy, point.period], source)


def _ordered(table: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    return table.set_index("unit").loc[order]
