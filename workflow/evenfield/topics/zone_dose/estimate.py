"""Zone dose: what the number of zones in force goes with, within units and beside
others of the same region.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from evenfield.models.joint import joint_test
from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import encoded
from evenfield.numerics.inference.design import Design
from evenfield.numerics.inference.leave_out import leave_one_out
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.ols import RANK_TOLERANCE, OlsFit, fit_ols
from evenfield.shared.estimates import NAN, Estimate, Fields, asking
from evenfield.shared.few_units import (
    PANEL,
    beside,
    few_unit_design,
    located,
    method_fields,
)
from evenfield.shared.rows import Results
from evenfield.shared.samples import basis_warning, joined, underpowered
from evenfield.shared.settings import SPLICED, SchemeInfo, scheme_info
from evenfield.shared.spec import (
    Inference,
    Role,
    Spec,
    UnitsSpec,
    check_specs,
    read,
    with_shared,
)
from evenfield.shared.study_panel import COLUMNS, unsure_zones, with_zones
from evenfield.shared.trajectories import grouping
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.expressions import by_year, check_columns, columns_of
from evenfield.study.study import Study
from evenfield.study.study_config import HypothesisName, Years
from evenfield.study.table_files import content_hash

BASE = "zone_dose_fe"
DOSE = "dose"
OUTPUT = {"growth_pct", "log_income", "income", "output_real", "relative_log_income"}
YEAR = "year"  # years of all units alike
PRINTED = ("CR2", "wild33")  # beside CR3 where a specification decides
SUFFIXES = {"wild33": "wild_33"}
JOINT = {"effect_type": "joint", "unit_of_measure": "statistic"}
ENDOGENOUS = "ENDOGENOUS: zones went where growth was expected"


class Dose(Spec):
    """Zones in force as a regressor."""

    expression: str = Field(
        description=f"Its value by unit and year, an expression of {COLUMNS}."
    )
    label: str
    """How it is printed."""


class Outcome(Dose):
    """What zones may move."""

    unit: str
    """Unit of the outcome per unit of the dose, for example `log points`."""
    sesoi: float | None = Field(None, gt=0)
    """Smallest coefficient of interest; none by default."""


class DoseSpec(UnitsSpec):
    """One regression of an outcome on the dose."""

    outcome: str
    """Name of the outcome."""
    dose: str
    """Name of the dose."""
    years: Years | None = None
    """First and last year, those of the topic by default."""
    lag: int = Field(0, ge=0, le=1_000)
    """Years by which the dose is earlier than the outcome."""
    beside: str = ""
    """`year`, or a column of units.csv whose groups have years of their own; the
    topic's by default."""
    role: Role = "robustness"
    """Role in the tables."""
    inference: Inference = ()

    @property
    def span(self) -> Years:
        """First and last year, which the section fills in."""
        assert self.years is not None
        return self.years


class Section(Spec):
    """Outcomes, doses and the regressions of one on the other."""

    hypothesis: HypothesisName = ""
    """Hypothesis that the primary specification decides."""
    years: Years
    """First and last year."""
    beside: str = YEAR
    """`year`, or a column of units.csv: units are compared with all others in each
    year, or with others of their group."""
    leads: tuple[int, ...] = Field((1, 2, 3), min_length=1)
    """Placebo: years by which zones come later."""
    outcomes: dict[str, Outcome] = Field(min_length=1)
    """Outcomes by name."""
    doses: dict[str, Dose] = Field(min_length=1)
    """Doses by name."""
    specs: list[DoseSpec] = Field(min_length=1)
    """Specifications."""

    @model_validator(mode="before")
    @classmethod
    def _shared(cls, data: Any) -> object:
        # A filled config writes blanks into each specification: they stand for the
        # key of the section.
        return with_shared({"beside": YEAR, **data}, "years", "beside")

    @model_validator(mode="after")
    def _known(self) -> Section:
        for spec in self.specs:
            for name, known in ((spec.outcome, self.outcomes), (spec.dose, self.doses)):
                if name not in known:
                    names = ", ".join(sorted(known))
                    raise ValueError(f"{spec.id} names {name}, not one of {names}")
        check_specs(self.specs)
        return self


