"""Synthetic control: units that became zones at a known date against weighted averages
of units without zones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import model_validator

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.synthetic_control import (
    conformal_p,
    penalised,
    rank_interval,
    rank_p,
    simplex_least_squares,
)
from evenfield.shared.estimates import finite_or_nan
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.samples import basis_warning, joined
from evenfield.shared.settings import SchemeInfo, check_names, scheme_info
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.trajectories import Trajectories, trajectories
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.study import Study
from evenfield.study.study_config import SPARED, HypothesisName, Year, Years

BASE = "synthetic_control"
FEWEST_YEARS = 5
FEWEST_DONORS = 3
# ASSUME: of weights that fit equally well the most even ones are taken, so that there
# is one answer; with this share of the mean squared distance of the donors the weights
# differ from those without penalty in the fourth decimal.
RIDGE = 1e-6
# ASSUME: a fit is poor when the error before the date is among the largest tenth of the
# placebos.
POOR = 0.1
SHOWN = 1e-6  # smaller weights are not listed
UNITS = {
    "log_income": "log points",
    "relative_log_income": "log points",
    "income": "units of income",
}
# Estimator and effect type of each row of a case.
ROWS = {
    "gap": (BASE, "coef"),
    "ratio": (f"{BASE}_ratio", "coef"),
    "conformal": (f"{BASE}_conformal", "coef"),
    "in_time": (f"{BASE}_in_time", "coef"),
    "end": (BASE, "stat_end"),
    "pre_rmspe": (BASE, "stat_pre_rmspe"),
    "low": ("leave_one_out", "stat_low"),
    "high": ("leave_one_out", "stat_high"),
}
SUMMARY = {
    "equation": (
        "min_w sum_t (y_1t - sum_j w_j y_jt)^2 over the years of the fit, w on the"
        " simplex"
    ),
    "rank": (
        "absolute mean gap among the treated unit and all donors, each against the"
        " other donors"
    ),
    "ratio": "the same ranks of post over pre RMSPE",
    "conformal": (
        "moving blocks: cyclic shifts of the residuals of the fit to all years"
        " under the null"
    ),
    "interval": "constant effects that the rank test does not reject",
    "ridge": RIDGE,
}


class ControlSpec(UnitsSpec):
    """One treated unit, its date and its donors."""

    unit: str
    """The treated unit."""
    fit: Years
    """First and last year of the fit, before the date."""
    effect: Years
    """First and last year after the date, itself included."""
    placebo: Annotated[Year | None, SPARED] = None
    """An earlier date as a placebo in time; none by default."""
    outcome: str = "log_income"
    """Outcome, an expression of columns of panel.csv."""
    demeaned: bool = True
    """Whether paths are taken less their own mean over the years of the fit."""
    zones: str = "sez_seed"
    """Zone type; a unit that ever holds such a zone is no donor."""
    exclude: tuple[str, ...] = ()
    """Further units that are no donors."""
    hypothesis: HypothesisName = ""
    """Hypothesis that the specification belongs to."""

    @model_validator(mode="after")
    def _dates(self) -> ControlSpec:
        first, last = self.fit
        since, until = self.effect
        if not first <= last < since <= until:
            fault = (
                f"{self.id} fits {first}-{last} and takes the effect in {since}-{until}"
            )
            raise ValueError(f"{fault}; the fit ends before the effect begins")
        start = since
        if self.placebo is not None:
            if not first < self.placebo <= last:
                raise ValueError(
                    f"the placebo date {self.placebo} of {self.id} lies outside"
                    f" {first + 1}-{last}"
                )
            start = min(since, self.placebo)
        # The shorter of both fits counts: a placebo date ends its fit earlier.
        years = min(start, last + 1) - first
        if years < FEWEST_YEARS:
            raise ValueError(
                f"{self.id} has {years} years to fit; {FEWEST_YEARS} are needed"
            )
        return self


Section = list[ControlSpec]


def check_data(study: Study, _: Section, spec: ControlSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    _Case.of(study, spec)


def estimate(study: Study) -> Results:
    """Estimate every case: the gap to the synthetic control, its rank among placebos, a
    conformal p, who carries it.

    Notes
    -----
    min_w sum_t (y_1t - sum_j w_j y_jt)^2, w_j >= 0, sum_j w_j = 1 over the years of the
    fit (Abadie, Diamond and Hainmueller 2010); demeaned paths leave a constant gap free
    (Ferman and Pinto 2021).
    """
    out = Results()
    series = []
    weights = []
    for spec in read(Section, study.config, "synthetic_control"):
        case = _Case.of(study, spec)
        case.add_rows(out)
        series += [case.path(fit) for fit in (case.main, *case.placebos)]
        for unit, weight in case.main.used.items():
            weights.append(
                {
                    "spec_id": spec.id,
                    "unit": unit,
                    "weight": weight,
                }
            )
    by_unit = ["spec_id", "kind", "unit", "year"]
    out.series = {
        "series": pd.concat(series).sort_values(by_unit, ignore_index=True),
        "weights": pd.DataFrame(weights).sort_values(
            ["spec_id", "unit"], ignore_index=True
        ),
    }
    out.fit = {**SUMMARY, "conf_level": study.config.inference.level}
    return out


@dataclass(frozen=True)
class _Fit:
    """A unit and its synthetic control over all years of a case."""

    unit: str
    donors: tuple[str, ...]
    weights: Array  # (J,)
    actual: Array  # (T,)
    gaps: Array  # (T,)
    before: np.ndarray  # (T,) whether a year belongs to the fit
    after: np.ndarray  # (T,) whether a year belongs to the effect

    @property
    def used(self) -> dict[str, float]:
        """The donors with a weight that is listed."""
        weights = zip(self.donors, self.weights, strict=True)
        return {unit: weight for unit, weight in weights if weight > SHOWN}

    @property
    def rmspe(self) -> float:
        """Root mean squared gap in the years of the fit."""
        return float(np.sqrt((self.gaps[self.before] ** 2).mean()))

    @property
    def ratio(self) -> float:
        """Root mean squared gap after the date over that before."""
        return float(np.sqrt((self.gaps[self.after] ** 2).mean())) / self.rmspe

    @property
    def mean(self) -> float:
        """Mean gap after the date."""
        return float(self.gaps[self.after].mean())


@dataclass(frozen=True)
class _Case:
    """The paths of one specification and its fits."""

    spec: ControlSpec
    info: SchemeInfo
    data: Trajectories  # treated unit and donors
    level: float

    @classmethod
    def of(cls, study: Study, spec: ControlSpec) -> _Case:
        """Read the paths of the treated unit and its donors, or say what is wrong with
        the specification.
        """
        where = f"synthetic control {spec.id}"
        info = scheme_info(study.description(spec.unit_scheme))
        units = info.samples[spec.sample]
        check_names([spec.unit, *spec.exclude], units, where)
        panel = study.table("panel", spec.unit_scheme)
        known = sorted(panel["year"].unique())
        wanted = list(range(spec.fit[0], spec.effect[1] + 1, info.step))
        absent = [str(year) for year in wanted if year not in known]
        if absent:
            raise EstimateError(
                f"{where}: {len(absent)} of its years are not in the panel"
                f" ({first_examples(absent)})",
                f"years in {known[0]}-{known[-1]}",
                "correct `fit` or `effect`",
            )
        doses = study.table("doses", spec.unit_scheme)
        check_names([spec.zones], doses["zone_type"].unique(), f"{where}: `zones`")
        held = doses[doses["zone_type"].eq(spec.zones) & doses["zones"].gt(0)]["unit"]
        # ASSUME: a unit that ever holds such a zone, however late, is no donor: no
        # comparison changes with the date.
        treated_ever = {*held, *spec.exclude} - {spec.unit}
        units_used = [unit for unit in units if unit not in treated_ever]
        # The treated unit is among these, so that an equal number is one donor short.
        if len(units_used) <= FEWEST_DONORS:
            raise EstimateError(
                f"{where} has {len(units_used) - 1} donors",
                f"{FEWEST_DONORS} at least",
                "exclude fewer units",
            )
        data = trajectories(panel, spec.outcome, units_used, where, wanted)
        return cls(spec, info, data, study.config.inference.level)

    @property
    def donors(self) -> list[str]:
        """The donors, in an order that does not depend on names."""
        return [unit for unit in self.data.units if unit != self.spec.unit]

    @cached_property
    def main(self) -> _Fit:
        """The treated unit against its donors."""
        return self.fitted(self.spec.unit, self.donors)

    @cached_property
    def placebos(self) -> list[_Fit]:
        """Each donor against the other donors."""
        return self.in_space(self.spec.effect)

    def in_space(self, effect: tuple[int, int]) -> list[_Fit]:
        """Return each donor against the other donors, with the effect in some years."""
        return [self.fitted(unit, self._but(unit), effect) for unit in self.donors]

    def _but(self, unit: str) -> list[str]:
        return [donor for donor in self.donors if donor != unit]

    def _paths(self, units: Sequence[str]) -> Array:
        """Return the paths of some units as columns; shape (T, J)."""
        return self.data.values[[self.data.units.index(unit) for unit in units]].T

    def fitted(
        self, unit: str, donors: list[str], effect: tuple[int, int] | None = None
    ) -> _Fit:
        """Fit a unit over the years before an effect."""
        since, until = effect or self.spec.effect
        first, last = self.spec.fit
        years = self.data.years
        # Nothing after a date may shape the weights, also where it is a placebo.
        before = (years >= first) & (years <= min(last, since - 1))
        after = (years >= since) & (years <= until)
        y, *D = self._paths([unit, *donors]).T
        # Placebos and leave-one-out have a donor less and start at their nearest one.
        near = len(donors) == len(self.donors)
        weights, gaps = _weights(
            y, np.array(D).T, before, self.spec.demeaned, near=near
        )
        return _Fit(
            unit=unit,
            donors=tuple(donors),
            weights=weights,
            actual=y,
            gaps=gaps,
            before=before,
            after=after,
        )

    def path(self, fit: _Fit) -> pd.DataFrame:
        """Return a unit and its synthetic control by year."""
        return pd.DataFrame(
            {
                "spec_id": self.spec.id,
                "kind": "treated" if fit is self.main else "placebo",
                "unit": fit.unit,
                "year": self.data.years,
                "actual": fit.actual,
                "synthetic": fit.actual - fit.gaps,
                "gap": fit.gaps,
            }
        )

    def add_rows(self, out: Results) -> None:
        """Add the mean gap with its rank, the gap at the end, a conformal test,
        leave-one-out and the placebo.
        """
        spec = self.spec
        main = self.main
        count = len(self.placebos)
        # POOR FIT: fewer than a tenth of the donors are followed worse than the unit.
        worse = sum(placebo.rmspe >= main.rmspe for placebo in self.placebos)
        poor = ""
        if worse < POOR * count:
            poor = (
                f"POOR FIT: the error before the date is above that of {count - worse}"
                f" of {count} donors"
            )
        rows = self._rows("gap", main, self.placebos, poor)
        # A gap counts against how well the unit was fitted before (Abadie, Diamond and
        # Hainmueller 2010).
        ratios = np.array([placebo.ratio for placebo in self.placebos])
        rows.add(
            "ratio",
            role="ladder",
            estimate=main.mean,
            statistic=main.ratio,
            p_value=rank_p(main.ratio, ratios),
            p_type=f"rank of post over pre RMSPE among {count + 1} units",
            se_type="none: ranks",
        )
        rows.add(
            "conformal",
            role="ladder",
            estimate=main.mean,
            p_value=self._conformal(),
            p_type=f"conformal, moving blocks, {len(self.data.years)} shifts",
            se_type="none: conformal",
        )
        end = int(self.data.years[main.after][-1])
        last_gap = float(main.gaps[main.after][-1])
        described = {"role": "description", "contrast": f"gap in {end}"}
        rows.add("end", **described, estimate=last_gap)
        described["contrast"] = ""
        rows.add("pre_rmspe", **described, estimate=main.rmspe)
        without = {
            donor: self.fitted(spec.unit, self._but(donor)).mean for donor in main.used
        }
        # Gaps that differ by rounding alone must not decide which donor is named.
        for kind, extreme in (("low", min), ("high", max)):
            donor = extreme(without, key=lambda name: round(without[name], 10))
            rows.add(
                kind,
                role="robustness",
                estimate=without[donor],
                max_leverage_unit=donor,
                n_units=count,
            )
        out.estimates += rows.estimates
        if spec.placebo is not None:
            dates = (spec.placebo, spec.fit[1])
            early = self.fitted(spec.unit, self.donors, dates)
            rows = self._rows("in_time", early, self.in_space(dates), role="placebo")
            out.estimates += rows.estimates

    def _conformal(self) -> float:
        """Return the conformal p-value of no effect: the weights are fitted to all
        years, as the null allows (Chernozhukov, Wuthrich and Zhu 2021).
        """
        paths = self._paths([self.spec.unit, *self.donors])
        every_year = np.ones(len(paths), dtype=bool)
        _, residuals = _weights(
            paths[:, 0], paths[:, 1:], every_year, self.spec.demeaned
        )
        return conformal_p(residuals, self.main.after)

    def _rows(
        self, kind: str, fit: _Fit, placebos: list[_Fit], poor: str = "", role: str = ""
    ) -> Rows:
        """Return a builder of rows that holds the mean gap after a date, with its rank
        and the interval of that test.
        """
        spec = self.spec
        unit = UNITS.get(spec.outcome, "outcome")
        kinds = {
            name: Kind(estimator, spec.unit, effect, unit)
            for name, (estimator, effect) in ROWS.items()
        }
        years = self.data.years[fit.before | fit.after]
        means = np.array([placebo.mean for placebo in placebos])
        first, last = self.data.years[fit.after][[0, -1]]
        # With J donors no p is below 1 / (J + 1): fewer than 19 give no 95 % interval.
        low, high = rank_interval(fit.mean, means, self.level)
        wide = "too few donors for an interval" if np.isinf(low) else ""
        ends = self.data.years[[0, -1]].tolist()
        proxy = basis_warning(self.data.basis_between(*ends), self.info.first_official)
        count = len(means) + 1
        rows = Rows(
            kinds,
            role or spec.role,
            joined(proxy, wide, poor),
            **spec.labels,
            hypothesis=spec.hypothesis,
            family=BASE,
            outcome=spec.outcome,
            contrast=f"mean gap {first}-{last}",
            period=f"{years[0]}-{years[-1]}",
            treatment_def=f"zone since {first}",
            # Demeaning leaves a constant gap free, as a unit effect does.
            fe_id="unit" if spec.demeaned else "",
            n_obs=len(years) * count,
            n_units=count,
            n_periods=len(years),
            n_treated=1,
            output_basis=self.data.basis_between(int(years[0]), int(years[-1])),
            data_hash=self.data.data_hash,
        )
        rows.add(
            kind,
            estimate=fit.mean,
            statistic=fit.mean,
            p_value=rank_p(abs(fit.mean), np.abs(means)),
            p_type=f"rank of the absolute mean gap among {count} units",
            conf_low=finite_or_nan(low),
            conf_high=finite_or_nan(high),
            conf_level=self.level,
            se_type="none: ranks",
        )
        return rows


def _weights(
    y: Array, D: Array, before: np.ndarray, demeaned: bool, *, near: bool = False
) -> tuple[Array, Array]:
    """Return the weights of the donors and the gaps in all years; y (T,), D (T, J),
    before (T,) -> (J,), (T,).

    pysyncon's solver comes ``near`` the optimum, and placebos start at one donor: from
    either it is solved exactly.
    """
    from pysyncon import Synth

    if demeaned:
        # Means over the years of the fit alone: a mean over all would hold the effect.
        y = y - y[before].mean()
        D = D - D[before].mean(axis=0)
    try:
        A, b = penalised(y[before], D[before], RIDGE)
        weights = simplex_least_squares(
            A, b, Synth.w_optimize(np.eye(len(b)), A, b)[0] if near else None
        )
    except NumericsError as error:
        raise EstimateError(
            f"synthetic control: {error}", "donors that differ", "correct the data"
        ) from error
    return weights, y - D @ weights
