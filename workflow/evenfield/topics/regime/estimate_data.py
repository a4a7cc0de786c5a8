"""One cross-section of convergence by regime: growth, initial income, exposures and their interactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.influence import dependent_columns
from evenfield.study.errors import EstimateError, first_examples
from evenfield.topics.regime.estimate_spec import RegimeSpec

OUTCOME, START = "growth_pct_per_year", "log_income_start"
EXPOSURES = ("exposure_cluster", "exposure_sez")
OWN = ("own_cluster", "own_sez")
INITIAL = "initial_income"
INTERACTIONS = ("initial_x_exposure_cluster", "initial_x_exposure_sez")
FEWEST_TREATED = 4
ALIKE = 1e-12
TERCILES = (1 / 3, 2 / 3)


@dataclass(frozen=True)
class RegimeSection:
    """Growth and regressors of one period, sorted by unit."""

    period: Mapping[str, Any]  # entry of the study's description
    table: pd.DataFrame
    columns: tuple[str, ...]  # regressors, the constant first

    @property
    def name(self) -> str:
        """Name of the period."""
        return str(self.period["period"])

    @property
    def years(self) -> int:
        """Years between the end points."""
        return int(self.period["end"]) - int(self.period["start"])

    @property
    def X(self) -> np.ndarray:
        """Regressors, shape (N, K)."""
        return self.table.assign(constant=1.0)[list(self.columns)].to_numpy(float)

    @property
    def y(self) -> np.ndarray:
        """Growth in percent a year, shape (N,)."""
        return self.table[OUTCOME].to_numpy(float)

    @property
    def undefined(self) -> str:
        """Why the interactions are not defined; empty when they are."""
        X = self.X
        if X.shape[0] <= X.shape[1]:
            return f"{X.shape[0]} units for {X.shape[1]} coefficients"
        same = [name for name in self.columns[1:] if np.ptp(self.table[name].to_numpy(float)) < ALIKE]
        if same:
            return f"{first_examples(same)} is the same in all {len(X)} units"
        if np.ptp(self.y) < ALIKE:
            return f"growth is the same in all {len(X)} units"
        alike = [self.columns[j] for j in dependent_columns(X)]
        return f"{first_examples(alike, 6)} cannot be told apart" if alike else ""

    def exposed(self, exposure: str) -> int:
        """Count the units with some exposure."""
        return int((self.table[exposure] > 0).sum())


def regime_sections(
    periods: pd.DataFrame,
    exposures: pd.DataFrame,
    described: Sequence[Mapping[str, Any]],
    units: Sequence[str],
    spec: RegimeSpec,
) -> list[RegimeSection]:
    """Make the cross-sections of one specification."""
    mine = exposures[(exposures["weights"] == spec.weights) & (exposures["taxonomy"] == spec.taxonomy)]
    ordered = sorted(described, key=lambda item: (item["start"], item["end"], str(item["period"])))
    own = OWN if spec.own == "added" else ()
    columns = ("constant", *own, INITIAL, *EXPOSURES, *INTERACTIONS)
    return [RegimeSection(item, _joined(periods, mine, item, sorted(units), spec), columns) for item in ordered]


def _joined(
    periods: pd.DataFrame, exposures: pd.DataFrame, item: Mapping[str, Any], names: list[str], spec: RegimeSpec
) -> pd.DataFrame:
    where = f"estimates.regime.{spec.id} {item['period']}"
    left = _once(periods[periods["period"] == item["period"]], where)[[OUTCOME, START]]
    right = _once(exposures[exposures["period"] == item["period"]], where)[[*OWN, *EXPOSURES]]
    table = left.join(right, how="outer").reindex(names).astype(float)
    blank = [str(unit) for unit in table.index[~np.isfinite(table.to_numpy()).all(axis=1)]]
    if blank:
        raise EstimateError(f"{where}: {len(blank)} units have no growth, income or exposure ({first_examples(blank)})",
                            "all three for every unit", "rebuild panel and exposures for the same units")  # fmt: skip
    table[INITIAL] = table[START] - table[START].mean()
    for interaction, exposure in zip(INTERACTIONS, EXPOSURES, strict=True):
        table[interaction] = table[INITIAL] * table[exposure]
    return table


def _once(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    twice = sorted(frame.loc[frame["unit"].duplicated(), "unit"].unique())
    if twice:
        raise EstimateError(f"{where}: {len(twice)} units have two rows ({first_examples(twice)})",
                            "one row for each unit and period", "remove the duplicates")  # fmt: skip
    return frame.set_index("unit")


def terciles(values: np.ndarray) -> np.ndarray:
    """Sort units into thirds by their exposure; equal exposures stay together; values (N,) -> (N,)."""
    cuts = np.quantile(values, TERCILES)
    smallest = values.min()
    # ASSUME: when a third or more of the units have no exposure, terciles are unexposed, less and more exposed.
    if cuts[0] <= smallest + ALIKE and (values > smallest + ALIKE).any():
        cuts = np.array([smallest, np.median(values[values > smallest + ALIKE])])
    return np.asarray(1 + (values[:, None] > cuts[None, :] + ALIKE).sum(axis=1))


def income_support(section: RegimeSection, exposure: str) -> pd.DataFrame:
    """Describe initial income within the thirds of an exposure."""
    table = section.table.assign(tercile=terciles(section.table[exposure].to_numpy(float)))
    grouped = table.groupby("tercile")
    return pd.DataFrame({
        "units": grouped.size(), "exposure_low": grouped[exposure].min(), "exposure_high": grouped[exposure].max(),
        "income_low": grouped[INITIAL].min(), "income_mean": grouped[INITIAL].mean(),
        "income_high": grouped[INITIAL].max(),
    }).reset_index()  # fmt: skip


def common_support(support: pd.DataFrame, initial: np.ndarray) -> tuple[float, float, float]:
    """Return the stretch of initial income that all thirds share, and the share of units inside; initial (N,)."""
    low, high = float(support["income_low"].max()), float(support["income_high"].min())
    if low > high:
        return float("nan"), float("nan"), 0.0
    return low, high, float(((initial >= low) & (initial <= high)).mean())