def check_data(study: Study, section: Section, spec: DoseSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    work = DoseRegression.of(study, section, spec)
    work.observed({DOSE: -spec.lag}, *spec.span)
    for leads in work.lead_sets:
        work.observed(*work.lead_terms(leads))


def estimate(study: Study) -> Results:
    """Estimate every specification, the placebo of later zones for each, and other
    inference for the primary one.

    Notes
    -----
    y_it = mu_i + tau_r(i)t + b d_i,t-k + e_it. Placebo: y_it = mu_i + tau_r(i)t + b
    d_it + sum_l g_l d_i,t+l + e_it, in which the g_l should be zero.
    """
    section = read(Section, study.config, "zone_dose")
    rows = []
    for spec in told(section.specs, "specifications"):
        work = DoseRegression.of(study, section, spec)
        rows += work.rows()
        for leads in work.lead_sets:
            rows += work.lead_rows(leads)
    summary = {
        "equation": "y_it = mu_i + tau_rt + b d_i,t-k + e_it",
        "primary": "CR3 by unit with t(G* - 1)",
        "ladder": "CR2 with Bell and McCaffrey's degrees of freedom, WCR-33",
        "placebo": (
            "zones of later years beside those in force; joint: Hotelling with CR3, F(q,"
            " G* - q)"
        ),
        "mde": "(t_(1+level)/2 + t_power) times the row's standard error",
        "outcomes": {name: outcome.label for name, outcome in section.outcomes.items()},
        "doses": {name: dose.label for name, dose in section.doses.items()},
        "conf_level": study.config.inference.level,
        "power": study.power,
    }
    return Results(rows, {}, summary)


@cache
def _by_year(study: Study, scheme: str, text: str) -> pd.DataFrame:
    """Return an expression by unit and year, once for all specifications."""
    return by_year(text, with_zones(study, scheme)).sort_index(axis=1)


@dataclass(frozen=True)
class DoseRegression:
    """The data of one specification and the rows made of them."""

    study: Study
    section: Section
    spec: DoseSpec
    info: SchemeInfo
    table: pd.DataFrame  # the panel with zones, the units of the sample in all years
    outcome: pd.DataFrame  # units in rows, all years of the panel in columns
    dose: pd.DataFrame
    groups: pd.Series  # group of each unit
    units: pd.DataFrame  # units.csv by unit

    @classmethod
    def of(cls, study: Study, section: Section, spec: DoseSpec) -> DoseRegression:
        """Read the units of the sample and evaluate outcome and dose in all years."""
        scheme = spec.unit_scheme
        where = f"zone dose {spec.id}"
        info = scheme_info(study.description(scheme))
        units = list(info.samples[spec.sample])
        table = with_zones(study, scheme)
        table = table.set_index("unit").loc[units].reset_index()
        wide = []
        for item in (section.outcomes[spec.outcome], section.doses[spec.dose]):
            check_columns(item.expression, table.columns, where)
            wide.append(_by_year(study, scheme, item.expression))
        named = study.table("units", scheme)
        if spec.beside == YEAR:
            groups = pd.Series("all", units)
        elif spec.beside in named:
            codes, names = grouping(named, spec.beside, units, where)
            groups = pd.Series([names[code] for code in codes], units)
        else:
            raise EstimateError(
                f"{where} compares within {spec.beside}",
                "year, or a column of units.csv",
                "correct `beside`",
            )
        # ASSUME: units of a group share the shocks of a year; a unit alone in its group
        # says nothing and is left out.
        groups = groups[groups.duplicated(keep=False)]
        if groups.empty:
            fault = f"{where}: no group of {spec.beside} has two units"
            remedy = "correct `beside` or `sample`"
            raise EstimateError(fault, "units to compare with in each year", remedy)
        table = table[table["unit"].isin(groups.index)]
        return cls(
            study=study,
            section=section,
            spec=spec,
            info=info,
            table=table,
            outcome=wide[0].loc[groups.index],
            dose=wide[1].loc[groups.index],
            groups=groups,
            units=named.set_index("unit"),
        )

    def rows(self) -> list[Estimate]:
        """Return the coefficient of the dose, and for the primary specification what
        else says how firm it is.
        """
        spec = self.spec
        # `_fit` counts years later, so that the lag k of d_i,t-k is negative.
        frame, fit = self._fit({DOSE: -spec.lag}, *spec.span)
        term = f"{DOSE}_lag{spec.lag}" if spec.lag else DOSE
        main = spec.role == "primary"
        deciding, *others = spec.inference or ("CR3", *(PRINTED if main else ()))
        design = self._design(frame, fit)
        c = np.eye(fit.X.shape[1])[0]
        rows = [self._row(frame, term, method_fields(deciding, design, c, self.level))]
        for name in others:
            row = self._row(frame, term, method_fields(name, design, c, self.level))
            rows.append(beside(row, name, SUFFIXES))
        if not main:
            return rows
        one = leave_one_out(fit, c, frame["unit"].to_numpy(str))
        for effect, at in (
            ("stat_low", np.nanargmin(one.estimates)),
            ("stat_high", np.nanargmax(one.estimates)),
        ):
            extreme = {
                "estimate": float(one.estimates[at]),
                "warning": f"without {one.left_out[at][0]}",
                "estimator": "leave_one_out",
                "effect_type": effect,
                "role": "robustness",
                "sesoi": NAN,
            }
            rows.append(self._row(frame, term, extreme))
        return rows

    @property
    def lead_sets(self) -> list[list[int]]:
        """Leads of each placebo that has years: the latest alone, then all of them."""
        # The placebo sets later zones beside those in force: no lag.
        if self.spec.lag:
            return []
        leads = list(self.section.leads)
        sets = [[max(leads)], leads][: len(leads)]
        return sets if self.lead_terms(leads)[2] > self.spec.span[0] else []

    def lead_terms(self, leads: list[int]) -> tuple[dict[str, int], int, int]:
        """Return years by which each regressor of a placebo is later, and its years."""
        terms = {f"{DOSE}_lead{k}": k for k in leads} | {DOSE: 0}
        # Zones of later years must be known: the last years drop out.
        end = min(self.spec.span[1], int(self.dose.columns[-1]) - max(leads))
        return terms, self.spec.span[0], end

    def lead_rows(self, leads: list[int]) -> list[Estimate]:
        """Return the coefficient of zones of later years given those in force, or the
        joint test of several leads.
        """
        terms, first, end = self.lead_terms(leads)
        frame, fit = self._fit(terms, first, end)
        if len(leads) == 1:
            (term, *_) = terms
            c = np.eye(fit.X.shape[1])[0]
            fields = method_fields("CR3", self._design(frame, fit), c, self.level)
        else:
            term = f"{DOSE}_leads"
            fields = _joint(self._design(frame, fit), len(leads))
        row = self._row(frame, term, fields)
        period = f"{first}-{end}"
        return [
            replace(
                row,
                role="placebo",
                sesoi=NAN,
                controls_id="dose",
                period=period,
                asked=asking(row.asked, leads=leads),
            )
        ]

    @property
    def level(self) -> float:
        """Level of the intervals."""
        return self.study.config.inference.level

    def _design(self, frame: pd.DataFrame, fit: OlsFit) -> Design:
        units = frame["unit"].to_numpy(str)
        return few_unit_design(
            fit,
            units,
            self.study.config.inference,
            f"zone_dose:{self.spec.id}",
            power=self.study.power,
            dates=encoded(frame["year"].to_numpy(int)),
            locations=located(self.units, list(self.groups.index)),
            **PANEL,
        )

    def observed(
        self, terms: dict[str, int], first: int, last: int
    ) -> dict[str, pd.DataFrame]:
        """Return the outcome and the dose some years later (or, negative, earlier) by
        unit and year; refuse what is blank or does not vary.
        """
        years = list(range(first, last + 1))
        wide = {"y": self.outcome.reindex(columns=years)}
        for name, later in terms.items():
            moved = self.dose.reindex(columns=[year + later for year in years])
            wide[name] = moved.set_axis(years, axis=1)
        for name, values in wide.items():
            later = terms.get(name, 0)
            holes = np.argwhere(values.isna().to_numpy())
            blank = [f"{values.index[i]} {years[t] + later}" for i, t in holes]
            if blank:
                text = self.spec.outcome if name == "y" else self.spec.dose
                raise EstimateError(
                    f"{text} is blank {len(blank)} times in zone dose {self.spec.id}"
                    f" ({first_examples(blank)})",
                    f"a number for every unit in {first + later}-{last + later}",
                    "choose other years, lags or leads in config.yaml",
                )
        doses = np.stack([wide[name].to_numpy(float) for name in terms], axis=2)
        if self._alike(doses):
            raise EstimateError(
                f"zone dose {self.spec.id}: {self.spec.dose} does not vary beside units"
                " and the years of their group",
                "zones that differ in number or time",
                "choose other years, leads or groups in config.yaml",
            )
        return wide

    def frame(self, terms: dict[str, int], first: int, last: int) -> pd.DataFrame:
        """Return ``unit, year, y`` and the dose some years later (or, negative, earlier),
        a row a unit and year.
        """
        wide = self.observed(terms, first, last)
        frame = pd.DataFrame({name: values.stack() for name, values in wide.items()})
        return frame.rename_axis(["unit", "year"]).reset_index()

    def _alike(self, doses: np.ndarray) -> bool:
        """Tell whether units and years of a group explain a dose, or other doses do;
        doses (N, T, K).
        """
        inside = doses - doses.mean(axis=1, keepdims=True)
        left = inside.copy()
        for group in self.groups.unique():
            members = (self.groups == group).to_numpy()
            left[members] -= left[members].mean(axis=0)
        length = np.sqrt((inside**2).sum(axis=(0, 1)))
        shares = left.reshape(-1, doses.shape[2]) / np.where(length > 0, length, 1.0)
        pivots = np.diag(np.linalg.qr(shares, mode="r"))
        return bool(np.abs(pivots).min() < RANK_TOLERANCE)

    def _fit(
        self, terms: dict[str, int], first: int, last: int
    ) -> tuple[pd.DataFrame, OlsFit]:
        """Fit the outcome on the dose some years later (or, negative, earlier), with
        unit and group-by-year effects.
        """
        frame = self.frame(terms, first, last).set_index(["unit", "year"])
        # The first year is the base in every group: unit effects hold its level.
        groups = self.groups.to_dict()
        cells = [
            f"{groups[unit]} {year}" if year > first else ""
            for unit, year in frame.index
        ]
        # Sorted by name, the empty cell of the base comes first and is dropped.
        dummies = pd.get_dummies(pd.Series(cells), dtype=float).to_numpy()[:, 1:]
        columns = np.column_stack([frame.to_numpy(float), dummies])
        columns = columns.reshape(len(self.groups), last + 1 - first, -1)
        # Within units over a balanced panel: unit effects go, years of a group stay.
        inside = (columns - columns.mean(axis=1, keepdims=True)).reshape(len(frame), -1)
        return frame.reset_index(), fit_ols(inside[:, 0], inside[:, 1:])

    def _row(self, frame: pd.DataFrame, term: str, fields: Fields) -> Estimate:
        """Return one row: what belongs to the specification, then the numbers of a
        method.
        """
        spec = self.spec
        outcome = self.section.outcomes[spec.outcome]
        dose = self.section.doses[spec.dose]
        used = self.table[self.table["year"].isin(frame["year"].unique())]
        bases = sorted(set(used["basis"]))
        rests = OUTPUT & set(columns_of(outcome.expression))
        # A ratio of two sums of the same year needs no deflator and has no basis.
        basis = "" if not rests else bases[0] if len(bases) == 1 else SPLICED
        # Only a unit whose dose changes in these years counts as treated.
        moved = frame.groupby("unit")[DOSE].nunique().gt(1)
        sesoi = NAN if outcome.sesoi is None else outcome.sesoi
        warning = joined(
            basis_warning(basis, self.info.first_official),
            ENDOGENOUS,
            unsure_zones(used, [dose.expression]),
            str(fields.get("warning", "")),
            underpowered(fields.get("mde", NAN), sesoi, outcome.unit),
        )
        shared: Fields = {
            "hypothesis": self.section.hypothesis if spec.role == "primary" else "",
            "family": "zone_dose",
            "role": spec.role,
            "estimator": BASE,
            "spec_id": spec.id,
            "outcome": spec.outcome,
            "term": term,
            "sample_id": spec.sample,
            "unit_scheme": spec.unit_scheme,
            "period": f"{spec.span[0]}-{spec.span[1]}",
            "treatment_def": spec.dose,
            "fe_id": "unit + year"
            if spec.beside == YEAR
            else f"unit + {spec.beside} by year",
            "n_obs": len(frame),
            "n_units": frame["unit"].nunique(),
            "n_periods": frame["year"].nunique(),
            "n_treated": int(moved.sum()),
            "sesoi": sesoi,
            "unit_of_measure": outcome.unit,
            "output_basis": basis,
            "data_hash": content_hash(frame),
        }
        return Estimate(**shared | fields | {"warning": warning})


def _joint(design: Design, count: int) -> Fields:
    """Test the first coefficients jointly against zero by CR3 and Hotelling's law with
    G* - 1 degrees of freedom, G* the smallest of theirs.
    """
    c = np.eye(design.fit.X.shape[1])[:count]
    units = design.units.codes
    try:
        test = joint_test(design, c, "CR3")
        g_star = min(effective_clusters(design.fit.X, units, one) for one in c)
    except NumericsError as error:
        reason = f"no joint test: {error}"
        return {"estimate": NAN, "warning": reason, **JOINT}
    return {
        "estimate": test.statistic,
        "statistic": test.statistic,
        "df": test.df_denominator,
        "p_value": test.p_value,
        "se_type": "CR3 by unit",
        "p_type": f"Hotelling, F({count}, G* - {count})",
        "g_star": g_star,
        **JOINT,
    }
