"""Synthetic control: units that became zones at a known date against weighted averages
of units without zones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field, model_validator
from pysyncon import Synth

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.synthetic_control import (
    conformal_p,
    penalised,
    rank_interval,
    rank_p,
    simplex_least_squares,
)
from evenfield.shared.estimates import NAN, Estimate, finite_or_nan
from evenfield.shared.rows import Results
from evenfield.shared.samples import basis_warning, joined, sample_units
from evenfield.shared.settings import SchemeInfo, check_names, scheme_infos
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.trajectories import Trajectories, trajectories
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.study import Study

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
    "income": "yuan",
}


class ControlSpec(UnitsSpec):
    """One treated unit, its date and its donors."""

    unit: str = Field(description="The treated unit.")
    fit: tuple[int, int] = Field(
        description="First and last year of the fit, before the date."
    )
    effect: tuple[int, int] = Field(
        description="First and last year after the date, itself included."
    )
    placebo: int | None = Field(
        None, description="An earlier date as a placebo in time; none by default."
    )
    outcome: str = Field("log_income", description="Outcome, a column of panel.csv.")
    demeaned: bool = Field(
        True,
        description=(
            "Whether paths are taken less their own mean over the years of the fit."
        ),
    )
    zones: str = Field(
        "sez_seed",
        description="Zone type; a unit that ever holds such a zone is no donor.",
    )
    exclude: tuple[str, ...] = Field(
        (), description="Further units that are no donors."
    )
    hypothesis: str = Field(
        "", description="Hypothesis that the specification belongs to."
    )

    @model_validator(mode="after")
    def _dates(self) -> ControlSpec:
        first, last = self.fit
        since, until = self.effect
        if not first <= last < since <= until:
            fault = (
                f"{self.id} fits {first}-{last} and takes the effect in {since}-{until}"
            )
            raise ValueError(f"{fault}; the fit ends before the effect begins")
        dates = [since] if self.placebo is None else [since, self.placebo]
        if self.placebo is not None and not first < self.placebo <= last:
            raise ValueError(
                f"the placebo date {self.placebo} of {self.id} lies outside"
                f" {first + 1}-{last}"
            )
        if (years := min(min(date, last + 1) for date in dates) - first) < FEWEST_YEARS:
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
    rows = []
    series = []
    weights = []
    specs = read(Section, study.config, "synthetic_control")
    if len({spec.id for spec in specs}) < len(specs):
        raise EstimateError(
            "estimates.synthetic_control uses an id twice",
            "one id for each case",
            "rename one",
        )
    for spec in specs:
        case = _Case.of(study, spec)
        rows += list(case.rows())
        series += [case.path(fit) for fit in (case.main, *case.placebos)]
        donor_weights = zip(case.main.donors, case.main.weights, strict=True)
        weights += [
            {"spec_id": spec.id, "unit": unit, "weight": w}
            for unit, w in donor_weights
            if w > SHOWN
        ]
    frames = {
        "series": (
            pd.concat(series).sort_values(
                ["spec_id", "kind", "unit", "year"], ignore_index=True
            )
        ),
        "weights": (
            pd.DataFrame(weights).sort_values(["spec_id", "unit"], ignore_index=True)
        ),
    }
    summary = {
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
        "conf_level": study.config["inference"]["conf_level"],
    }
    return Results(rows, frames, summary)


@dataclass(frozen=True)
class _Fit:
    """A unit and its synthetic control over all years of a case."""

    unit: str
    donors: tuple[str, ...]
    weights: np.ndarray  # (J,)
    actual: np.ndarray  # (T,)
    gaps: np.ndarray  # (T,)
    before: np.ndarray  # (T,) whether a year belongs to the fit
    after: np.ndarray  # (T,) whether a year belongs to the effect

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
        check_names([spec.unit_scheme], study.schemes, where)
        described = study.description(spec.unit_scheme)
        info = scheme_infos([described])[spec.unit_scheme]
        units = sample_units(info, spec.sample, where)
        check_names([spec.unit, *spec.exclude], units, where)
        panel = study.table("panel", spec.unit_scheme, ("basis",))
        known = sorted(panel["year"].unique())
        wanted = list(range(spec.fit[0], spec.effect[1] + 1, info.step))
        if absent := [str(year) for year in wanted if year not in known]:
            raise EstimateError(
                f"{where}: {len(absent)} of its years are not in the panel"
                f" ({first_examples(absent)})",
                f"years in {known[0]}-{known[-1]}",
                "correct `fit` or `effect`",
            )
        doses = study.table("doses", spec.unit_scheme, ("zone_type",))
        check_names([spec.zones], doses["zone_type"].unique(), f"{where}: `zones`")
        held = doses[doses["zone_type"].eq(spec.zones) & doses["zones"].gt(0)]["unit"]
        # ASSUME: a unit that ever holds such a zone, however late, is no donor: no
        # comparison changes with the date.
        units_used = [
            unit
            for unit in units
            if unit == spec.unit or unit not in {*held, *spec.exclude}
        ]
        if len(units_used) <= FEWEST_DONORS:
            fault = f"{where} has {len(units_used) - 1} donors"
            raise EstimateError(
                fault, f"{FEWEST_DONORS} at least", "exclude fewer units"
            )
        data = trajectories(panel, spec.outcome, units_used, where, wanted)
        return cls(spec, info, data, float(study.config["inference"]["conf_level"]))

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
        return [
            self.fitted(unit, [d for d in self.donors if d != unit], effect)
            for unit in self.donors
        ]

    def fitted(
        self, unit: str, donors: list[str], effect: tuple[int, int] | None = None
    ) -> _Fit:
        """Fit a unit over the years before an effect."""
        since, until = effect or self.spec.effect
        years = self.data.years
        before = (years >= self.spec.fit[0]) & (
            years <= min(self.spec.fit[1], since - 1)
        )
        after = (years >= since) & (years <= until)
        rows_of_units = [self.data.units.index(name) for name in (unit, *donors)]
        paths = self.data.values[rows_of_units].T
        all_donors = len(donors) == len(self.donors)
        weights, gaps = _weights(
            paths[:, 0], paths[:, 1:], before, self.spec.demeaned, near=all_donors
        )
        return _Fit(unit, tuple(donors), weights, paths[:, 0], gaps, before, after)

    def path(self, fit: _Fit) -> pd.DataFrame:
        """Return a unit and its synthetic control by year."""
        kind = "treated" if fit is self.main else "placebo"
        labels = {
            "spec_id": self.spec.id,
            "kind": kind,
            "unit": fit.unit,
            "year": self.data.years,
        }
        return pd.DataFrame(
            {
                **labels,
                "actual": fit.actual,
                "synthetic": fit.actual - fit.gaps,
                "gap": fit.gaps,
            }
        )

    def rows(self) -> Iterator[Estimate]:
        """Return the mean gap with its rank, the gap at the end, a conformal test,
        leave-one-out and the placebo.
        """
        spec = self.spec
        main = self.main
        row = self._row(main, self.placebos)
        worse = sum(placebo.rmspe >= main.rmspe for placebo in self.placebos)
        count = len(self.placebos)
        if worse < POOR * count:
            poor = (
                f"POOR FIT: the error before the date is above that of {count - worse}"
                f" of {count} donors"
            )
            row = replace(row, warning=joined(row.warning, poor))
        yield row
        ratios = np.array([placebo.ratio for placebo in self.placebos])
        none: dict[str, Any] = {
            "statistic": NAN,
            "conf_low": NAN,
            "conf_high": NAN,
            "conf_level": NAN,
            "role": "ladder",
        }
        p_type = f"rank of post over pre RMSPE among {count + 1} units"
        ranked = replace(
            row,
            **none | {"statistic": main.ratio},
            p_value=rank_p(main.ratio, ratios),
            p_type=p_type,
        )
        yield replace(ranked, estimator=f"{BASE}_ratio")
        p = self._conformal()
        shifts = f"conformal, moving blocks, {len(self.data.years)} shifts"
        yield replace(
            row,
            **none,
            estimator=f"{BASE}_conformal",
            p_value=p,
            p_type=shifts,
            se_type="none: conformal",
        )
        plain = replace(
            row, **none | {"role": "description"}, se_type="", p_type="", p_value=NAN
        )
        end = int(self.data.years[main.after][-1])
        yield replace(
            plain,
            effect_type="stat_end",
            contrast=f"gap in {end}",
            estimate=float(main.gaps[main.after][-1]),
        )
        yield replace(
            plain, effect_type="stat_pre_rmspe", contrast="", estimate=main.rmspe
        )
        without = {
            donor: self.fitted(spec.unit, [d for d in self.donors if d != donor]).mean
            for donor in self._used()
        }
        for effect, pick in (("stat_low", min), ("stat_high", max)):
            donor = pick(without, key=lambda name: round(without[name], 10))
            left: dict[str, Any] = {
                "estimate": without[donor],
                "max_leverage_unit": donor,
                "n_units": row.n_units - 1,
            }
            yield replace(
                plain,
                estimator="leave_one_out",
                role="robustness",
                effect_type=effect,
                **left,
            )
        if spec.placebo is not None:
            dates = (spec.placebo, spec.fit[1])
            early = self.fitted(spec.unit, self.donors, dates)
            yield replace(
                self._row(early, self.in_space(dates)),
                estimator=f"{BASE}_in_time",
                role="placebo",
            )

    def _used(self) -> list[str]:
        return [
            unit
            for unit, w in zip(self.main.donors, self.main.weights, strict=True)
            if w > SHOWN
        ]

    def _conformal(self) -> float:
        """Return the conformal p-value of no effect: the weights are fitted to all
        years, as the null allows.
        """
        rows_of_units = [
            self.data.units.index(name) for name in (self.spec.unit, *self.donors)
        ]
        paths = self.data.values[rows_of_units].T
        after = self.main.after
        _, residuals = _weights(
            paths[:, 0],
            paths[:, 1:],
            np.ones(len(after), dtype=bool),
            self.spec.demeaned,
        )
        return conformal_p(residuals, after)

    def _note(self) -> str:
        basis = self.data.basis_between(
            int(self.data.years[0]), int(self.data.years[-1])
        )
        return basis_warning(basis, self.info.first_official)

    def _row(self, fit: _Fit, placebos: list[_Fit]) -> Estimate:
        """Return the mean gap after a date with the rank of its ratio and the interval
        of that test.
        """
        spec = self.spec
        years = self.data.years[fit.before | fit.after]
        means = np.array([placebo.mean for placebo in placebos])
        first, last = self.data.years[fit.after][[0, -1]]
        low, high = rank_interval(fit.mean, means, self.level)
        wide = "too few donors for an interval" if np.isinf(low) else ""
        return Estimate(
            hypothesis=spec.hypothesis,
            family=BASE,
            role=spec.role,
            estimator=BASE,
            spec_id=spec.id,
            outcome=spec.outcome,
            term=spec.unit,
            contrast=f"mean gap {first}-{last}",
            sample_id=spec.sample,
            unit_scheme=spec.unit_scheme,
            period=f"{years[0]}-{years[-1]}",
            treatment_def=f"zone since {first}",
            fe_id="unit" if spec.demeaned else "",
            estimate=fit.mean,
            se_type="none: ranks",
            statistic=fit.mean,
            p_value=rank_p(abs(fit.mean), np.abs(means)),
            p_type=f"rank of the absolute mean gap among {len(means) + 1} units",
            conf_low=finite_or_nan(low),
            conf_high=finite_or_nan(high),
            conf_level=self.level,
            n_obs=len(years) * (len(means) + 1),
            n_units=len(means) + 1,
            n_periods=len(years),
            n_treated=1,
            unit_of_measure=UNITS.get(spec.outcome, "outcome"),
            output_basis=self.data.basis_between(int(years[0]), int(years[-1])),
            warning=joined(self._note(), wide),
            data_hash=self.data.data_hash,
        )


def _weights(
    y: np.ndarray,
    D: np.ndarray,
    before: np.ndarray,
    demeaned: bool,
    *,
    near: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of the donors and the gaps in all years; y (T,), D (T, J),
    before (T,) -> (J,), (T,).

    pysyncon's solver comes ``near`` the optimum, and placebos start at one donor: from
    either it is solved exactly.
    """
    if demeaned:
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
