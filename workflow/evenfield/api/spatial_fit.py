"""A fit of a spatial panel: its effects, tests and bootstraps."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.arguments import finite, whole
from evenfield.api.data import reported
from evenfield.api.results import Fit, chosen, first_inference, t_rows
from evenfield.models.spatial_panel import (
    bootstrap_by_unit,
    bootstrap_by_year,
    bootstrap_names,
    effects,
    nested_models,
    random_effects_tests,
    regressed_residual_tests,
    residual_tests,
    specification_tests,
    widened_by,
)
from evenfield.models.speeds import implied_speed
from evenfield.numerics.spatial_panel.dynamic import DynamicFit
from evenfield.numerics.spatial_panel.dynamic_effects import dynamic_effects
from evenfield.numerics.spatial_panel.impacts import KINDS
from evenfield.numerics.spatial_panel.models import fit_spatial_panel
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.reach import reach
from evenfield.numerics.spatial_panel.selection import likelihood_ratio
from evenfield.study.errors import EstimateError

BY_T = "_t"  # behind the name of an inference: Student's t in place of the normal law
BY_UNIT_T = "unit_t"  # of the units that carry a coefficient


def widening(kind: str, n: int, parameters: int) -> float:
    """Return what an inference multiplies the errors of the likelihood by."""
    if not kind.endswith(BY_T) or kind == BY_UNIT_T:
        return 1.0
    return widened_by(n, parameters)


def _speeds_of_totals(effects: pd.DataFrame, years: float) -> pd.DataFrame:
    """Return the speed that each total effect implies, in so many years."""
    finite("years", years)
    if years <= 0:
        raise EstimateError(f"years={years!r}", "more than 0", "give years=20, say")
    totals = effects[effects["term"].str.startswith("total ")]
    lines = {}
    for effect in totals.itertuples():
        speed, bounds = implied_speed(effect, years)
        lines[str(effect.term)] = {
            "estimate": speed,
            "df": effect.df,
            "conf_low": bounds.low,
            "conf_high": bounds.high,
        }
    return pd.DataFrame.from_dict(lines, orient="index")


@dataclass(frozen=True, eq=False, repr=False)
class SpatialFit(Fit):
    """A spatial panel; ``raw`` is what the functions of ``evenfield`` on fits take, with
    ``panel`` beside it where they need one.
    """

    # of a static panel without random effects
    panel: BalancedPanel | None = None
    factors: int = 0  # common factors that are taken out

    @reported("impacts")
    def impacts(
        self,
        *,
        inference: str | None = None,
        draws: int = 0,
        seed: int = 0,
        years: float | None = None,
    ) -> Fit:
        """Return direct, indirect and total effects: parameters ``direct x``,
        ``indirect x``, ``total x``.

        Parameters
        ----------
        inference : str, optional
            Covariance of the parameters, as of ``spatial_panel`` and that of the fit by
            default; ``unit`` adds t with the effective units.
        draws, seed : int
            Draws of the parameters in place of the delta method; a dynamic panel always
            draws (2,000 by default).
        years : float, optional
            Of growth that is regressed on income at its start: ``tables["speed"]`` then
            has the speed of convergence, a share a year, that each total effect implies,
            with its interval (95 %) transformed; NaN where none does.
        """
        raw = self.raw
        dynamic = isinstance(raw, DynamicFit)
        if dynamic and inference is not None:
            raise EstimateError(
                f"inference={inference!r} of a dynamic panel, whose effects are drawn",
                "draws and a seed",
                "leave it out",
            )
        kind = inference or first_inference(self.rows(0.95))
        if kind == BY_UNIT_T:
            kind = "unit"
        if dynamic:
            kind = "draws"
        small = kind.endswith(BY_T)  # n - k degrees of freedom
        # A dynamic panel has no delta method here: its long-run effects are ratios.
        count = draws or 2000 * dynamic
        law = "t by unit" if kind == "unit" else "normal"
        if count:
            law = f"{count} draws"

        def rows(level: float) -> pd.DataFrame:
            rng = np.random.default_rng(seed)
            wide = widening(kind, self.nobs, self.n_params)
            ends = [""]
            df: Any = np.inf
            if dynamic:
                # At once, after five periods and in the long run.
                averages: Any = dynamic_effects(raw, (5,), rng, count, level)
                ends = [f", {horizon}" for horizon in averages.horizons]
            else:
                averages, _ = by_unit = effects(
                    raw,
                    kind.removesuffix(BY_T),
                    level,
                    rng=rng if count else None,
                    draws=count,
                    widening=wide,
                )
                df = by_unit.df.ravel()
            names = [
                f"{what} {name}{end}"
                for end, what, name in product(ends, KINDS, averages.regressors)
            ]
            std_error = averages.std_error.ravel()
            others: dict[str, Any] = {"law": law}
            for column in ("p_value", "conf_low", "conf_high"):
                values = getattr(averages, column, np.nan)
                others[column] = np.broadcast_to(
                    values, averages.estimate.shape
                ).ravel()
            if small and not count:
                df = self.nobs - self.n_params
                std_error = std_error * wide
                others = {}
            return t_rows(
                names,
                averages.estimate.ravel(),
                std_error,
                kind,
                df,
                **others,
            )(level)

        tables = {}
        if years is not None:
            tables["speed"] = _speeds_of_totals(rows(0.95), years)
        return Fit(
            f"Effects: {self.title}",
            rows,
            self.nobs,
            notes={"units": raw.network.n},
            tables=tables,
            raw=raw,
        )

    @reported("impacts")
    def reach(self, regressor: str) -> pd.DataFrame:
        """Return the matrix of effects of one regressor: row responds, column changes."""
        if isinstance(self.raw, DynamicFit):
            raise EstimateError("a dynamic panel", "a static one", "use impacts()")
        reached = reach(self.raw, regressor)
        return pd.DataFrame(reached.matrix, list(reached.units), list(reached.units))

    @reported("spatial-panel")
    def specification_tests(self) -> pd.DataFrame:
        """Return tests of the spatial terms and of the unit effects.

        Returns
        -------
        DataFrame
            ``statistic``, ``df``, ``p_value``, ``law``, by name. ``LM lag``, ``LM error``
            and their robust forms ask residuals of the model without spatial terms for
            one; a likelihood ratio holds the model itself against that one. Of an SDM
            likelihood ratios and Wald tests (by unit, too: errors that hang together
            over years) against the SAR and, with all regressors lagged, the SEM that it
            nests. ``Mundlak`` tests random unit effects where the model has them and its
            effects are two-way.

        Notes
        -----
        Anselin, Le Gallo and Jayet (2008); Debarsy and Ertur (2010); Elhorst (2014);
        Mundlak (1978); Debarsy (2012).
        """
        panel, fit = self._without_factors()
        form = fit.model
        fits = {form.model: fit}
        nested = nested_models(fit) if form.model == "SDM" else ()
        for name in ("OLS", *nested):
            narrow = replace(form, model=name)
            fits[name] = fit_spatial_panel(panel, fit.network, narrow)
        tests = specification_tests(panel, fits)
        if form.model != "OLS":
            tests.append(likelihood_ratio(fit, fits["OLS"]))
        tests += random_effects_tests(panel, fit)
        return _frame_of_tests(tests)

    @reported("spatial-panel")
    def residual_tests(
        self, *, draws: int = 999, seed: int = 0, regressed: bool = False
    ) -> pd.DataFrame:
        """Return what is left in the residuals: their ``autocorrelation`` with those of
        the date before, and ``Moran's I`` over all dates.

        Parameters
        ----------
        draws, seed : int
            Permutations in which units change places with their whole paths.
        regressed : bool
            Of a cross-section: each permutation is regressed again on the regressors
            and their lags, as the residuals were, so that it hangs together by its fit
            as they do; rho is taken as known. ``Moran's I`` alone.

        Returns
        -------
        DataFrame
            Columns as of ``specification_tests``; the autocorrelation is described and
            not tested.

        Raises
        ------
        EstimateError
            If ``regressed`` is asked of several dates, or of a spatial error.

        Notes
        -----
        Freedman and Lane (1983) for residuals that are regressed again.
        """
        whole("draws", draws, lowest=1)
        rng = np.random.default_rng(seed)
        if regressed:
            panel, fit = self._without_factors()
            return _frame_of_tests(regressed_residual_tests(panel, fit, rng, draws))
        fit = self._static()[1]
        return _frame_of_tests(residual_tests(fit, rng, draws))

    @reported("spatial-panel")
    def bootstrap(
        self,
        by: str = "unit",
        *,
        draws: int = 499,
        years: int | None = None,
        seed: int = 0,
    ) -> Fit:
        """Return the parameters and the effects (``direct x``, ``indirect x``, ``total
        x``) with a bootstrap.

        Parameters
        ----------
        by : str
            unit: the path of a unit's residuals keeps or turns its sign; errors are
            clustered by unit, intervals and p symmetric bootstrap-t. date: blocks of
            dates are drawn again; standard deviation and percentiles, without p.
        draws, years, seed : int
            Samples, dates that stay together in a block (5 by default), and the seed.

        Notes
        -----
        Cameron, Gelbach and Miller (2008), unrestricted; moving blocks of Kuensch (1989).
        """
        chosen("bootstrap", by, ["unit", "date"])
        whole("draws", draws, lowest=2)
        if years is not None and by == "unit":
            raise EstimateError(
                f"years={years!r} of a bootstrap by unit",
                "blocks of dates, to which they belong",
                "give by='date', or leave it out",
            )
        together = 5 if years is None else years
        whole("years", together, lowest=1)
        panel, fit = self._without_factors()

        def rows(level: float) -> pd.DataFrame:
            rng = np.random.default_rng(seed)
            if by == "unit":
                drawn = bootstrap_by_unit(panel, fit, rng, draws, level)
                inference = "wild bootstrap-t"
            else:
                drawn = bootstrap_by_year(panel, fit, rng, draws, level, together)
                inference = "blocks of dates"
            return t_rows(
                bootstrap_names(fit),
                drawn.estimate,
                drawn.std_error,
                inference,
                np.nan,
                statistic=drawn.statistic,
                p_value=drawn.p_value,
                conf_low=drawn.conf_low,
                conf_high=drawn.conf_high,
                law=f"{drawn.samples} samples",
            )(level)

        return Fit(
            f"Bootstrap: {self.title}",
            rows,
            self.nobs,
            notes={"units": fit.n_units},
            raw=fit,
        )

    def _static(self) -> tuple[BalancedPanel, Any]:
        """Return panel and fit of a static panel; another is refused."""
        if self.panel is None:
            raise EstimateError(
                self.title,
                "a static panel with fixed effects or none",
                "fit ef.spatial_panel with effects='two_way', for example",
            )
        return self.panel, self.raw

    def _without_factors(self) -> tuple[BalancedPanel, Any]:
        """Return panel and fit of a static panel; common factors are refused, which no
        model that is fitted beside it would take out.
        """
        if self.factors:
            raise EstimateError(
                self.title, "a model without common factors", "fit it with factors=0"
            )
        return self._static()


def _frame_of_tests(tests: Iterable[Any]) -> pd.DataFrame:
    """Return tests by name; one that cannot be says why in the place of its law."""
    lines = {}
    for test in tests:
        lines[test.name] = {
            "statistic": test.statistic,
            "df": test.df,
            "p_value": test.p_value,
            "law": f"none: {test.reason}" if test.reason else test.law,
        }
    return pd.DataFrame.from_dict(lines, orient="index")
