"""T16: spillovers by group: own and exposure coefficients, their difference, recentred, and equivalence to zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import NOT_CAUSAL, basis_note, origin_note, period_with_basis, sample_note
from evenfield.shared.tables.numbers import fixed, interval, p_value, places, whole
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import main_periods, term_name
from evenfield.shared.tables.warnings import reason
from evenfield.study.errors import ArtifactError

DIFFERENCE = "exposure_cluster - exposure_sez"
ORDER = ("own_cluster", "own_sez", "own_cluster - own_sez", "exposure_cluster", "exposure_sez", DIFFERENCE)
# Estimator, the permutation test that stands beside it, and how its row is called.
VARIANTS = (
    ("slx_recentred", "slx_recentred_permutation_stratified", "the same, recentred by stratum"),
    ("slx_expected_control", "slx_expected_control_permutation_stratified", "the same, given expected exposure"),
    ("slx_recentred_connected", "slx_recentred_connected_permutation_connected", "the same, recentred, connected"),
)  # fmt: skip
PERMUTED = "slx_permutation_stratified"
KEPT = ("spec_id", "sample_id", "treatment_def", "w_id", "period", "estimator", "effect_type", "term", "contrast",
        "estimate", "std_error", "conf_low", "conf_high", "conf_level", "p_value", "mde", "sesoi", "n_units",
        "n_treated", "unit_of_measure", "output_basis")  # fmt: skip
KEYS = ("spec_id", "treatment_def", "w_id", "sample_id", "period", "term", "contrast")
Rows = Iterable[Row]


def tabulate_exposure(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    spec: Mapping[str, Any],
    shown: Sequence[str],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    power: float,
    study: Mapping[str, Any],
) -> Table:
    """Arrange the exposure estimates: everything of one specification, then the difference of the others."""
    mine = only(estimates, spec_id=spec["id"], treatment_def=spec["taxonomy"], w_id=spec["weights"])
    if not mine["period"].isin(list(shown)).any():
        raise ArtifactError(f"no estimates of specification {spec['id']}", "its rows in the exposure family",
                            "add it to estimates.exposure or remove T16 from `tables`")  # fmt: skip
    rows = [row for period in shown for row in _full_rows(only(mine, period=period), period, periods)]
    rows += _other_rows(estimates[estimates["spec_id"].ne(spec["id"])], shown, periods)
    level = f"{inference['conf_level']:.0%}"
    note = (
        sample_note(description, study),
        f"One regression of growth on own and neighbours' regimes and starting income for each period; taxonomy "
        f"{spec['taxonomy']}, {spec['weights'].replace('_', ' ')} weights, rows sum to one. Exposure 0 to 1: from no "
        "neighbour to all. Outsiders: units with neither regime.",
        f"Interval: conditional SCPC at an average correlation of at most 0.03, {level}; the equivalence row holds the "
        "interval of two one-sided tests (90%) and their p. Permutation p: rows of regimes moved among coastal and "
        "among inland units, or the clusters as one connected block; recentred: regressors less their mean over the "
        "same draws (Borusyak and Hull 2023).",
        f"Detectable: effect seen with {power:.0%} power by the row's own test (equivalence: the narrowest bounds it "
        "could pass); where it exceeds the effect of interest the row is UNDERPOWERED, and an interval that holds zero "
        "is no evidence of no effect.",
        basis_note(description),
        NOT_CAUSAL,
        origin_note(description, inference.get("seed")),
    )
    title = "Spillovers by group: growth next to clusters and next to SEZs"
    return Table(id="T16", title=title, note=note, columns=_columns(level), frame=pd.DataFrame(rows), group="group")


def _full_rows(mine: pd.DataFrame, period: str, periods: Mapping[str, Any]) -> Rows:
    everyone = only(mine, sample_id="all")
    plain = only(everyone, estimator="slx")
    basis = str(pick(plain).get("output_basis", ""))
    group = period_with_basis(period, basis, periods)
    for name in ORDER:
        for row in records(plain[_name(plain).eq(name)]):
            yield _row(row, group, term_name(name), _permuted(everyone, row, PERMUTED))
    for estimator, beside, label in VARIANTS if period in main_periods(periods) else ():
        for row in records(only(everyone, estimator=estimator, contrast=DIFFERENCE)):
            yield _row(row, group, label, _permuted(everyone, row, beside))
    for row in records(only(mine, sample_id="outsiders", estimator="slx", contrast=DIFFERENCE)):
        yield _row(row, group, "the same, outsiders only")
    for row in records(only(everyone, estimator="equivalence", effect_type="tost")):
        yield _row(row, group, f"{term_name(row['term'])}, per s.d.: equivalence to zero")


def _other_rows(others: pd.DataFrame, shown: Sequence[str], periods: Mapping[str, Any]) -> list[Row]:
    chosen = only(others, estimator="slx", sample_id="all")
    chosen = chosen[chosen["contrast"].str.startswith("exposure") | chosen["term"].eq("exposure_park")]
    chosen = chosen.assign(name=_name(chosen))
    main = [period for period in shown if period in main_periods(periods)]
    asked = chosen[["spec_id", "name"]].drop_duplicates().itertuples(index=False)
    return [_row(row, _variant(row), period_with_basis(period, row["output_basis"], periods))
            for spec, name in asked for period in main
            for row in records(only(chosen, spec_id=spec, name=name, period=period))]  # fmt: skip


def _permuted(frame: pd.DataFrame, row: Row, estimator: str) -> Any:
    return pick(frame, estimator=estimator, **{name: row[name] for name in KEYS}).get("p_value")


def _name(frame: pd.DataFrame) -> pd.Series:
    return frame["contrast"].where(frame["contrast"].ne(""), frame["term"])


def _variant(row: Row) -> str:
    per_sd = ", per s.d." if "s.d." in row["unit_of_measure"] else ""
    plain = f"{row['treatment_def']}, {row['w_id'].replace('_', ' ')} weights"
    return f"{row['spec_id'].replace('_', ' ').capitalize()}: {term_name(row['name'])}{per_sd} ({plain})"


def _row(row: Row, group: str, label: str, permuted: Any = None) -> Row:
    plain = {name: row.get(name) for name in KEPT}
    return {"group": group, "label": label, **plain, "permutation_p": permuted, "reason": reason(row["warning"])}


def _columns(level: str) -> tuple[Column, ...]:
    return (
        Column(names=("label",), header="Coefficient"),
        Column(names=("estimate",), header="pp/yr", align="right", show=places(fixed, 2), reason="reason"),
        Column(names=("conf_low", "conf_high"), header=f"SCPC {level} interval", align="right",
               show=places(interval, 2), reason="reason"),
        Column(names=("p_value",), header="p", align="right", show=p_value, reason="reason"),
        Column(names=("permutation_p",), header="Permutation p", align="right", show=p_value),
        Column(names=("mde",), header="Detectable", align="right", show=places(fixed, 1), reason="reason"),
        Column(names=("sesoi",), header="Of interest", align="right", show=places(fixed, 2)),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip
