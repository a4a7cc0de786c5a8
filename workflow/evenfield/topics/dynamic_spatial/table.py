"""T17: the dynamic spatial panel, with the Monte Carlo that says whether its numbers may be printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import basis_mark, basis_note, origin_note
from evenfield.shared.tables.numbers import fixed, interval, p_value, places, text
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import count_of
from evenfield.study.errors import ArtifactError

BASE = "dynamic_sdm"
DYNAMICS = {"tau": "own past (tau)", "rho": "neighbours now (rho)", "eta": "neighbours' past (eta)"}
ROOTS = {
    "radius": "largest root, the common one apart", "speed_slowest": "slowest speed, % a year",
    "speed_fastest": "fastest speed, % a year",
}  # fmt: skip
KINDS = ("direct", "indirect", "total")
KEPT = ("spec_id", "outcome", "term", "effect_type", "period", "w_id", "estimate", "std_error", "conf_low", "conf_high",
        "p_value", "n_units", "n_periods", "output_basis", "warning")  # fmt: skip


def tabulate_dynamic_spatial(
    estimates: pd.DataFrame,
    series: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    section: Mapping[str, Any],
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange the dynamic spatial estimates: dynamics, roots and effects by specification."""
    rows: list[Row] = []
    main = pick(estimates, spec_id=section["specifications"][0]["id"]).get("w_id")
    for item in section["specifications"]:
        mine = only(estimates, spec_id=item["id"])
        if mine.empty:
            raise ArtifactError(f"no estimates of specification {item['id']}", "its rows in the dynamic family",
                                "add it to estimates.dynamic_spatial or remove T17 from `tables`")  # fmt: skip
        rows += [*_dynamics(mine, only(series, spec_id=item["id"])), *_roots(mine)]
        rows += _effects(mine, section) if mine["w_id"].iloc[0] == main else []
    return Table(id="T17", title="Dynamic spatial panel: own past, neighbours, and how long it lasts",
                 note=_notes(estimates, series, description, section, inference, study), columns=_columns(inference),
                 frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _group(row: Row) -> str:
    outcome = {"log_income": "Log income", "growth_pct": "Growth, pp a year"}.get(row["outcome"], row["outcome"])
    mark = basis_mark(row["output_basis"]) if row["output_basis"] != "official" else ""
    years = str(row["period"]).replace("-", "\u2013")
    return f"{outcome}, {years}, {row['w_id'].replace('_', ' ')} weights {mark}".strip()


def _row(row: Row, label: str) -> Row:
    why = [part.strip() for part in text(row["warning"]).split(";")]
    reason = "; ".join(p for p in why if p.startswith(("WITHHELD", "NOT STABLE", "COMMON", "fewer")))
    return {"group": _group(row), "label": label, **{name: row[name] for name in KEPT}, "reason": reason}


def _dynamics(mine: pd.DataFrame, check: pd.DataFrame) -> Iterable[Row]:
    for term, label in DYNAMICS.items():
        row = pick(mine, estimator=BASE, term=term, effect_type="coef")
        plain, adjusted = (pick(check, term=term, estimator=name) for name in ("likelihood", "adjusted"))
        yield {
            **_row(row, label), "bias_before": plain.get("bias"), "bias_after": adjusted.get("bias"),
            "sd": adjusted.get("sd"), "coverage": adjusted.get("coverage"), "estimated": adjusted.get("estimated"),
        }  # fmt: skip


def _roots(mine: pd.DataFrame) -> Iterable[Row]:
    """Show roots and speeds, not those that are withheld: the reason stands in the rows above."""
    known = only(mine, estimator=BASE, effect_type="radius")["estimate"].notna().any()
    for kind, label in ROOTS.items() if known else ():
        yield _row(pick(mine, estimator=BASE, effect_type=kind), label)


def _effects(mine: pd.DataFrame, section: Mapping[str, Any]) -> Iterable[Row]:
    if mine["warning"].str.contains("WITHHELD").any():
        return
    horizons = [int(h) for h in section.get("horizons", (1, 5, 10))]
    later = {f"after_{h}": f"after {h} year{'s' if h > 1 else ''}" for h in horizons}
    names = {"short_run": "in the same year", **later, "long_run": "in the long run"}
    effects = mine[mine["estimator"].eq(BASE)]
    terms = [name for name in section["variables"] if effects["effect_type"].ne("coef").where(
        effects["term"].eq(name)).any()]  # fmt: skip
    for term in terms:
        for horizon, when in names.items():
            for kind in _kinds(horizon):
                for row in records(only(effects, term=term, effect_type=f"{horizon}_{kind}")):
                    yield _row(row, f"{section['variables'][term]['label']}: {kind}, {when}")


def _kinds(horizon: str) -> Sequence[str]:
    """Show direct and indirect effects now and in the long run, indirect ones in between."""
    return KINDS[:2] if horizon in {"short_run", "long_run"} else KINDS[1:2]


def _notes(
    estimates: pd.DataFrame, series: pd.DataFrame, description: Mapping[str, Any], section: Mapping[str, Any],
    inference: Mapping[str, Any], study: Mapping[str, Any],
) -> tuple[str, ...]:  # fmt: skip
    first = records(estimates.head(1))[0]
    small, share = section.get("max_bias", 0.02), section.get("max_bias_in_sd", 0.5)
    return (
        f"N = {count_of(first['n_units'], study)} (unit scheme {first['unit_scheme']}). Y_t = tau Y_(t\u22121) + "
        "rho W Y_t + eta W Y_(t\u22121) + X_t b + W X_t theta, with unit and year effects, by quasi maximum likelihood "
        "with the score adjusted for the unit effects.",
        f"Bias: mean error in {int(series['replications'].max())} panels drawn from the estimates, with the study's "
        f"units, weights, years and regressors, before and after the correction. Numbers are printed only where the "
        f"bias of tau, rho and eta is below {small:g} or below {share:g} standard deviations and nearly all panels "
        f"have an estimate. Coverage: share of {inference['conf_level']:.0%} intervals that hold the planted value.",
        "Effects: one unit more of the regressor, for good, in all units; direct in the unit itself, indirect on all "
        "others; percentile intervals of draws; shown for the "
        "main weights. Where a root lies outside the circle, differences between units do not "
        "die out and there is no long run. Speeds: one for each root, so the range is given.",
        "Regressors are taken as strictly exogenous, which zones and trade are not: associations, not effects.",
        basis_note(description),
        origin_note(description, int(inference["seed"])),
    )


def _columns(inference: Mapping[str, Any]) -> tuple[Column, ...]:
    level = f"{inference['conf_level']:.0%}"
    return (
        Column(names=("label",), header="Coefficient or effect"),
        Column(names=("estimate",), header="Estimate", align="right", show=places(fixed, 4), reason="reason"),
        Column(names=("conf_low", "conf_high"), header=f"{level} interval", align="right", show=places(interval, 4)),
        Column(names=("p_value",), header="p", align="right", show=p_value),
        Column(names=("bias_before",), header="Bias before", align="right", show=places(fixed, 3)),
        Column(names=("bias_after",), header="Bias after", align="right", show=places(fixed, 3)),
        Column(names=("sd",), header="s.d.", align="right", show=places(fixed, 3)),
        Column(names=("coverage",), header="Coverage", align="right", show=places(fixed, 2)),
    )  # fmt: skip
