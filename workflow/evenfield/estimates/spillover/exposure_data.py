"""One cross-section of the exposure regression: its specification, its regressors and why it may not be defined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.contracts.errors import EstimateError, first_examples
from evenfield.numerics.influence import dependent_columns

OWN = ("own_cluster", "own_sez")
EXPOSURES = ("exposure_cluster", "exposure_sez")
START = "log_income_start"
OUTCOME = "growth_pct_per_year"
ALL, OUTSIDERS = "all", "outsiders"
FEWEST_TREATED = 4


@dataclass(frozen=True, slots=True)
class ExposureSpec:
    """One specification of the exposure regression.

    Attributes
    ----------
    id, taxonomy, weights, role : str
        As in ``estimates.exposure`` of the config.
    """

    id: str
    taxonomy: str
    weights: str
    role: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What all specifications share.

    Attributes
    ----------
    level, power : float
        Level of the intervals and power of the minimum detectable effects.
    sesoi_own, sesoi_exposure : float
        Smallest effects of interest, pp/yr, for own coefficients and for exposure coefficients (exposure 0 to 1).
    """

    level: float
    power: float
    sesoi_own: float
    sesoi_exposure: float


def parse_exposure_specs(items: list[Mapping[str, Any]]) -> list[ExposureSpec]:
    """Read the specifications from the config.

    Parameters
    ----------
    items : list of mapping
        ``estimates.exposure`` of the config.

    Returns
    -------
    list of ExposureSpec
    """
    return [ExposureSpec(item["id"], item["taxonomy"], item["weights"], item.get("role", "robustness"))
            for item in items]  # fmt: skip


def parse_settings(sesoi: Mapping[str, float], inference: Mapping[str, Any], power: float) -> Settings:
    """Read what all specifications share from the config.

    Parameters
    ----------
    sesoi, inference : mapping
        ``sesoi`` and ``inference`` of the config.
    power : float
        ``estimates.design.power`` of the config.

    Returns
    -------
    Settings
    """
    return Settings(inference["conf_level"], power, sesoi["growth_premium_pp"], sesoi["spillover_difference_pp"])


@dataclass(frozen=True, slots=True)
class Contrast:
    """A coefficient or the difference of two.

    Attributes
    ----------
    term, minus : str
        The coefficient, and the one subtracted from it (empty for none).
    """

    term: str
    minus: str = ""

    @property
    def name(self) -> str:
        """Name of the difference, empty for a single coefficient."""
        return f"{self.term} - {self.minus}" if self.minus else ""

    def weights(self, columns: tuple[str, ...]) -> np.ndarray:
        """Return c, shape (K,).

        Parameters
        ----------
        columns : tuple of str
            Names of the regressors.

        Returns
        -------
        ndarray
        """
        return np.array([float(name == self.term) - float(name == self.minus) for name in columns])


