"""Backward linkages: is the association with neighbours' foreign enterprises larger
where industry was larger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.leave_out import leave_one_out, leave_pair_out
from evenfield.numerics.ols import OlsFit
from evenfield.numerics.spatial import multiplier
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.expressions import check_columns, evaluate
from evenfield.shared.few_units import Fields
from evenfield.shared.rows import Results
from evenfield.shared.samples import joined
from evenfield.shared.spec import Id, Role, Spec, check_specs, read, with_shared
from evenfield.shared.study_panel import COLUMNS, with_zones
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.study import Study
from evenfield.topics.linkages.estimate_inference import (
    METHODS,
    Setting,
    long_difference_fields,
    marginal_effects,
    permuted_estimates,
    tercile_difference,
    tested_fields,
)
from evenfield.topics.linkages.estimate_panel import (
    NEIGHBOURS,
    NEIGHBOURS_RIVAL,
    NEIGHBOURS_X,
    LinkagePanel,
    fit_long_difference,
    fit_panel,
)

BASE = "linkage_fe"
CURVE_DRAWS = "linkage:curve"
OUTCOMES = {"log_income": "log points", "growth_pct": "pp/yr"}
BASES = {
    "proxy": "PROXY: income rests on proxy output",
    "spliced": "SPLICED: proxy output is joined to official output",
}
ENDOGENOUS = "ENDOGENOUS: intensity is not assigned, an association"


class Intensity(Spec):
    """What the neighbours hold."""

    expression: str = Field(
        description=f"Its value by unit and year, an expression of {COLUMNS}."
    )
    label: str
    """How it is printed."""


class Moderator(Spec):
    """A predetermined capacity: the mean over its years."""

    expression: str = Field(
        description=f"Its value by unit and year, an expression of {COLUMNS}."
    )
    label: str
    """How it is printed."""
    years: tuple[int, int]
    """First and last year of the mean."""
    note: str = ""
    """A limit of the moderator that every row and table repeats."""


class LinkageSpec(Spec):
    """One linkage regression."""

    id: Id
    intensity: str
    """What the neighbours hold."""
    moderator: str
    """Capacity it interacts with."""
    rival: str = ""
    """A second moderator beside it; empty for none."""
    outcome: Literal["log_income", "growth_pct"] = "log_income"
    """Outcome."""
    years: tuple[int, int] = (0, 0)
    """First and last year, those of the topic by default."""
    weights: str = ""
    """Spatial weights, those of the topic by default."""
    trends: Literal["none", "moderator"] = "none"
    """`moderator`: the moderator by year dummies."""
    role: Role = "robustness"
    """Role in the tables."""

    @property
    def controls(self) -> str:
        """Names of the moderators."""
        return self.moderator + (f"+{self.rival}" if self.rival else "")


class Section(Spec):
    """What all specifications share, and the specifications."""

    hypothesis: str = ""
    """Hypothesis that the primary specification decides."""
    years: tuple[int, int]
    """First and last year."""
    weights: str
    """Spatial weights."""
    placebo_years: tuple[int, int] | None = None
    """Years before the sample whose change of log income serves as a placebo outcome;
    none by default."""
    draws: int = Field(999, ge=99)
    """Draws of the moderator over units."""
    intensities: dict[str, Intensity] = Field(min_length=1)
    """What the neighbours hold, by name."""
    moderators: dict[str, Moderator] = Field(min_length=1)
    """Predetermined capacity, by name."""
    specs: list[LinkageSpec] = Field(min_length=1)
    """Specifications."""

    @model_validator(mode="before")
    @classmethod
    def _shared(cls, data: Any) -> Any:
        return with_shared(data, "years", "weights")

    @model_validator(mode="after")
    def _known(self) -> Section:
        for spec in self.specs:
            pairs = [
                (spec.intensity, sorted(self.intensities)),
                (spec.moderator, sorted(self.moderators)),
            ]
            for name, known in [*pairs, (spec.rival, ["", *sorted(self.moderators)])]:
                if name not in known:
                    raise ValueError(
                        f"{spec.id} names {name}, not one of {', '.join(known)}"
                    )
        check_specs(self.specs)
        return self


def check_data(study: Study, section: Section, spec: LinkageSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    if spec is section.specs[0]:
        _Linkages(study)


def estimate(study: Study) -> Results:
    """Estimate every linkage specification, other inference for the primary one and
    what its sign rests on.

    Notes
    -----
    y_it = mu_i + tau_t + a F_it + b (WF)_it + c F_it L_i + psi (WF)_it L_i + e_it; psi
    decides.
    """
    work = _Linkages(study)
    rows = [row for spec in work.section.specs for row in work.rows_of(spec)]
    rows += [*work.deciding_rows(), work.curve_row()]
    series = pd.concat(
        [
            marginal_effects(work.setting(spec)).assign(spec_id=spec.id)
            for spec in work.section.specs
        ],
        ignore_index=True,
    )
    order = ["spec_id", "kind", "moderator", "label"]
    series = series[["spec_id", *series.columns.drop("spec_id")]].sort_values(
        order, ignore_index=True
    )
    return Results(rows, {"series": series}, work.summary())


class _Linkages:
    """The panels and fits of all specifications, and the rows that are made of them."""

    def __init__(self, study: Study) -> None:
        self.study, self.section = study, read(Section, study.config, "linkages")
        self.main = next(
            (spec for spec in self.section.specs if spec.role == "primary"),
            self.section.specs[0],
        )
        self.inference, self.power = study.config["inference"], study.power
        self.coordinates = (
            study.table("units").set_index("unit")[["lat", "lon"]].astype(float)
        )
        self.table, self.units = with_zones(study), list(self.coordinates.index)
        self.panels = {spec.id: self._panel(spec) for spec in self.section.specs}

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
        c = panel.contrast({NEIGHBOURS_X: 1.0}, fit.X.shape[1])
        draw_id = f"linkage:{spec.id}:{NEIGHBOURS_X}"
        return Setting(
            panel,
            fit,
            c,
            self.coordinates,
            self.inference,
            self.power,
            self.section.draws,
            draw_id,
        )

    def rows_of(self, spec: LinkageSpec) -> list[Estimate]:
        """Return the terms of a specification, all of the main one and the interactions
        of others, and its terciles.
        """
        setting = self.setting(spec)
        out = []
        shown = list(setting.panel.columns) if spec == self.main else [NEIGHBOURS_X]
        for term in dict.fromkeys(
            [*shown, *([NEIGHBOURS_RIVAL] if spec.rival else [])]
        ):
            c = setting.panel.contrast({term: 1.0}, setting.fit.X.shape[1])
            out.append(self._row(spec, term, tested_fields(replace(setting, c=c))))
        binned = self._row(spec, NEIGHBOURS, tercile_difference(setting))
        return [
            *out,
            replace(
                binned,
                estimator=f"{BASE}_bins",
                contrast="high - low tercile",
                role="exploratory",
            ),
        ]

    def deciding_rows(self) -> list[Estimate]:
        """Return other inference on the deciding coefficient, its placebo and what its
        sign rests on.
        """
        setting = self.setting(self.main)
        spec = self.main
        rows = [
            replace(
                self._row(spec, NEIGHBOURS_X, method(setting)),
                estimator=f"{BASE}_{name}",
                role="ladder",
            )
            for name, method in METHODS.items()
        ]
        return [*rows, *self._placebo(setting), *self._leave_out(setting)]

    def curve_row(self) -> Estimate:
        """Return the share of specifications with the sign of the deciding one, with a
        joint permutation p-value.
        """
        # ASSUME: the curve holds every specification with the deciding moderator that
        # is primary or robustness.
        same = [
            spec for spec in self.section.specs if spec.moderator == self.main.moderator
        ]
        names = [spec.id for spec in same if spec.role in {"primary", "robustness"}]
        psi = np.array(
            [self.setting(spec).estimate for spec in same if spec.id in names]
        )
        seed = self.inference["seed"]
        drawn = permuted_estimates(
            {name: self.panels[name] for name in names},
            self.section.draws,
            seed,
            CURVE_DRAWS,
        )
        at = names.index(self.main.id)
        share = (np.sign(psi) == np.sign(psi[at])).mean()
        under = np.array([drawn[name] for name in names])
        shares = (np.sign(under) == np.sign(under[at])).mean(axis=0)
        fields = {
            "estimate": float(share),
            "p_value": (1 + int((shares >= share - 1e-9).sum())) / (1 + len(shares)),
        }
        words = {
            "p_type": f"moderator permuted over units, {len(shares)} draws",
            "seed": f"{seed}:{CURVE_DRAWS}",
        }
        row = replace(
            self._row(self.main, NEIGHBOURS_X, fields | words),
            estimator="specification_curve",
        )
        row = replace(
            row,
            effect_type="share",
            role="robustness",
            unit_of_measure="share",
            sesoi=NAN,
        )
        return replace(row, n_obs=len(names), n_periods=1)

    def summary(self) -> dict[str, Any]:
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
            **{"conf_level": self.inference["conf_level"], "power": self.power},
        }

    def _panel(self, spec: LinkageSpec) -> LinkagePanel:
        units = self.units
        years = list(range(spec.years[0], spec.years[1] + 1))
        known = sorted(self.study.config["weights"]["families"])
        if spec.weights not in known:
            raise EstimateError(
                f"linkage specification {spec.id} names weights {spec.weights}",
                f"one of {first_examples(known)}",
                "add it to weights.families",
            )
        W = multiplier(self.study.weights(spec.weights).aligned(units))
        # ASSUME: zones enter as ln(1 + zones in force): the first zone of a unit weighs
        # more than the tenth.
        F = self._grid(
            self.section.intensities[spec.intensity].expression, years, spec.id
        )
        # ASSUME: intensity in deviation from the mean of the year, so that the exchange
        # rate, common to all units, drops out of the interaction as it drops out of the
        # main terms.
        F = F - F.mean(axis=0)
        raw = self._moderator(spec.moderator, units)
        y = self._grid(spec.outcome, years, spec.id)
        rival = (
            _standardised(self._moderator(spec.rival, units), spec.rival)
            if spec.rival
            else None
        )
        L = _standardised(raw, spec.moderator)
        return LinkagePanel(
            tuple(units),
            tuple(years),
            y,
            F,
            W @ F,
            L,
            raw,
            rival,
            spec.trends == "moderator",
        )

    def _grid(self, expression: str, years: list[int], where: str) -> np.ndarray:
        """Return an expression for each unit and year, shape (N, T), every value there."""
        check_columns(expression, self.table.columns, f"linkage specification {where}")
        values = self.table[["unit", "year"]].assign(
            value=evaluate(expression, self.table)
        )
        wide = values.pivot(index="unit", columns="year", values="value").reindex(
            self.units, columns=years
        )
        if blank := [
            f"{wide.index[i]} {years[t]}"
            for i, t in np.argwhere(wide.isna().to_numpy())
        ]:
            missing_text = (
                f"{len(blank)} values of {expression} are missing in"
                f" {years[0]}-{years[-1]}"
            )
            raise EstimateError(
                f"{missing_text} ({first_examples(blank)}; linkage specification {where})",
                "a value for every unit and year, above zero in a logarithm",
                "choose other years or another expression in config.yaml",
            )
        return wide.to_numpy(float)

    def _moderator(self, name: str, units: list[str]) -> np.ndarray:
        """Return a moderator: the mean of the values available within its years; shape
        (N,).
        """
        moderator = self.section.moderators[name]
        check_columns(moderator.expression, self.table.columns, f"moderator {name}")
        inside = self.table["year"].between(*moderator.years)
        # ASSUME: a unit without all years of the moderator takes the mean of those it
        # has.
        values = evaluate(moderator.expression, self.table)[inside]
        means = values.groupby(self.table.loc[inside, "unit"]).mean().reindex(units)
        if blank := [str(unit) for unit in means.index[means.isna()]]:
            raise EstimateError(
                f"{len(blank)} units have no {name} in {moderator.years[0]}-{moderator.years[1]}"
                f" ({first_examples(blank)})",
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
                "regressors that can be told apart",
                "change intensity, moderator or years in config.yaml",
            ) from error

    def _placebo(self, setting: Setting) -> list[Estimate]:
        """Return the interaction with income growth from before the sample as the
        outcome: there should be none.
        """
        if self.section.placebo_years is None:
            return []
        first, last = self.section.placebo_years
        ends = self._grid("log_income", [first, last], "placebo")
        fields = long_difference_fields(
            setting, fit_long_difference(setting.panel, ends[:, 1] - ends[:, 0])
        )
        earlier = self.main.model_copy(update={"years": (first, last), "rival": ""})
        row = replace(
            self._row(self.main, NEIGHBOURS_X, fields),
            sesoi=NAN,
            outcome="log_income",
            role="placebo",
        )
        row = replace(
            row,
            output_basis=self._basis(earlier),
            warning=self._warning(earlier, {}, NAN),
        )
        return [
            replace(row, estimator=f"{BASE}_placebo_before", period=f"{first}-{last}")
        ]

    def _leave_out(self, setting: Setting) -> list[Estimate]:
        # ASSUME: a unit that is left out still counts as its neighbours' neighbour.
        members = setting.panel.members
        one = leave_one_out(setting.fit, setting.c, members)
        pair = leave_pair_out(setting.fit, setting.c, members)
        low = int(np.nanargmin(one.estimates))
        high = int(np.nanargmax(one.estimates))
        extremes = {
            "stat_sign_flips": (float(one.sign_flips), ""),
            "stat_low": (float(one.estimates[low]), f"without {one.left_out[low][0]}"),
            "stat_high": (
                float(one.estimates[high]),
                f"without {one.left_out[high][0]}",
            ),
            "stat_pair": (pair.estimate + pair.largest_change, ""),
        }
        rows = []
        for effect, (value, note) in extremes.items():
            row = self._row(
                self.main, NEIGHBOURS_X, {"estimate": value, "warning": note}
            )
            row = replace(
                row,
                estimator="leave_one_out",
                effect_type=effect,
                role="robustness",
                sesoi=NAN,
            )
            if effect == "stat_pair":
                row = replace(
                    row,
                    estimator="leave_pair_out",
                    sample_id=f"without {' '.join(pair.most_influential)}",
                )
            rows.append(
                replace(row, unit_of_measure="count")
                if effect == "stat_sign_flips"
                else row
            )
        return rows

    def _row(self, spec: LinkageSpec, term: str, fields: Fields) -> Estimate:
        """Return one row: what belongs to the specification, then the numbers of a
        method.
        """
        panel = self.panels[spec.id]
        psi = term == NEIGHBOURS_X
        about = self.study.description()
        decides = psi and spec.moderator == self.main.moderator
        comparable = (spec.outcome, spec.intensity) == (
            self.main.outcome,
            self.main.intensity,
        )
        sesoi = self._sesoi() if decides and comparable else NAN
        plain = (
            "elasticity"
            if spec.outcome == "log_income"
            else f"{OUTCOMES[spec.outcome]} per log point"
        )
        shared: dict[str, Any] = {
            "hypothesis": self.section.hypothesis if decides else "",
            "family": "linkages",
            "role": (
                spec.role
                if psi
                else "mechanism"
                if term == NEIGHBOURS_RIVAL
                else "exploratory"
            ),
            "estimator": BASE,
            "spec_id": spec.id,
            "outcome": spec.outcome,
            "term": term,
            "unit_scheme": str(about["unit_scheme"]),
            "period": f"{spec.years[0]}-{spec.years[1]}",
            "treatment_def": spec.intensity,
            "controls_id": spec.controls,
            "fe_id": (
                "unit+year"
                + ("+moderator by year" if spec.trends == "moderator" else "")
            ),
            "w_id": spec.weights,
            "n_units": len(panel.units),
            "sesoi": sesoi,
            "unit_of_measure": (
                f"{plain} per s.d. of the moderator" if "_x_" in term else plain
            ),
            "output_basis": self._basis(spec),
            "data_hash": str(about["data_hash"]),
        }
        counts = {"n_obs": panel.y.size, "n_periods": len(panel.years)}
        return Estimate(
            **shared | counts | fields | {"warning": self._warning(spec, fields, sesoi)}
        )

    def _sesoi(self) -> float:
        return float(
            (self.study.config.get("sesoi") or {}).get("linkage_elasticity", NAN)
        )

    def _basis(self, spec: LinkageSpec) -> str:
        """Return the basis of the outcome in the years of a specification."""
        first, last = spec.years
        spans = self.study.description()["basis_years"]
        touched = [
            basis
            for basis, (start, end) in sorted(spans.items())
            if start <= last and first <= end
        ]
        return "spliced" if len(touched) > 1 else touched[0] if touched else ""

    def _warning(
        self, spec: LinkageSpec, fields: Mapping[str, Any], sesoi: float
    ) -> str:
        """Say what limits a row."""
        used = [
            self.section.moderators[name]
            for name in (spec.moderator, spec.rival)
            if name
        ]
        mde = fields.get("mde", NAN)
        dated = f"MODERATOR: {used[0].label}, {used[0].note}" if used[0].note else ""
        late = [
            f"NOT PREDETERMINED: {m.label} lies inside the sample"
            for m in used
            if m.years[1] >= spec.years[0]
        ]
        weak = (
            f"UNDERPOWERED: mde {mde:.3g} above sesoi {sesoi:g}" if mde > sesoi else ""
        )
        basis = BASES.get(self._basis(spec), "")
        return joined(
            basis, ENDOGENOUS, dated, *late, str(fields.get("warning", "")), weak
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
