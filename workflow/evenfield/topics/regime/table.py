"""T8: how much faster the gap to the mean closes the more a unit's neighbours hold clusters, or zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.headings import nothing_to_show, ordered_specs
from evenfield.shared.tables.notes import NOT_CAUSAL, basis_note, origin_note, period_with_basis, sample_note
from evenfield.shared.tables.numbers import fixed, interval, is_missing, p_value, places, whole
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import main_periods
from evenfield.shared.tables.warnings import reason
from evenfield.study.errors import ArtifactError

CLUSTER, SEZ = "initial_x_exposure_cluster", "initial_x_exposure_sez"
DIFFERENCE = f"{CLUSTER} - {SEZ}"
SLOPES = {
    ("initial_income", ""): "gap closed a year, no exposure",
    (CLUSTER, ""): "more with neighbours' clusters 0 to 1",
    (SEZ, ""): "more with neighbours' SEZs 0 to 1",
    (CLUSTER, DIFFERENCE): "neighbours' clusters minus neighbours' SEZs",
}
WITHIN = {"cluster": "with a cluster", "sez": "with an SEZ", "neither": "with neither"}


def tabulate_regime(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    shown: Sequence[str],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    power: float,
    study: Mapping[str, Any],
) -> Table:
    """Arrange convergence by regime: the primary specification in full, the key difference of the others."""
    ids = ordered_specs(list(estimates["spec_id"]), specs)
    if not ids:
        raise nothing_to_show("rows of convergence by regime", "regime", "T8")
    main = only(estimates, spec_id=ids[0])
    rows = [row for period in shown for row in _period_rows(only(main, period=period), period, periods, study)]
    rows += [
        *_split_rows(main, periods),
        *_panel_rows(main, shown, periods),
        *_other_rows(estimates, ids, shown, periods),
    ]
    facts = pick(main, estimator="regime")
    note = (
        sample_note(description, study),
        "Growth in percentage points a year on log income below the mean in the first year, and on that gap "
        "times the neighbours' clusters and SEZs, one cross-section per period; a positive number closes the gap. Main "
        f"rows: taxonomy {facts.get('treatment_def', '')}, {facts.get('w_id', '')} weights.",
        f"{inference['conf_level']:.0%} intervals and p by conditional SCPC (average pairwise correlation of shocks at "
        "most .03), in the panel rows by bootstrap-t over units; CR3 intervals beside them. Detectable: smallest "
        "difference found with "
        f"{power:.0%} power. Where detectable exceeds of interest the design is UNDERPOWERED: an interval that holds "
        "zero is no evidence that the two are alike.",
        "Speeds within groups have few units each and are description only. Exposures rest on a list that does not "
        "change over time, so they are identified off differences of income between places.",
        basis_note(description),
        NOT_CAUSAL,
        origin_note(description),
    )
    frame = pd.DataFrame(rows)
    if frame.empty:
        raise ArtifactError(f"no rows of specification {ids[0]} in the periods shown", "its rows in the regime family",
                            "rerun the regime family or remove T8 from `tables`")  # fmt: skip
    return Table(id="T8", title="Convergence by exposure to clusters and zones", note=note,
                 columns=_columns(inference), frame=frame, group="group")  # fmt: skip


def _period_rows(
    mine: pd.DataFrame, period: str, periods: Mapping[str, Any], study: Mapping[str, Any]
) -> Iterable[Row]:
    for (term, contrast), label in SLOPES.items():
        row = pick(mine, estimator="regime", term=term, contrast=contrast)
        if row:
            cr3 = pick(mine, estimator="regime_cr3", term=term, contrast=contrast)
            yield _row(row, cr3, period_with_basis(period, row["output_basis"], periods), label)
    for row in records(only(mine, estimator="within_group")):
        label = f"speed among {study['units_name']} {WITHIN.get(row['contrast'], row['contrast'])}"
        yield _row(row, {}, period_with_basis(period, row["output_basis"], periods), label)


def _split_rows(main: pd.DataFrame, periods: Mapping[str, Any]) -> Iterable[Row]:
    splits = main[main["estimator"].str.startswith("regime_split")]
    for row in records(splits):
        later, _, earlier = str(row["period"]).partition(" less ")
        names = " less ".join(_joined(part, periods) for part in (later, earlier))
        yield _row({**row, "conf_low": None, "conf_high": None, "p_value": None}, row,
                   "Clusters minus SEZs, later less earlier periods", names)  # fmt: skip


def _panel_rows(main: pd.DataFrame, shown: Sequence[str], periods: Mapping[str, Any]) -> Iterable[Row]:
    group = "Clusters minus SEZs in the yearly panel, bias-corrected fixed effects"
    for period in shown:
        for row in records(only(main, period=period, estimator="regime_bc_fe", contrast=DIFFERENCE)):
            yield _row(row, {}, group, period_with_basis(period, row["output_basis"], periods))


def _joined(text: str, periods: Mapping[str, Any]) -> str:
    return ", ".join(period_with_basis(name, "", periods) for name in text.split("+"))


def _other_rows(
    estimates: pd.DataFrame, ids: Sequence[str], shown: Sequence[str], periods: Mapping[str, Any]
) -> Iterable[Row]:
    main = [period for period in shown if period in main_periods(periods)]
    for spec in ids[1:]:
        for period in main:
            mine = only(estimates, spec_id=spec, period=period, term=CLUSTER, contrast=DIFFERENCE)
            row = pick(mine, estimator="regime")
            if row:
                group = f"Clusters minus SEZs: {row['treatment_def']}, {row['w_id'].replace('_', ' ')} weights ({spec})"
                label = period_with_basis(period, row["output_basis"], periods)
                yield _row(row, pick(mine, estimator="regime_cr3"), group, label)


def _row(row: Row, cr3: Row, group: str, label: str) -> Row:
    kept = ("spec_id", "treatment_def", "w_id", "estimator", "period", "term", "contrast", "estimate", "std_error",
            "conf_low", "conf_high", "p_value", "mde", "sesoi", "n_units", "output_basis")  # fmt: skip
    ladder = {f"cr3_{name}": cr3.get(name) for name in ("conf_low", "conf_high", "p_value")}
    why = reason(row["warning"]) if is_missing(row["estimate"]) else ""
    return {"group": group, "label": label, **{name: row[name] for name in kept}, **ladder, "reason": why}


def _columns(inference: Mapping[str, Any]) -> tuple[Column, ...]:
    level = f"{inference['conf_level']:.0%}"
    return (
        Column(names=("label",), header="Coefficient", width_cm=5.0),
        Column(names=("estimate",), header="Estimate", align="right", show=places(fixed, 2), reason="reason"),
        Column(names=("conf_low", "conf_high"), header=f"{level} interval", align="right",
               show=places(interval, 2)),
        Column(names=("p_value",), header="p", align="right", show=p_value),
        Column(names=("cr3_conf_low", "cr3_conf_high"), header=f"CR3 {level} interval", align="right",
               show=places(interval, 2)),
        Column(names=("cr3_p_value",), header="p", align="right", show=p_value),
        Column(names=("mde",), header="Detectable", align="right", show=places(fixed, 1)),
        Column(names=("sesoi",), header="Of interest", align="right", show=places(fixed, 1)),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip
