"""The tables a curve reads, by unit scheme, and the regressions they make of a specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.specification_curve.estimate_spec import Curve, Specification

START, LEVEL = "log_income_start", "relative_log_income"
LABELS = ("cluster", "sez")
STRATA = "coastal"


@dataclass(frozen=True)
class SchemeTables:
    """Everything of one unit scheme, in one order of units."""

    units: tuple[str, ...]  # sorted
    place: pd.DataFrame  # ``lat``, ``lon`` and, where the study has it, ``coastal``, indexed by unit
    periods: Mapping[str, pd.DataFrame]
    labels: Mapping[tuple[str, str], np.ndarray]  # by taxonomy and period: cluster and zone indicators, shape (N, 2)
    weights: Mapping[str, np.ndarray]  # W by name, shape (N, N)

    @property
    def strata(self) -> np.ndarray:
        """Stratum of each unit: coast or inland where the study says so."""
        if STRATA not in self.place:
            return np.zeros(len(self.units), dtype=int)
        return np.asarray(self.place[STRATA].to_numpy())


def scheme_tables(
    periods: pd.DataFrame, panel: pd.DataFrame, cells: pd.DataFrame, units: pd.DataFrame,
    weights: Mapping[str, SpatialWeights],
) -> SchemeTables:  # fmt: skip
    """Align the tables of one unit scheme."""
    names = tuple(sorted(units["unit"]))
    order = list(names)
    place = units.set_index("unit").loc[order]
    by_period = {str(name): _with_level(group.set_index("unit"), panel, order)
                 for name, group in periods.groupby("period")}  # fmt: skip
    labels = {(str(taxonomy), str(period)): _ordered(group.set_index("unit"), order)[list(LABELS)].to_numpy(float)
              for (taxonomy, period), group in cells.groupby(["taxonomy", "period"])}  # fmt: skip
    return SchemeTables(names, place, by_period, labels, {name: _matrix(W, order) for name, W in weights.items()})


def _ordered(table: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    missing = sorted(set(order) - set(table.index))
    if missing:
        raise EstimateError(f"{len(missing)} units have no row ({first_examples(missing)})",
                            "every unit in every table", "complete the tables of the panel floor")  # fmt: skip
    return table.loc[order]


def _with_level(period: pd.DataFrame, panel: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    table = _ordered(period, order)
    inside = panel["year"].between(int(table["start_year"].iloc[0]), int(table["end_year"].iloc[0]))
    return table.assign(**{LEVEL: panel[inside].groupby("unit")[LEVEL].mean().reindex(order)})


def _matrix(weights: SpatialWeights, order: list[str]) -> np.ndarray:
    missing = sorted(set(order) - set(weights.units))
    if missing:
        raise EstimateError(f"{len(missing)} units have no weights ({first_examples(missing)})",
                            "weights for every unit", "rebuild the weights")  # fmt: skip
    places = [weights.units.index(unit) for unit in order]
    return weights.matrix[np.ix_(places, places)]


@dataclass(frozen=True)
class Regression:
    """One specification as arrays; ``label_regressors`` makes its regressors from labels."""

    kept: np.ndarray  # (n,) positions of the sample's units
    y: np.ndarray  # (n,) outcome
    controls: np.ndarray  # (n, K) constant and controls
    c: np.ndarray  # (L,) weights over the label regressors


def regression(
    specification: Specification, curve: Curve, tables: SchemeTables, samples: Mapping[str, list[str]]
) -> Regression | str:
    """Make the arrays of a specification."""
    table = tables.periods.get(specification.period)
    if table is None:
        return f"the panel has no period {specification.period}"
    kept = np.flatnonzero([unit not in samples[specification.sample] for unit in tables.units])
    names = [f"control_{name}" for name in specification.controls]
    growth = specification.outcome.startswith("growth")
    wanted = table.iloc[kept][[specification.outcome, *([START] if growth else []), *names]]
    if wanted.isna().to_numpy().any():
        return f"{first_examples(list(wanted.columns[wanted.isna().any()]))} is not there in {specification.period}"
    values = wanted.to_numpy(float)
    controls = np.column_stack([np.ones(len(kept)), values[:, 1:]])
    c = np.array(curve.c if curve.kind == "own" else (0.0, 0.0, *curve.c))
    return Regression(kept, values[:, 0], controls, c)


def label_regressors(
    specification: Specification, curve: Curve, tables: SchemeTables, source: np.ndarray
) -> np.ndarray:
    """Make the regressors that come from labels, for many permutations at once; source (B, N) -> (B, N, L)."""
    labels: np.ndarray = tables.labels[specification.taxonomy, specification.period][source]
    if curve.kind == "own":
        return labels
    exposures: np.ndarray = tables.weights[specification.weights] @ labels
    if curve.kind == "exposure":
        return np.concatenate([labels, exposures], axis=2)
    start = tables.periods[specification.period][START].to_numpy(float)
    return np.concatenate([exposures, (start - start.mean())[:, None] * exposures], axis=2)


def read_samples(samples: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the units left out by sample."""
    return {name: list(units) for name, units in samples.items()}
