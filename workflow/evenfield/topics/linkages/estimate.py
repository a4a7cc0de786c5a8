"""Backward linkages: is the association with neighbours' foreign enterprises larger
where industry was larger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, cached_property

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.leave_out import leave_one_out, leave_pair_out
from evenfield.numerics.ols import OlsFit
from evenfield.numerics.spatial import multiplier
from evenfield.shared.estimates import NAN, Estimate, Fields, asking
from evenfield.shared.few_units import beside
from evenfield.shared.rows import Results
from evenfield.shared.samples import joined, underpowered
from evenfield.shared.spec import read
from evenfield.shared.study_panel import with_zones
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.expressions import by_year, check_columns, evaluate
from evenfield.study.study import Study
from evenfield.topics.linkages.estimate_inference import (
    OWN_METHODS,
    PRINTED,
    SUFFIXES,
    Setting,
    long_difference_fields,
)
from evenfield.topics.linkages.estimate_marginal import (
    marginal_effects,
    tercile_difference,
)
from evenfield.topics.linkages.estimate_panel import (
    NEIGHBOURS,
    NEIGHBOURS_RIVAL,
    NEIGHBOURS_X,
    LinkagePanel,
    fit_panel,
)
from evenfield.topics.linkages.estimate_permutation import permuted_estimates
from evenfield.topics.linkages.estimate_spec import LinkageSpec, Section

BASE = "linkage_fe"
INCOME = "log_income"
CURVE_DRAWS = "linkage:curve"
OUTCOMES = {INCOME: "log points", "growth_pct": "pp/yr"}
BASES = {
    "proxy": "PROXY: income uses proxy output",
    "spliced": "SPLICED: proxy output is joined to official output",
}
ENDOGENOUS = "ENDOGENOUS: intensity is not assigned, an association"


def check_data(study: Study, section: Section, spec: LinkageSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    if spec is section.specs[0]:
        Linkages(study)


def estimate(study: Study) -> Results:
    """Estimate every linkage specification, other inference for the primary one and
    what its sign rests on.

    Notes
    -----
    y_it = mu_i + tau_t + a F_it + b (WF)_it + c F_it L_i + psi (WF)_it L_i + e_it; psi
    decides.
    """
    work = Linkages(study)
    rows: list[Estimate] = []
    effects = []
    for spec in work.section.specs:
        rows += work.rows_of(spec)
        frame = marginal_effects(work.setting(spec))
        frame.insert(0, "spec_id", spec.id)
        effects.append(frame)
    series = pd.concat(effects).sort_values(
        ["spec_id", "kind", "moderator", "label"], ignore_index=True
    )
    rows += [*work.deciding_rows(), work.curve_row()]
    return Results(rows, {"series": series}, work.summary())


class Linkages:
    """The panels and fits of all specifications, and the rows that are made of them."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.section: Section = read(Section, study.config, "linkages")
        specs = self.section.specs
        primary = [spec for spec in specs if spec.role == "primary"]
        self.main = (primary + specs)[0]
        self.inference = study.config.inference
        units = study.table("units").set_index("unit")
        self.coordinates = units[["lat", "lon"]].astype(float)
        self.units = list(units.index)
        self.table = with_zones(study)
        self.by_year = cache(lambda text: by_year(text, self.table))
        self.panels = {spec.id: self._panel(spec) for spec in specs}

    @cached_property
    def fits(self) -> dict[str, OlsFit]:
        """The regression of every specification."""
        return {spec.id: self._fit(spec) for spec in self.section.specs}

    def setting(self, spec: LinkageSpec) -> Setting:
        """Return a specification with the coefficient of interest and what inference
        needs beside it.
        """
        panel = self.panels[spec.id]
        fit = self.fits[spec.id]
        return Setting(
            panel=panel,
            fit=fit,
            c=panel.contrast({NEIGHBOURS_X: 1.0}, fit.X.shape[1]),
            coordinates=self.coordinates,
            inference=self.inference,
            power=self.study.power,
            draws=self.section.draws,
            draw_id=f"linkage:{spec.id}:{NEIGHBOURS_X}",
        )

    def rows_of(self, spec: LinkageSpec) -> Iterator[Estimate]:
        """Yield the terms of a specification, all of the main one and the interactions
        of others, and its terciles.
        """
        setting = self.setting(spec)
        deciding, *others = spec.inference or ("CR3",)
        shown = [NEIGHBOURS_X, NEIGHBOURS_RIVAL] if spec.rival else [NEIGHBOURS_X]
        for term in setting.panel.columns if spec == self.main else shown:
            c = setting.panel.contrast({term: 1.0}, setting.fit.X.shape[1])
            tested = replace(setting, c=c)
            yield self._row(spec, term, tested.fields(deciding))
            for name in others:
                row = self._row(spec, term, tested.fields(name))
                yield beside(row, name, SUFFIXES)
        yield self._row(
            spec,
            NEIGHBOURS,
            tercile_difference(setting),
            estimator=f"{BASE}_bins",
            contrast="high - low tercile",
            role="exploratory",
            asked=asking(terciles=True),
        )

    def deciding_rows(self) -> Iterator[Estimate]:
        """Yield other inference on the deciding coefficient, its placebo and what its
        sign rests on.
        """
        setting = self.setting(self.main)
        # Rows that a specification asks for stand with its other rows.
        names = () if self.main.inference else PRINTED
        printed = {name: setting.fields(name) for name in names}
        printed |= {name: method(setting) for name, method in OWN_METHODS.items()}
        for name, fields in printed.items():
            yield beside(self._row(self.main, NEIGHBOURS_X, fields), name, SUFFIXES)
        if self.section.placebo_years is not None:
            yield self._placebo(setting, *self.section.placebo_years)
        yield from self._leave_out(setting)

    def curve_row(self) -> Estimate:
        """Return the share of specifications with the sign of the deciding one, with a
        joint permutation p-value.
        """
        # ASSUME: the curve holds every specification with the deciding moderator that
        # is primary or robustness.
        names = [
            spec.id
            for spec in self.section.specs
            if spec.moderator == self.main.moderator
            and spec.role in {"primary", "robustness"}
        ]
        at = names.index(self.main.id)
        seed = self.inference.seed
        drawn = permuted_estimates(
            {name: self.panels[name] for name in names},
            self.section.draws,
            seed,
            CURVE_DRAWS,
        )
        by_id = {spec.id: spec for spec in self.section.specs}
        psi = np.sign([self.setting(by_id[name]).estimate for name in names])
        share = (psi == psi[at]).mean()
        signs = np.sign(np.array([drawn[name] for name in names]))
        # The same share in each deal: specifications share data, so signs go together.
        shares = (signs == signs[at]).mean(axis=0)
        # A deal that ties with the data counts against it.
        extreme = int((shares >= share - 1e-9).sum())
        return self._row(
            self.main,
            NEIGHBOURS_X,
            {"estimate": float(share)},
            estimator="specification_curve",
            effect_type="share",
            role="robustness",
            p_value=(1 + extreme) / (1 + len(shares)),
            p_type=f"moderator permuted over units, {len(shares)} draws",
            seed=f"{seed}:{CURVE_DRAWS}",
            unit_of_measure="share",
            sesoi=NAN,
            n_obs=len(names),
            n_periods=1,
        )

    def summary(self) -> Fields:
        """Return equation and conventions in words."""
        section = self.section
        sesoi = self._sesoi()
        return {
            "equation": (
                "y_it = mu_i + tau_t + a F_it + b (WF)_it + c F_it L_i + psi (WF)_it"
                " L_i + e_it"
            ),
            "intensities": {
                spec.intensity: section.intensities[spec.intensity].label
                for spec in section.specs
            },
            "moderators": {
                spec.moderator: section.moderators[spec.moderator].label
                for spec in section.specs
            },
            "reading": (
                "psi: how much larger the coefficient of neighbours' intensity is where"
                " the moderator is one standard deviation higher; an association"
            ),
            "primary": "CR3 by unit with t(G* - 1)",
            "ladder": (
                "WCR-33, Driscoll-Kraay fixed-b, Conley, two-way, SCPC on last year"
                " minus first, permuted moderator"
            ),
            "mde": "(t_(1+level)/2 + t_power) times the row's standard error",
            "sesoi": None if np.isnan(sesoi) else sesoi,
            "not_testable": (
                "the secondary share of 1985 and input-output multipliers that the"
                " design names are not in the panel"
            ),
            **{"conf_level": self.inference.level, "power": self.study.power},
        }

    def _panel(self, spec: LinkageSpec) -> LinkagePanel:
        years = list(range(spec.span[0], spec.span[1] + 1))
        W = multiplier(self.study.weights(spec.weights).aligned(self.units))
        # ASSUME: zones enter as ln(1 + zones in force): the first zone of a unit weighs
        # more than the tenth.
        intensity = self.section.intensities[spec.intensity].expression
        F = self.grid(intensity, years, spec.id)
        # ASSUME: intensity in deviation from the mean of the year, so that the exchange
        # rate, common to all units, drops out of the interaction as it drops out of the
        # main terms.
        F = F - F.mean(axis=0)
        raw = self._moderator(spec.moderator)
        y = self.grid(spec.outcome, years, spec.id)
        rival = None
        if spec.rival:
            rival = _standardised(self._moderator(spec.rival), spec.rival)
        return LinkagePanel(
            units=tuple(self.units),
            years=tuple(years),
            y=y,
            F=F,
            WF=W @ F,
            L=_standardised(raw, spec.moderator),
            raw=raw,
            rival=rival,
            trends=spec.trends == "moderator",
        )

    def grid(self, expression: str, years: list[int], where: str) -> np.ndarray:
        """Return an expression for each unit and year, shape (N, T), every value there."""
        check_columns(expression, self.table.columns, f"linkage specification {where}")
        wide = self.by_year(expression).reindex(self.units, columns=years)
        blank = [
            f"{self.units[i]} {years[t]}"
            for i, t in np.argwhere(wide.isna().to_numpy())
        ]
        if blank:
            raise EstimateError(
                f"{counted(len(blank), 'value')} of {expression} missing in"
                f" {years[0]}-{years[-1]} ({first_examples(blank)}; linkage"
                f" specification {where})",
                "a value for every unit and year, above zero in a logarithm",
                "choose other years or another expression in config.yaml",
            )
        return wide.to_numpy(float)

    def _moderator(self, name: str) -> np.ndarray:
        """Return a moderator: the mean of the values available within its years; shape
        (N,).
        """
        moderator = self.section.moderators[name]
        check_columns(moderator.expression, self.table.columns, f"moderator {name}")
        inside = self.table["year"].between(*moderator.years)
        # ASSUME: a unit without all years of the moderator takes the mean of those it
        # has.
        values = evaluate(moderator.expression, self.table)[inside]
        means = values.groupby(self.table.loc[inside, "unit"]).mean()
        means = means.reindex(self.units)
        blank = [str(unit) for unit in means.index[means.isna()]]
        if blank:
            first, last = moderator.years
            raise EstimateError(
                f"{counted(len(blank), 'unit has', 'units have')} no {name} in"
                f" {first}-{last} ({first_examples(blank)})",
                "a value of the moderator for every unit",
                "choose other years in config.yaml",
            )
        return means.to_numpy(float)

    def _fit(self, spec: LinkageSpec) -> OlsFit:
        try:
            return fit_panel(self.panels[spec.id])
        except NumericsError as error:
            raise EstimateError(
                f"linkage specification {spec.id}: {error}",
                "regressors that are not collinear",
                "change intensity, moderator or years in config.yaml",
            ) from error

    def _placebo(self, setting: Setting, first: int, last: int) -> Estimate:
        """Return the interaction with income growth from before the sample as the
        outcome: there should be none.
        """
        # Outcome from before the sample, regressors from within it.
        ends = self.grid(INCOME, [first, last], "placebo")
        fields = long_difference_fields(setting, ends[:, 1] - ends[:, 0])
        # Only for basis and warning, which are those of the outcome's years.
        earlier = self.main.model_copy(update={"years": (first, last), "rival": ""})
        return self._row(
            self.main,
            NEIGHBOURS_X,
            fields,
            estimator=f"{BASE}_placebo_before",
            role="placebo",
            outcome=INCOME,
            period=f"{first}-{last}",
            sesoi=NAN,
            output_basis=self._basis(earlier),
            warning=self._warning(earlier, fields, NAN),
            asked=asking(fields.get("asked", ""), change=[first, last]),
        )

    def _leave_out(self, setting: Setting) -> Iterator[Estimate]:
        # ASSUME: a unit that is left out still counts as its neighbours' neighbour.
        one = leave_one_out(setting.fit, setting.c, setting.panel.members)
        pair = leave_pair_out(setting.fit, setting.c, setting.panel.members)
        low = int(np.nanargmin(one.estimates))
        high = int(np.nanargmax(one.estimates))
        without = {"estimator": "leave_one_out", "role": "robustness", "sesoi": NAN}

        def row(estimate: float, note: str, **labels: object) -> Estimate:
            fields = {"estimate": float(estimate), "warning": note}
            return self._row(self.main, NEIGHBOURS_X, fields, **without | labels)

        yield row(
            one.sign_flips, "", effect_type="stat_sign_flips", unit_of_measure="count"
        )
        for name, at in (("stat_low", low), ("stat_high", high)):
            unit = one.left_out[at][0]
            yield row(one.estimates[at], f"without {unit}", effect_type=name)
        yield row(
            # The change is without minus with, so the sum is psi without the pair.
            pair.estimate + pair.largest_change,
            "",
            estimator="leave_pair_out",
            effect_type="stat_pair",
            sample_id=f"without {' '.join(pair.most_influential)}",
            asked=asking(without=list(pair.most_influential)),
        )

    def _row(
        self, spec: LinkageSpec, term: str, fields: Fields, **labels: object
    ) -> Estimate:
        """Return one row: what belongs to the specification, then the numbers of a
        method, then labels of its own.
        """
        panel = self.panels[spec.id]
        psi = term == NEIGHBOURS_X
        about = self.study.description()
        decides = psi and spec.moderator == self.main.moderator
        sesoi = NAN
        same = (spec.outcome, spec.intensity)
        # An elasticity of another outcome or intensity has no effect of interest set.
        if decides and same == (self.main.outcome, self.main.intensity):
            sesoi = self._sesoi()
        role = "mechanism" if term == NEIGHBOURS_RIVAL else "exploratory"
        unit = "elasticity"
        if spec.outcome != INCOME:
            unit = f"{OUTCOMES.get(spec.outcome, 'outcome')} per log point"
        shared: Fields = {
            "hypothesis": self.section.hypothesis if decides else "",
            "family": "linkages",
            "role": spec.role if psi else role,
            "estimator": BASE,
            "spec_id": spec.id,
            "outcome": spec.outcome,
            "term": term,
            "unit_scheme": str(about["unit_scheme"]),
            "period": f"{spec.span[0]}-{spec.span[1]}",
            "treatment_def": spec.intensity,
            "controls_id": spec.controls,
            "fe_id": f"unit+year{'+moderator by year' if panel.trends else ''}",
            "w_id": spec.weights,
            "n_obs": panel.y.size,
            "n_units": len(panel.units),
            "n_periods": len(panel.years),
            "sesoi": sesoi,
            "unit_of_measure": (
                f"{unit} per s.d. of the moderator" if "_x_" in term else unit
            ),
            "output_basis": self._basis(spec),
            "data_hash": str(about["data_hash"]),
        }
        warning = self._warning(spec, fields, sesoi)
        return Estimate(**shared | fields | {"warning": warning} | labels)

    def _sesoi(self) -> float:
        return self.study.config.sesoi.named("linkage_elasticity")

    def _basis(self, spec: LinkageSpec) -> str:
        """Return the basis of the outcome in the years of a specification."""
        first, last = spec.span
        spans = self.study.description()["basis_years"]
        touched = [
            basis
            for basis, (start, end) in spans.items()
            if start <= last and first <= end
        ]
        return "spliced" if len(touched) > 1 else "".join(touched)

    def _warning(self, spec: LinkageSpec, fields: Fields, sesoi: float) -> str:
        """Say what limits a row."""
        moderators = self.section.moderators
        moderator = moderators[spec.moderator]
        dated = f"MODERATOR: {moderator.label}, {moderator.note}"
        late = []
        for name in filter(None, (spec.moderator, spec.rival)):
            # A moderator from within the sample may have been moved by the intensity.
            if moderators[name].years[1] >= spec.span[0]:
                label = moderators[name].label
                late.append(f"NOT PREDETERMINED: {label} lies inside the sample")
        return joined(
            BASES.get(self._basis(spec), ""),
            ENDOGENOUS,
            dated if moderator.note else "",
            *late,
            str(fields.get("warning", "")),
            underpowered(fields.get("mde", NAN), sesoi, "").rstrip(),
        )


def _standardised(values: np.ndarray, name: str) -> np.ndarray:
    """Return values with mean zero and standard deviation one (ddof 1); values (N,) ->
    (N,).
    """
    standard_deviation = float(np.std(values, ddof=1))
    if not standard_deviation > 0:
        raise EstimateError(
            f"the moderator {name} is {values[0]:g} for all {len(values)} units",
            "a moderator that varies",
            "choose another moderator in config.yaml",
        )
    return np.asarray((values - values.mean()) / standard_deviation)
