"""T16: a first look at neighbours: own and exposure coefficients, their difference, and what could be detected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.artifacts.notes import NOT_CAUSAL, basis_note, origin_note, period_with_basis, sample_note
from evenfield.artifacts.numbers import fixed, interval, p_value, places, whole
from evenfield.artifacts.rows import Row, only, pick, records
from evenfield.artifacts.table import Column, Table
from evenfield.artifacts.tables.warnings import reason
from evenfield.artifacts.units import main_periods, term_name
from evenfield.contracts.errors import ArtifactError

DIFFERENCE = "exposure_cluster - exposure_sez"
ORDER = ("own_cluster", "own_sez", "own_cluster - own_sez", "exposure_cluster", "exposure_sez", DIFFERENCE)
Rows = Iterable[Row]


def tabulate_exposure(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    spec: str,
    shown: Sequence[str],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    power: float,
    study: Mapping[str, Any],
) -> Table:
    """Arrange the exposure estimates: all terms of one specification, then the key difference of the others.

    Parameters
    ----------
    estimates : DataFrame
        ``estimates/exposure/estimates.csv``.
    description : mapping
        ``panel/<scheme>/description.json``.
    spec : str
        The specification shown in full.
    shown : sequence of str
        Periods, in order.
    periods, inference, study : mapping
        Sections of the config.
    power : float
        Power at which an effect counts as detectable.

    Returns
    -------
    Table
        One row per coefficient.

    Raises
    ------
    ArtifactError
        If the specification has no rows.
    """
    main = estimates[estimates["estimator"].eq("slx") & estimates["period"].isin(list(shown))]
    if not main["spec_id"].eq(spec).any():
        raise ArtifactError(f"no estimates of specification {spec}", "its rows in the exposure family",
                            "add it to estimates.exposure or remove T16 from `tables`")  # fmt: skip
    cr3 = only(estimates, estimator="slx_cr3")
    full = [row for period in shown for row in _full_rows(main, spec, period, periods)]
    rows = [{**row, **_cr3(cr3, row)} for row in [*full, *_other_rows(main, spec, shown, periods)]]
    facts = pick(main, spec_id=spec)
    note = (
        sample_note(description, study),
        f"Growth in percentage points a year on own and neighbours' clusters and SEZs and log income in the first year "
        f"by OLS, one cross-section per period (SLX). Main rows: taxonomy {facts['treatment_def']}, {facts['w_id']} "
        "weights, row-standardised: a neighbours' coefficient belongs to a neighbour average going from 0 to 1.",
        f"{inference['conf_level']:.0%} intervals and p by conditional SCPC (average pairwise correlation of shocks at "
        "most .03), CR3 intervals with t(G* \u2212 1), every unit its own cluster. Detectable: smallest effect found "
        f"with {power:.0%} power by the SCPC test. Of interest: the smallest effect of interest set in advance. Where "
        "detectable exceeds of interest the design is UNDERPOWERED: an interval that holds zero is no evidence of no "
        "effect.",
        basis_note(description),
        NOT_CAUSAL,
        origin_note(description),
    )
    title = "First look at neighbours: clusters and SEZs, own and around"
    return Table(id="T16", title=title, note=note, columns=_columns(inference), frame=pd.DataFrame(rows), group="group")


def _full_rows(main: pd.DataFrame, spec: str, period: str, periods: Mapping[str, Any]) -> Rows:
    mine = only(main, spec_id=spec, sample_id="all", period=period)
    for name in ORDER:
        for row in records(mine[_name(mine).eq(name)]):
            group = period_with_basis(period, row["output_basis"], periods)
            yield _row(row, group, term_name(name))


def _other_rows(main: pd.DataFrame, spec: str, shown: Sequence[str], periods: Mapping[str, Any]) -> Rows:
    differences = main[_name(main).eq(DIFFERENCE)]
    others = differences[differences["spec_id"].eq(spec).ne(differences["sample_id"].eq("all"))]
    pairs = {(row["spec_id"], row["sample_id"]) for row in records(others)}
    main_shown = [name for name in shown if name in main_periods(periods)]
    for spec_id, sample in sorted(pairs, key=lambda pair: (pair[0] != spec, *pair)):
        found = [pick(others, spec_id=spec_id, sample_id=sample, period=period) for period in main_shown]
        for row in [row for row in found if row]:
            yield _row(row, _variant(row), period_with_basis(row["period"], row["output_basis"], periods))


def _name(frame: pd.DataFrame) -> pd.Series:
    return frame["contrast"].where(frame["contrast"].ne(""), frame["term"])


def _variant(row: Row) -> str:
    sample = f", {row['sample_id']} only" if row["sample_id"] != "all" else ""
    plain = f"{row['treatment_def']}, {row['w_id'].replace('_', ' ')} weights{sample}"
    name = term_name(DIFFERENCE)
    return f"{name[0].upper()}{name[1:]}: {plain}"


def _row(row: Row, group: str, label: str) -> Row:
    kept = ("spec_id", "sample_id", "treatment_def", "w_id", "period", "term", "contrast", "estimate", "std_error",
            "conf_low", "conf_high", "p_value", "mde", "sesoi", "n_units", "n_treated", "output_basis")  # fmt: skip
    return {"group": group, "label": label, **{name: row[name] for name in kept}, "reason": reason(row["warning"])}


def _cr3(cr3: pd.DataFrame, row: Row) -> Row:
    found = pick(cr3, **{name: row[name] for name in ("spec_id", "sample_id", "period", "term", "contrast")})
    return {f"cr3_{name}": found.get(name) for name in ("conf_low", "conf_high", "p_value", "df")}


def _columns(inference: Mapping[str, Any]) -> tuple[Column, ...]:
    level = f"{inference['conf_level']:.0%}"
    return (
        Column(names=("label",), header="Coefficient"),
        Column(names=("estimate",), header="pp/yr", align="right", show=places(fixed, 2), reason="reason"),
        Column(names=("conf_low", "conf_high"), header=f"SCPC {level} interval", align="right",
               show=places(interval, 2), reason="reason"),
        Column(names=("p_value",), header="p", align="right", show=p_value, reason="reason"),
        Column(names=("cr3_conf_low", "cr3_conf_high"), header=f"CR3 {level} interval", align="right",
               show=places(interval, 2), reason="reason"),
        Column(names=("mde",), header="Detectable", align="right", show=places(fixed, 1), reason="reason"),
        Column(names=("sesoi",), header="Of interest", align="right", show=places(fixed, 1)),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip
