"""Synthetic control: units that became zones at a known date against weighted averages
of units without zones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import model_validator

from evenfield.models.synthetic_control import (
    FEWEST_DATES,
    FEWEST_DONORS,
    RIDGE,
    Followed,
    SyntheticControl,
    synthetic_control,
)
from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Tested
from evenfield.shared.estimates import NAN
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.samples import basis_warning, joined
from evenfield.shared.settings import SchemeInfo, check_names, scheme_info
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.trajectories import Trajectories, trajectories
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.study import Study
from evenfield.study.study_config import SPARED, HypothesisName, Year, Years

BASE = "synthetic_control"
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
        if self.placebo is not None and not first < self.placebo <= last:
            raise ValueError(
                f"the placebo date {self.placebo} of {self.id} lies outside"
                f" {first + 1}-{last}"
            )
        return self


Section = list[ControlSpec]


def check_data(study: Study, _: Section, spec: ControlSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    case_data(study, spec)


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
    for spec in told(
        read(Section, study.config, "synthetic_control"), "specifications"
    ):
        case = _Case.of(study, spec)
        try:
            case.add_rows(out)
        except NumericsError as error:
            fault = f"synthetic control {spec.id}: {error}"
            raise EstimateError(
                fault, "donors that differ", "correct the data"
            ) from error
        main = case.control.main
        series += [case.path(one) for one in (main, *case.control.placebos)]
        for unit, weight in main.used.items():
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
class _Case:
    """One specification with its paths and its synthetic control."""

    spec: ControlSpec
    info: SchemeInfo
    data: Trajectories  # treated unit and donors
    control: SyntheticControl
    level: float

    @classmethod
    def of(cls, study: Study, spec: ControlSpec) -> _Case:
        """Read the paths of the treated unit and its donors, or say what is wrong with
        the specification.
        """
        info, data = case_data(study, spec)
        since = spec.effect[0]
        control = synthetic_control(
            data.values,
            data.units,
            spec.unit,
            fit_dates=int((data.years <= spec.fit[1]).sum()),
            since=int((data.years < since).sum()),
            demeaned=spec.demeaned,
        )
        return cls(spec, info, data, control, study.config.inference.level)

    def path(self, followed: Followed) -> pd.DataFrame:
        """Return a unit and its synthetic control by year."""
        return pd.DataFrame(
            {
                "spec_id": self.spec.id,
                "kind": "treated" if followed is self.control.main else "placebo",
                "unit": followed.unit,
                "year": self.data.years,
                "actual": followed.actual,
                "synthetic": followed.actual - followed.gaps,
                "gap": followed.gaps,
            }
        )

    def add_rows(self, out: Results) -> None:
        """Add the mean gap with its rank, the gap at the end, a conformal test,
        leave-one-out and the placebo.
        """
        spec = self.spec
        control = self.control
        main = control.main
        poor = ""
        if control.poor:
            count = len(control.donors)
            poor = (
                "POOR FIT: the error before the date is above that of"
                f" {count - control.worse} of {count} donors"
            )
        ranked, by_ratio, conformal = control.rows(self.level)
        rows = self._rows("gap", control, ranked.test, poor)
        rows.add_test("ratio", by_ratio.test, NAN, role="ladder")
        rows.add_test("conformal", conformal.test, NAN, role="ladder")
        end = self.data.years[-1]
        described = {"role": "description", "contrast": f"gap in {end}"}
        rows.add("end", **described, estimate=float(main.gaps[-1]))
        described["contrast"] = ""
        rows.add("pre_rmspe", **described, estimate=main.rmspe)
        without = control.left_out
        # Gaps that differ by rounding alone must not decide which donor is named.
        for kind, extreme in (("low", min), ("high", max)):
            donor = extreme(without, key=lambda name: round(without[name], 10))
            rows.add(
                kind,
                role="robustness",
                estimate=without[donor],
                max_leverage_unit=donor,
                n_units=len(control.donors),
            )
        out.estimates += rows.estimates
        if spec.placebo is not None:
            early = control.at_placebo(int((self.data.years < spec.placebo).sum()))
            test = early.ranked(self.level).test
            out.estimates += self._rows(
                "in_time", early, test, role="placebo"
            ).estimates

    def _rows(
        self,
        kind: str,
        control: SyntheticControl,
        ranked: Tested,
        poor: str = "",
        role: str = "",
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
        years = self.data.years[control.before | control.after]
        first, last = self.data.years[control.after][[0, -1]]
        # With J donors no p is below 1 / (J + 1): fewer than 19 give no 95 % interval.
        wide = "too few donors for an interval" if np.isinf(ranked.conf_low) else ""
        ends = self.data.years[[0, -1]].tolist()
        proxy = basis_warning(self.data.basis_between(*ends), self.info.first_official)
        count = len(control.units)
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
        rows.add_test(kind, ranked, self.level)
        return rows


def case_data(study: Study, spec: ControlSpec) -> tuple[SchemeInfo, Trajectories]:
    """Return the paths of the treated unit and its donors over the years of fit and
    effect, or say what is wrong with the specification.
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
    _check_dates(spec, wanted, where)
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
    return info, data


def _check_dates(spec: ControlSpec, dates: Sequence[int], where: str) -> None:
    """Refuse a fit to too few dates of the panel, and an effect or a placebo without one:
    dates may lie several years apart.
    """
    until = spec.fit[1]
    begins = {"the effect": (spec.effect[0], spec.effect[1])}
    if spec.placebo is not None:
        begins["the placebo"] = (spec.placebo, until)
        # The shorter of both fits counts: a placebo date ends its fit earlier.
        until = spec.placebo - 1
    for name, (first, last) in begins.items():
        if not any(first <= date <= last for date in dates):
            raise EstimateError(
                f"{where}: no date of the panel in {first}-{last}, the years of {name}",
                f"one at least of {first_examples([*map(str, dates)])}",
                "correct `effect` or `placebo`",
            )
    fitted = sum(date <= until for date in dates)
    if fitted < FEWEST_DATES:
        raise EstimateError(
            f"{where} has {counted(fitted, 'date')} to fit",
            f"{FEWEST_DATES} at least",
            "let `fit` begin earlier, or take a later `placebo`",
        )