@dataclass(frozen=True)
class CrossSection:
    """Growth and regressors of one sample in one period, sorted by unit.

    Attributes
    ----------
    sample : str
        ``all`` or ``outsiders``.
    period : dict
        Entry of the study's description: ``period``, ``label``, ``start``, ``end``, ``role``, ``basis``.
    table : DataFrame, indexed by unit
        Growth, starting income, own and exposure columns.
    columns : tuple of str
        Regressors, the constant first.
    members : tuple of int
        Positions of the units among all sorted units.
    """

    sample: str
    period: Mapping[str, Any]
    table: pd.DataFrame
    columns: tuple[str, ...]
    members: tuple[int, ...]

    @property
    def X(self) -> np.ndarray:
        """Regressors, shape (N, K)."""
        return self.table.assign(constant=1.0)[list(self.columns)].to_numpy(float)

    @property
    def y(self) -> np.ndarray:
        """Growth in percent a year, shape (N,)."""
        return self.table[OUTCOME].to_numpy(float)

    @property
    def contrasts(self) -> list[Contrast]:
        """The coefficients and differences that are reported."""
        own = [Contrast(OWN[0]), Contrast(OWN[1]), Contrast(*OWN)] if self.sample == ALL else []
        return [*own, Contrast(EXPOSURES[0]), Contrast(EXPOSURES[1]), Contrast(*EXPOSURES)]

    @property
    def undefined(self) -> str:
        """Why the coefficients are not defined; empty when they are."""
        X = self.X
        if X.shape[0] <= X.shape[1]:
            return f"not defined: {X.shape[0]} units for {X.shape[1]} coefficients"
        constant = [name for name in self.columns[1:] if np.ptp(self.table[name].to_numpy(float)) < 1e-12]
        if constant:
            shown = ", ".join(f"{name} is {self.table[name].iloc[0]:g}" for name in constant)
            return f"not defined: {shown} for all {len(X)} units"
        alike = [self.columns[j] for j in dependent_columns(X)]
        return f"not defined: {', '.join(alike)} cannot be told apart" if alike else ""

    def treated(self, contrast: Contrast) -> int:
        """Count the units behind a contrast: ones of a binary, positive exposures; the smaller of two.

        Parameters
        ----------
        contrast : Contrast
            Which.

        Returns
        -------
        int
        """
        names = [name for name in (contrast.term, contrast.minus) if name]
        return min(int((self.table[name] > 0).sum()) for name in names)

    def too_few(self, contrast: Contrast) -> bool:
        """Tell whether fewer than four units carry, or fewer than four lack, an own regime.

        Parameters
        ----------
        contrast : Contrast
            Which.

        Returns
        -------
        bool
        """
        if contrast.term not in OWN:
            return False
        names = [name for name in (contrast.term, contrast.minus) if name]
        counts = [int((self.table[name] > 0).sum()) for name in names]
        return min(min(n, len(self.table) - n) for n in counts) < FEWEST_TREATED


def cross_sections(
    periods: pd.DataFrame,
    exposures: pd.DataFrame,
    described: list[Mapping[str, Any]],
    units: list[str],
    spec: ExposureSpec,
) -> list[CrossSection]:
    """Make the cross-sections of one specification: every period, all units and outsiders.

    Parameters
    ----------
    periods : DataFrame
        ``unit``, ``period``, ``growth_pct_per_year``, ``log_income_start``.
    exposures : DataFrame
        ``weights``, ``taxonomy``, ``period``, ``unit``, ``own_*``, ``exposure_*``.
    described : list of mapping
        ``periods`` of the study's description.
    units : list of str
        All units of the scheme, in any order.
    spec : ExposureSpec
        Which taxonomy and weights.

    Returns
    -------
    list of CrossSection

    Raises
    ------
    EstimateError
        If growth or exposure of a unit is missing.
    """
    names = sorted(units)
    mine = exposures[(exposures["weights"] == spec.weights) & (exposures["taxonomy"] == spec.taxonomy)]
    out = []
    for period in described:
        table = _joined(periods, mine, str(period["period"]), names, spec)
        outside = ~table[list(OWN)].any(axis=1).to_numpy()
        out += [
            CrossSection(ALL, period, table, ("constant", *OWN, *EXPOSURES, START), tuple(range(len(names)))),
            CrossSection(OUTSIDERS, period, table[outside], ("constant", *EXPOSURES, START),
                         tuple(np.flatnonzero(outside).tolist())),
        ]  # fmt: skip
    return out


def _joined(
    periods: pd.DataFrame, exposures: pd.DataFrame, period: str, names: list[str], spec: ExposureSpec
) -> pd.DataFrame:
    left = periods[periods["period"] == period].set_index("unit")[[OUTCOME, START]]
    right = exposures[exposures["period"] == period].set_index("unit")[[*OWN, *EXPOSURES]]
    table = left.join(right, how="outer").reindex(names).astype(float)
    blank = [str(unit) for unit in table.index[table.isna().any(axis=1)]]
    if blank:
        raise EstimateError(f"{len(blank)} units have no growth or no exposure in {period} (taxonomy "
                            f"{spec.taxonomy}, weights {spec.weights}: {first_examples(blank)})",
                            "growth and exposure of every unit",
                            "rebuild panel and exposures for the same units")  # fmt: skip
    return table
