"""Synthetic control: one unit under a policy against a weighted average of units without
it, with ranks among what the same gives for these units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from evenfield.models.rows import Row
from evenfield.numerics.arrays import Array, order_by_value
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.synthetic_control import (
    conformal_p,
    penalised,
    rank_interval,
    rank_p,
    simplex_least_squares,
)

FEWEST_DATES = 5  # of the fit
FEWEST_DONORS = 3
# ASSUME: of weights that fit equally well the most even ones are taken, so that there
# is one answer; with this share of the mean squared distance of the donors the weights
# differ from those without penalty in the fourth decimal.
RIDGE = 1e-6
# ASSUME: a fit is poor when the error before the date is among the largest tenth of the
# placebos.
POOR = 0.1
SHOWN = 1e-6  # smaller weights are not listed


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A unit and its synthetic control at all dates."""

    unit: str
    donors: tuple[str, ...]
    weights: Array  # (J,)
    actual: Array  # (T,)
    gaps: Array  # (T,)
    before: np.ndarray  # (T,) whether a date belongs to the fit
    after: np.ndarray  # (T,) whether a date belongs to the effect

    @property
    def used(self) -> dict[str, float]:
        """The donors with a weight that is listed."""
        weights = zip(self.donors, self.weights.tolist(), strict=True)
        return {unit: weight for unit, weight in weights if weight > SHOWN}

    @property
    def rmspe(self) -> float:
        """Root mean squared gap at the dates of the fit."""
        return float(np.sqrt((self.gaps[self.before] ** 2).mean()))

    @property
    def rmspe_after(self) -> float:
        """Root mean squared gap at the dates of the effect."""
        return float(np.sqrt((self.gaps[self.after] ** 2).mean()))

    @property
    def ratio(self) -> float:
        """Root mean squared gap after the date over that before; infinite where the fit
        is exact, and zero where what comes after it is, too.
        """
        if self.rmspe > 0:
            return self.rmspe_after / self.rmspe
        return np.inf if self.rmspe_after > 0 else 0.0

    @property
    def mean(self) -> float:
        """Mean gap after the date."""
        return float(self.gaps[self.after].mean())


