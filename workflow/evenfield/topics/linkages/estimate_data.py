"""The balanced panel of a linkage regression: outcome, intensity, neighbours' intensity, moderator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.linkages.estimate_spec import LinkageSpec, Measure

OWN, NEIGHBOURS = "own", "neighbours"
OWN_X, NEIGHBOURS_X = "own_x_moderator", "neighbours_x_moderator"
OWN_RIVAL, NEIGHBOURS_RIVAL = "own_x_rival", "neighbours_x_rival"
TERMS = (OWN, NEIGHBOURS, OWN_X, NEIGHBOURS_X)
RIVAL_TERMS = (OWN_RIVAL, NEIGHBOURS_RIVAL)


@dataclass(frozen=True)
class LinkagePanel:
    """Arrays of one specification, units sorted by id and years in order."""

    units: tuple[str, ...]  # N units
    years: tuple[int, ...]  # T years
    y: np.ndarray  # (N, T) outcome; intensity in deviation from the year's mean; neighbours' average of it
    F: np.ndarray
    WF: np.ndarray
    L: np.ndarray  # (N,) moderator, mean zero and standard deviation one across units
    raw: np.ndarray  # (N,) moderator as it is
    rival: np.ndarray | None = None  # (N,) second moderator, standardised
    trends: bool = False  # whether L by year dummies enter

    @property
    def members(self) -> np.ndarray:
        """Unit of each row of the regression, shape (N T,)."""
        return np.repeat(np.asarray(self.units), len(self.years))

    @property
    def dates(self) -> np.ndarray:
        """Year of each row of the regression, shape (N T,)."""
        return np.tile(np.asarray(self.years), len(self.units))

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coefficients that are reported; they come first among the regressors."""
        return TERMS if self.rival is None else (*TERMS, *RIVAL_TERMS)

    def contrast(self, weights: Mapping[str, float], width: int) -> np.ndarray:
        """Return c, shape (K,), for a combination of terms."""
        c = np.zeros(width)
        for term, weight in weights.items():
            c[self.terms.index(term)] = weight
        return c


def linkage_panel(panel: pd.DataFrame, doses: pd.DataFrame, weights: SpatialWeights, spec: LinkageSpec) -> LinkagePanel:
    """Build the panel of one specification."""
    units = sorted(panel["unit"].unique())
    years = list(range(spec.years[0], spec.years[1] + 1))
    W = weights.aligned(units)
    y = _grid(panel, spec.outcome, units, years, spec.id)
    F = _intensity(panel, doses, spec.intensity, units, years, spec.id)
    # ASSUME: intensity in deviation from the mean of the year, so that the exchange rate, common to all units, drops
    # out of the interaction as it drops out of the main terms.
    F = F - F.mean(axis=0)
    raw = moderator_values(panel, spec.moderator, units)
    rival = None if spec.rival is None else standardised(moderator_values(panel, spec.rival, units), spec.rival.name)
    return LinkagePanel(tuple(units), tuple(years), y, F, W @ F, standardised(raw, spec.moderator.name), raw, rival,
                        spec.trends == "moderator")  # fmt: skip


def _grid(panel: pd.DataFrame, column: str, units: list[str], years: list[int], where: str) -> np.ndarray:
    if column not in panel:
        raise EstimateError(f"the panel has no column {column} (linkage specification {where})",
                            "a column of panel.csv", "correct the name in config.yaml")  # fmt: skip
    wide = panel.pivot(index="unit", columns="year", values=column).reindex(index=units, columns=years)
    gaps = np.argwhere(wide.isna().to_numpy())
    blank = [f"{units[i]} {years[t]}" for i, t in gaps]
    if blank:
        raise EstimateError(f"{len(blank)} values of {column} are missing in {years[0]}-{years[-1]} "
                            f"({first_examples(blank)}; linkage specification {where})",
                            "a value for every unit and year", "choose other years in config.yaml")  # fmt: skip
    return wide.to_numpy(float)


def _intensity(
    panel: pd.DataFrame, doses: pd.DataFrame, measure: Measure, units: list[str], years: list[int], where: str
) -> np.ndarray:
    if measure.kind in {"zones", "zones_dated"}:
        mine = doses[doses["zone_type"].eq(measure.columns[0])]
        if mine.empty:
            raise EstimateError(f"no zones of type {measure.columns[0]} (linkage specification {where})",
                                "a type in doses.csv", "correct zone_type in config.yaml")  # fmt: skip
        # ASSUME: the dose is ln(1 + zones in force): the first zone of a unit weighs more than the tenth.
        return np.asarray(np.log1p(_grid(mine, measure.kind, units, years, where)))
    parts = [_grid(panel, column, units, years, where) for column in measure.columns]
    if min(part.min() for part in parts) <= 0:
        raise EstimateError(f"{measure.name} has a value of zero or less (linkage specification {where})",
                            "positive values for logarithms", "choose another intensity in config.yaml")  # fmt: skip
    logs = [np.log(part) for part in parts]
    return np.asarray(logs[0] if measure.kind == "log" else logs[0] - logs[1])


def moderator_values(panel: pd.DataFrame, measure: Measure, units: list[str]) -> np.ndarray:
    """Return a moderator: the mean of the values available within its years; shape (N,)."""
    unknown = [column for column in measure.columns if column not in panel]
    if unknown:
        raise EstimateError(f"the panel has no column {unknown[0]} (moderator {measure.name})",
                            "a column of panel.csv", "correct the name in config.yaml")  # fmt: skip
    inside = panel[panel["year"].between(*measure.years)]
    values = inside[measure.columns[0]]
    if measure.kind == "ratio":
        values = values / inside[measure.columns[1]]
    # ASSUME: a unit without all years of the moderator takes the mean of those it has.
    means = values.groupby(inside["unit"]).mean().reindex(units)
    blank = [str(unit) for unit in means.index[means.isna()]]
    if blank:
        raise EstimateError(f"{len(blank)} units have no {measure.name} in {measure.years[0]}-{measure.years[1]} "
                            f"({first_examples(blank)})", "a value of the moderator for every unit",
                            "choose other years in config.yaml")  # fmt: skip
    return means.to_numpy(float)


def standardised(values: np.ndarray, name: str) -> np.ndarray:
    """Return values with mean zero and standard deviation one (ddof 1); values (N,) -> (N,)."""
    spread = float(np.std(values, ddof=1))
    if not spread > 0:
        raise EstimateError(f"the moderator {name} is {values[0]:g} for all {len(values)} units",
                            "a moderator that varies", "choose another moderator in config.yaml")  # fmt: skip
    return np.asarray((values - values.mean()) / spread)


def change_before(panel: pd.DataFrame, outcome: str, years: tuple[int, int], units: tuple[str, ...]) -> np.ndarray:
    """Return the change of the outcome over years before the sample; shape (N,)."""
    ends = _grid(panel, outcome, list(units), list(years), "placebo")
    return np.asarray(ends[:, 1] - ends[:, 0])
