"""Does growth change more where a regional programme begins: one change of mean growth per unit (H13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.contrasts.contrasts import GroupContrast
from evenfield.shared.contrasts.group_study import ALL, GroupStudy, complete, years_within
from evenfield.shared.estimates import NAN, Estimate
from evenfield.study.errors import EstimateError
from evenfield.topics.programmes.estimate_border import border_rows
from evenfield.topics.programmes.estimate_spec import WestSpec, Years

CHANGE, AFTER = "growth_change", "growth_after"
MEMBER, EXPOSURE, BOTH = "programme", "exposure_cluster", "programme_x_exposure"
SERIES_COLUMNS = ["spec_id", "programme", "group", "year", "basis", "n_units", "growth"]
PROXY_BEFORE = "DESCRIPTIVE: growth before the programme rests on PROXY output"


@dataclass(frozen=True)
class WestResults:
    """Everything the family hands on."""

    estimates: list[Estimate]  # differences, placebos, border pairs and interactions
    series: pd.DataFrame  # mean growth by group and year, ``SERIES_COLUMNS``
    summary: dict[str, Any]  # equation, conventions, what is left out and why


def estimate_west(
    study: GroupStudy, programmes: pd.DataFrame, exposures: pd.DataFrame, specs: list[WestSpec], sesoi: float
) -> WestResults:
    """Compare the change of growth of a programme's units with that of the others.

    Notes
    -----
    mean growth after - mean growth before = a + b D_i + c E_i + z_i'd + e_i, one row a unit: D for the programme, E for
    other programmes. Growth across the joint of proxy and official output is never used.
    """
    contrasts: list[GroupContrast] = []
    rows: list[Estimate] = []
    paths: list[pd.DataFrame] = []
    left_out: list[dict[str, str]] = []
    for spec in specs:
        reason = _absent(study, programmes, spec)
        if reason:
            left_out.append({"part": spec.id, "reason": reason})
            continue
        contrasts += _contrasts(study, programmes, exposures, spec, sesoi)
        if spec.role == "primary":
            base, table = _prepared(study, programmes, spec, spec.before, spec.after, sesoi)
            rows += border_rows(study, replace(base, role="robustness"), table[CHANGE], table[MEMBER].eq(1))
            paths.append(_path(study, programmes, spec))
    series = pd.concat(paths, ignore_index=True) if paths else pd.DataFrame(columns=SERIES_COLUMNS)
    return WestResults([*study.estimate(contrasts), *rows], series, _summary(left_out, sesoi))


def _absent(study: GroupStudy, programmes: pd.DataFrame, spec: WestSpec) -> str:
    known = set(study.units["unit"])
    for name in (spec.programme, *spec.beside):
        members = set(programmes.loc[programmes["programme"].eq(name), "unit"])
        if not members:
            return f"no programme {name} in programmes.csv"
        if members - known:
            return f"{len(members - known)} units of {name} are not units of the panel"
    years = set(study.panel.loc[study.panel["growth_pct"].notna(), "year"])
    gone = [span for span in (spec.before, spec.after) if not years & set(range(span[0], span[1] + 1))]
    return f"no growth in {gone[0][0]}-{gone[0][1]}" if gone else ""


def _contrasts(
    study: GroupStudy, programmes: pd.DataFrame, exposures: pd.DataFrame, spec: WestSpec, sesoi: float
) -> Iterable[GroupContrast]:
    base, table = _prepared(study, programmes, spec, spec.before, spec.after, sesoi)
    labels = (MEMBER, *spec.beside)
    yield GroupContrast(base, table, CHANGE, labels, spec.given, {MEMBER: 1.0})
    if spec.role == "primary":
        after = _based(study, replace(base, role="mechanism", outcome=AFTER, sesoi=NAN, warning=""), spec.after)
        yield GroupContrast(after, table, AFTER, labels, spec.given, {MEMBER: 1.0})
    for before, later in spec.placebos:
        row, old = _prepared(study, programmes, spec, before, later, sesoi)
        row = replace(row, role="placebo", estimator=f"did_placebo_{later[0]}")
        yield GroupContrast(row, old, CHANGE, labels, spec.given, {MEMBER: 1.0})
    if spec.exposure:
        yield _interaction(study, exposures, spec, base, table)


def _interaction(
    study: GroupStudy, exposures: pd.DataFrame, spec: WestSpec, base: Estimate, table: pd.DataFrame
) -> GroupContrast:
    period = study.period_at(spec.before[1])
    chosen = exposures[exposures["weights"].eq(spec.exposure) & exposures["taxonomy"].eq(study.taxonomy)
                       & exposures["period"].eq(period)].set_index("unit")[EXPOSURE]  # fmt: skip
    if chosen.empty:
        raise EstimateError(f"no exposures for weights {spec.exposure}", "one of the study's weights",
                            "mend estimates.west.exposure")  # fmt: skip
    crossed = table.assign(**{EXPOSURE: chosen.reindex(table.index)})
    crossed[BOTH] = crossed[MEMBER] * crossed[EXPOSURE]
    row = replace(base, hypothesis="L52", role="exploratory", estimator="did_exposure", term=BOTH, sesoi=NAN,
                  treatment_def=study.taxonomy, w_id=spec.exposure,
                  unit_of_measure="pp/yr per exposure 0 to 1")  # fmt: skip
    return GroupContrast(row, crossed, CHANGE, (BOTH,), (MEMBER, EXPOSURE, *spec.beside, *spec.given), {BOTH: 1.0})


def _prepared(
    study: GroupStudy, programmes: pd.DataFrame, spec: WestSpec, before: Years, after: Years, sesoi: float
) -> tuple[Estimate, pd.DataFrame]:
    growth = study.wide("growth_pct")
    means = {"before": _mean(growth, before), AFTER: _mean(growth, after)}
    table = pd.DataFrame({**means, CHANGE: means[AFTER] - means["before"]})
    for name, column in {spec.programme: MEMBER, **{name: name for name in spec.beside}}.items():
        members = programmes.loc[programmes["programme"].eq(name), "unit"]
        table[column] = table.index.isin(members).astype(float)
    for name in spec.given:
        table[name] = study.unit_column(name)
    table, note = complete(study.without(table, spec.sample), [CHANGE, AFTER, *spec.given])
    row = Estimate(
        hypothesis=spec.hypothesis, family="west", role=spec.role, estimator="did", spec_id=spec.id, outcome=CHANGE,
        term=spec.programme, sample_id=spec.sample, unit_scheme=str(study.description["unit_scheme"]),
        period=f"{before[0]}-{before[1]} to {after[0]}-{after[1]}", fe_id="unit, span (collapsed)", estimate=NAN,
        sesoi=sesoi, unit_of_measure="pp/yr", n_periods=2, seed=str(study.settings.seed), warning=note,
        data_hash=str(study.description["data_hash"]),
    )  # fmt: skip
    return _based(study, row, before, after), table


def _mean(growth: pd.DataFrame, span: Years) -> pd.Series:
    """Return mean growth over the years of a span in which growth is known for at least one unit."""
    known = growth[years_within(growth, span)].dropna(axis=1, how="all")
    return known.mean(axis=1, skipna=False) if known.shape[1] else pd.Series(NAN, growth.index)


def _based(study: GroupStudy, row: Estimate, *spans: Years) -> Estimate:
    bases = [_bases(study, span) for span in spans]
    together = set().union(*bases)
    basis = together.pop() if len(together) == 1 else "spliced" if together else ""
    proxy = PROXY_BEFORE if len(spans) > 1 and "proxy" in bases[0] else ""
    return replace(row, output_basis=basis, warning="; ".join(part for part in (row.warning, proxy) if part))


def _bases(study: GroupStudy, span: Years) -> set[str]:
    inside = study.panel["year"].between(*span) & study.panel["growth_pct"].notna() & study.panel["basis"].ne("")
    return set(study.panel.loc[inside, "basis"])


def _path(study: GroupStudy, programmes: pd.DataFrame, spec: WestSpec) -> pd.DataFrame:
    _, table = _prepared(study, programmes, spec, spec.before, spec.after, NAN)
    beside = table[list(spec.beside)].any(axis=1)
    group = pd.Series(np.where(table[MEMBER].eq(1), spec.programme, np.where(beside, "beside", "others")), table.index)
    panel = study.panel[study.panel["growth_pct"].notna()]
    means = panel.assign(group=panel["unit"].map(group)).groupby(["group", "year", "basis"])["growth_pct"]
    found = means.agg(["mean", "count"]).reset_index().rename(columns={"mean": "growth", "count": "n_units"})
    found = found.assign(spec_id=spec.id, programme=spec.programme)
    return found[SERIES_COLUMNS].sort_values(["spec_id", "group", "year"], ignore_index=True)


def _summary(left_out: list[dict[str, str]], sesoi: float) -> dict[str, Any]:
    return {
        "equation": "mean growth after_i - mean growth before_i = a + b programme_i + c other programmes_i + e_i",
        "reading": "b: how much more growth rose in the programme's units than in units without one, pp a year",
        "growth_after": "the same on mean growth after alone: above zero the gap narrows",
        "border": "mean difference over neighbours on two sides of the programme's line; two-way clusters by unit, t "
                  "with the smaller number of units on a side minus one",
        "placebo": "the same difference at dates at which the programme did not exist",
        "interaction": f"programme x share of neighbours with clusters (sample {ALL})",
        "sesoi": sesoi, "left_out": left_out,
    }  # fmt: skip
