"""One row of the linkage family, and what limits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.linkages.estimate_data import NEIGHBOURS_RIVAL, NEIGHBOURS_X, LinkagePanel
from evenfield.topics.linkages.estimate_inference import Fields
from evenfield.topics.linkages.estimate_spec import OUTCOMES, LinkageSettings, LinkageSpec

BASE = "linkage_fe"
ENDOGENOUS = "ENDOGENOUS: intensity is not assigned, an association"


@dataclass(frozen=True)
class Study:
    """What every specification is estimated on."""

    places: pd.DataFrame  # coordinates
    description: Mapping[str, Any]  # ``unit_scheme``, ``data_hash``, ``basis_years``
    settings: LinkageSettings  # what all specifications share
    main: LinkageSpec  # the specification that decides


def linkage_row(spec: LinkageSpec, panel: LinkagePanel, study: Study, term: str, fields: Fields) -> Estimate:
    """Return one row: what belongs to the specification, then the numbers of a method."""
    psi = term == NEIGHBOURS_X
    decides = psi and spec.moderator == study.main.moderator
    sesoi = study.settings.sesoi if decides and _comparable(spec, study.main) else NAN
    first = {"n_obs": panel.y.size, "n_periods": len(panel.years), **fields}
    return Estimate(
        hypothesis=study.settings.hypothesis if decides else "", family="linkage",
        role=spec.role if psi else "mechanism" if term == NEIGHBOURS_RIVAL else "exploratory", estimator=BASE,
        spec_id=spec.id, outcome=spec.outcome, term=term, unit_scheme=str(study.description["unit_scheme"]),
        period=spec.period, treatment_def=spec.intensity.name, controls_id=spec.controls, fe_id=spec.effects,
        w_id=spec.weights, n_units=len(panel.units), sesoi=sesoi,
        unit_of_measure=_unit(spec, term), output_basis=output_basis(spec, study.description),
        data_hash=str(study.description["data_hash"]),
        **{**first, "warning": row_warning(spec, study, fields, sesoi)},
    )  # fmt: skip


def _comparable(spec: LinkageSpec, main: LinkageSpec) -> bool:
    """Tell whether the coefficient has the unit of the smallest effect of interest: that of the main specification."""
    return (spec.outcome, spec.intensity.kind) == (main.outcome, main.intensity.kind)


def _unit(spec: LinkageSpec, term: str) -> str:
    plain = "elasticity" if spec.outcome == "log_income" else f"{OUTCOMES[spec.outcome]} per log point"
    return f"{plain} per s.d. of the moderator" if "_x_" in term else plain


def output_basis(spec: LinkageSpec, description: Mapping[str, Any]) -> str:
    """Return the basis of the outcome in the years of a specification."""
    first, last = spec.years
    touched = [basis for basis, (start, end) in sorted(description["basis_years"].items())
               if start <= last and first <= end]  # fmt: skip
    return "spliced" if len(touched) > 1 else touched[0] if touched else ""


def row_warning(spec: LinkageSpec, study: Study, fields: Fields, sesoi: float) -> str:
    """Say what limits a row."""
    basis = {"proxy": "PROXY: income rests on proxy output",
             "spliced": "SPLICED: proxy output is joined to official output"}  # fmt: skip
    late = [m for m in (spec.moderator, spec.rival) if m and m.years[1] >= spec.years[0]]
    dated = f"MODERATOR: {spec.moderator.label}, {spec.moderator.note}" if spec.moderator.note else ""
    mde = fields.get("mde", NAN)
    parts = [
        basis.get(output_basis(spec, study.description), ""), ENDOGENOUS, dated,
        *(f"NOT PREDETERMINED: {m.label} lies inside the sample" for m in late), str(fields.get("warning", "")),
        f"UNDERPOWERED: mde {mde:.3g} above sesoi {sesoi:g}" if mde > sesoi else "",
    ]  # fmt: skip
    return "; ".join(part for part in parts if part)