@dataclass(frozen=True, kw_only=True)
class SyntheticControl:
    """A treated unit and its donors, each of which is followed by others in turn."""

    y: Array  # (N, T) units by their values, so that names change no digit
    units: tuple[str, ...]  # (N,) the treated unit among them
    treated: str
    before: np.ndarray  # (T,) whether a date belongs to the fit
    after: np.ndarray  # (T,) whether a date belongs to the effect
    demeaned: bool  # whether paths are taken less their own mean over the fit

    @cached_property
    def donors(self) -> tuple[str, ...]:
        """All units but the treated one."""
        return self._others(self.treated)

    @cached_property
    def main(self) -> Followed:
        """The treated unit against its donors."""
        return self._followed(self.treated, self.donors)

    @cached_property
    def placebos(self) -> list[Followed]:
        """Each donor against the other donors."""
        return [
            self._followed(unit, self._others(unit, self.treated))
            for unit in self.donors
        ]

    @property
    def worse(self) -> int:
        """Donors that are followed no better before the date than the treated unit is."""
        return sum(placebo.rmspe >= self.main.rmspe for placebo in self.placebos)

    @property
    def poor(self) -> bool:
        """Whether fewer than a tenth of the donors are followed worse than the unit."""
        return self.worse < POOR * len(self.placebos)

    @cached_property
    def left_out(self) -> dict[str, float]:
        """The mean gap without each donor that carries weight."""
        means = {}
        for donor in self.main.used:
            without = self._others(self.treated, donor)
            means[donor] = self._followed(self.treated, without).mean
        return means

    def at_placebo(self, date: int) -> SyntheticControl:
        """Return the same with an effect from a date of the fit to its last one, by
        position; nothing after it shapes the weights.
        """
        later = np.arange(len(self.before)) >= date
        return replace(self, before=self.before & ~later, after=self.before & later)

    def rows(self, level: float) -> list[Row]:
        """Return the mean gap tested by ranks of gaps, by ranks of ratios, and by
        residuals moved over time.
        """
        main = self.main
        # A gap counts against how well the unit was followed before (Abadie, Diamond and
        # Hainmueller 2010).
        ratios = np.array([placebo.ratio for placebo in self.placebos])
        by_ratio = Tested(
            estimate=main.mean,
            statistic=main.ratio,
            p_value=rank_p(main.ratio, ratios),
            se_type="none: ranks",
            p_type=f"rank of post over pre RMSPE among {len(self.units)} units",
            law=f"{len(self.units)} units",
        )
        conformal = Tested(
            estimate=main.mean,
            p_value=self._conformal(),
            se_type="none: conformal",
            p_type=f"conformal, moving blocks, {len(self.after)} shifts",
            law=f"{len(self.after)} shifts",
        )
        return [
            self.ranked(level),
            Row("gap", by_ratio, "ratio"),
            Row("gap", conformal, "conformal"),
        ]

    def ranked(self, level: float) -> Row:
        """Return the mean gap with its rank among those of donors, and the interval of
        that test, which is infinite with too few of them.
        """
        mean = self.main.mean
        means = np.array([placebo.mean for placebo in self.placebos])
        low, high = rank_interval(mean, means, level)
        test = Tested(
            estimate=mean,
            statistic=mean,
            p_value=rank_p(abs(mean), np.abs(means)),
            conf_low=low,
            conf_high=high,
            se_type="none: ranks",
            p_type=f"rank of the absolute mean gap among {len(self.units)} units",
            law=f"{len(self.units)} units",
        )
        return Row("gap", test, "ranks")

    def _conformal(self) -> float:
        """Return the conformal p-value of no effect: the weights are fitted to all
        dates, as the null allows (Chernozhukov, Wuthrich and Zhu 2021).
        """
        paths = self._paths((self.treated, *self.donors))
        every_date = np.ones(len(paths), dtype=bool)
        _, residuals = weights_and_gaps(
            paths[:, 0], paths[:, 1:], every_date, self.demeaned
        )
        return conformal_p(residuals, self.after)

    def _others(self, *without: str) -> tuple[str, ...]:
        return tuple(unit for unit in self.units if unit not in without)

    def _paths(self, units: Sequence[str]) -> Array:
        """Return the paths of some units as columns; shape (T, J)."""
        return self.y[[self.units.index(unit) for unit in units]].T

    def _followed(self, unit: str, donors: tuple[str, ...]) -> Followed:
        """Fit a unit by donors over the dates before the effect."""
        paths = self._paths((unit, *donors))
        try:
            weights, gaps = weights_and_gaps(
                paths[:, 0], paths[:, 1:], self.before, self.demeaned
            )
        except NumericsError as error:
            raise NumericsError(f"{unit}: {error}") from error
        return Followed(
            unit=unit,
            donors=donors,
            weights=weights,
            actual=paths[:, 0],
            gaps=gaps,
            before=self.before,
            after=self.after,
        )


def synthetic_control(
    y: Array,
    units: Sequence[str],
    treated: str,
    *,
    fit_dates: int,
    since: int,
    demeaned: bool,
) -> SyntheticControl:
    """Follow a unit by a weighted average of others over the first dates, and compare
    both from a date on.

    Parameters
    ----------
    y : (N, T)
        Finite values at the dates of fit and effect, and of none between them.
    units, treated : ids, (N,), and one of them; all others are donors
    fit_dates : number of dates that the weights are fitted to, the first ones
    since : position of the first date of the effect, behind them
    demeaned : whether paths are taken less their own mean over the fit

    Notes
    -----
    min_w sum_t (y_1t - sum_j w_j y_jt)^2, w_j >= 0, sum_j w_j = 1 over the dates of the
    fit (Abadie, Diamond and Hainmueller 2010); demeaned paths leave a constant gap free
    (Ferman and Pinto 2021). Intervals are those of Firpo and Possebom (2018).
    """
    order = order_by_value(y)
    positions = np.arange(y.shape[1])
    return SyntheticControl(
        y=y[order],
        units=tuple(units[i] for i in order),
        treated=treated,
        before=positions < fit_dates,
        after=positions >= since,
        demeaned=demeaned,
    )


def weights_and_gaps(
    y: Array, D: Array, before: np.ndarray, demeaned: bool
) -> tuple[Array, Array]:
    """Return the weights of the donors and the gaps at all dates; y (T,), D (T, J),
    before (T,) -> (J,), (T,).
    """
    if demeaned:
        # Means over the dates of the fit alone: a mean over all would hold the effect.
        y = y - y[before].mean()
        D = D - D[before].mean(axis=0)
    A, b = penalised(y[before], D[before], RIDGE)
    weights = simplex_least_squares(A, b)
    return weights, y - D @ weights
