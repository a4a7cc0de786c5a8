"""Does the urban-rural gap move differently in cluster and in zone regions: one change per unit and window (H10)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.contrasts.contrasts import GroupContrast
from evenfield.shared.contrasts.group_study import (
    DIFFERENCE,
    LABELS,
    GroupStudy,
    complete,
    difference,
    single,
    yearly_growth,
    years_within,
)
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.balance.estimate_spec import BalanceSpec

GAP, URBAN, RURAL, LEVEL = "gap_growth", "urban_growth", "rural_growth", "gap_level"
SERIES_COLUMNS = ["spec_id", "taxonomy", "cell", "window", "year", "n_units", "log_gap", "ratio"]
# ASSUME: incomes of town and country enter at current prices; one price index for both would leave the gap as it is.
NOMINAL = "nominal incomes"
WITHIN_UNITS = "inequality within units needs incomes of smaller places or of households; the panel holds neither"


@dataclass(frozen=True)
class BalanceResults:
    """Everything the balance family hands on."""

    estimates: list[Estimate]  # differences by window, outcome and taxonomy with their ladder
    series: pd.DataFrame  # mean gap by cell and year, ``SERIES_COLUMNS``; the ratio is a geometric mean
    summary: dict[str, Any]  # equation, conventions, what is left out and why


def estimate_balance(study: GroupStudy, specs: list[BalanceSpec], sesoi_pct: float) -> BalanceResults:
    """Compare the change of the urban-rural gap in cluster and in zone regions.

    Notes
    -----
    100 / T x (ln(u_i / r_i) in the last year minus the same in the first) = a + b_C C_i + b_S S_i + z_i'd + e_i, one
    row a unit and window; the number of interest is b_C - b_S. With one change a unit this equals two-way fixed
    effects on the two end years (Bertrand, Duflo and Mullainathan 2004).
    """
    contrasts: list[GroupContrast] = []
    paths: list[pd.DataFrame] = []
    left_out: list[dict[str, str]] = [{"part": "within_units", "reason": WITHIN_UNITS}]
    for spec in specs:
        lacking = study.lacking([spec.urban, spec.rural])
        if lacking:
            left_out.append({"part": spec.id, "reason": f"no figures of {', '.join(lacking)} in the panel"})
            continue
        for window in spec.windows:
            contrasts += _window_contrasts(study, spec, window, sesoi_pct)
        paths += [_paths(study, spec)] if spec.role == "primary" else []
    series = pd.concat(paths, ignore_index=True) if paths else pd.DataFrame(columns=SERIES_COLUMNS)
    return BalanceResults(study.estimate(contrasts), series, _summary(left_out, sesoi_pct))


def _window_contrasts(
    study: GroupStudy, spec: BalanceSpec, window: tuple[int, int], sesoi_pct: float
) -> list[GroupContrast]:
    base = _row(study, spec, window, sesoi_pct)
    own = replace(base, treatment_def=study.taxonomy)
    table, note = _table(study, spec, window, study.taxonomy)
    own = replace(own, warning=note)
    found = [difference(own, table, GAP, spec.given)]
    if spec.role != "primary":
        return found
    plain = replace(own, hypothesis="", role="exploratory", sesoi=NAN)
    found += [single(replace(plain, term=label, contrast=""), table, GAP, spec.given) for label in LABELS]
    found += [difference(replace(own, role="mechanism", outcome=name, sesoi=NAN), table, name, spec.given)
              for name in (URBAN, RURAL)]  # fmt: skip
    level = replace(plain, outcome=LEVEL, unit_of_measure="log points")
    found.append(difference(level, table, LEVEL, spec.given))
    for taxonomy in study.others:
        table, note = _table(study, spec, window, taxonomy)
        row = replace(base, role="robustness", treatment_def=taxonomy, warning=note)
        found.append(difference(row, table, GAP, spec.given))
    return found


def _row(study: GroupStudy, spec: BalanceSpec, window: tuple[int, int], sesoi_pct: float) -> Estimate:
    # ASSUME: the smallest effect of interest is a change of the ratio over a whole window, spread over its years.
    sesoi = 100 * np.log1p(sesoi_pct / 100) / (window[1] - window[0])
    return Estimate(
        hypothesis="H10", family="balance", role=spec.role, estimator="long_difference", spec_id=spec.id, outcome=GAP,
        term="cluster", contrast=DIFFERENCE, sample_id=spec.sample, unit_scheme=str(study.description["unit_scheme"]),
        period=f"{window[0]}-{window[1]}", fe_id="unit, year (collapsed)", estimate=NAN, sesoi=float(sesoi),
        unit_of_measure="pp/yr", n_periods=2, seed=str(study.settings.seed),
        data_hash=str(study.description["data_hash"]),
    )  # fmt: skip


def _table(
    study: GroupStudy, spec: BalanceSpec, window: tuple[int, int], taxonomy: str
) -> tuple[pd.DataFrame, str]:  # fmt: skip
    start, end = window
    urban, rural = study.wide(spec.urban), study.wide(spec.rural)
    growth = {URBAN: yearly_growth(urban, start, end), RURAL: yearly_growth(rural, start, end)}
    gap = _log_gap(urban, rural)
    table = study.groups(taxonomy, start).assign(
        **growth, **{GAP: growth[URBAN] - growth[RURAL], LEVEL: gap[years_within(gap, window)].mean(axis=1)},
        gap_start=gap.get(start, NAN), log_income_start=study.wide("log_income").get(start, NAN),
    )  # fmt: skip
    for name in [name for name in spec.given if name not in table]:
        table[name] = study.unit_column(name)
    return complete(study.without(table, spec.sample), [GAP, URBAN, RURAL, LEVEL, *spec.given])


def _log_gap(urban: pd.DataFrame, rural: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(np.log(urban.where(urban > 0).astype(float)) - np.log(rural.where(rural > 0).astype(float)))


def _paths(study: GroupStudy, spec: BalanceSpec) -> pd.DataFrame:
    gap = _log_gap(study.wide(spec.urban), study.wide(spec.rural))
    parts = []
    for start, end in spec.windows:
        cells = study.groups(study.taxonomy, start)["cell"]
        for year in years_within(gap, (start, end)):
            mean = gap[year].groupby(cells).agg(["mean", "count"]).reset_index()
            parts.append(mean.set_axis(["cell", "log_gap", "n_units"], axis=1).assign(
                window=f"{start}-{end}", year=year))  # fmt: skip
    found = pd.concat(parts).assign(spec_id=spec.id, taxonomy=study.taxonomy)
    found = found[found["n_units"].gt(0)].assign(ratio=lambda t: np.exp(t["log_gap"]))
    return found[SERIES_COLUMNS].sort_values(["spec_id", "cell", "year"], ignore_index=True)


def _summary(left_out: list[dict[str, str]], sesoi_pct: float) -> dict[str, Any]:
    return {
        "equation": "100 / T (ln(urban / rural)_i,end - ln(urban / rural)_i,start) = a + b_C C_i + b_S S_i + e_i",
        "reading": "b_C - b_S: yearly change of the log gap in cluster minus zone units, percentage points; below zero "
                   "the gap rose less (or fell more) with clusters; an association",
        "mechanism": "the same difference for urban and for rural income growth; their difference is that of the gap",
        "level": "mean log gap of the window, description",
        "incomes": NOMINAL,
        "sesoi": f"{sesoi_pct:g} percent of the ratio over a window: 100 ln(1 + {sesoi_pct / 100:g}) / years",
        "left_out": left_out,
    }  # fmt: skip
