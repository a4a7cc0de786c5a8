"""TD: what the design can see, before any regression: overlap, weights, support and detectable effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evenfield.artifacts.notes import NOT_CAUSAL, origin_note, sample_note
from evenfield.artifacts.numbers import by_unit, fixed, is_missing, significant
from evenfield.artifacts.table import Column, Table
from evenfield.artifacts.units import CELLS, in_words, main_periods, period_label, short_name

TERM_NAMES = {
    "own_cluster": "own cluster", "own_sez": "own SEZ", "exposure_cluster": "neighbours' clusters",
    "exposure_sez": "neighbours' SEZs",
}  # fmt: skip
DESIGN_NAMES = {
    "alone": "alone", "joint": "jointly", "exposures": "with exposures", "outsiders": "with exposures, outsiders only",
}  # fmt: skip
SUPPORT_TERMS = {"not_yet_treated": "not yet treated", "far_controls": "far controls"}
Row = dict[str, Any]


def term_name(term: str) -> str:
    """Return a term or a difference of two terms as it is printed.

    Parameters
    ----------
    term : str
        For example ``exposure_cluster - exposure_sez``.

    Returns
    -------
    str
        For example ``"neighbours' clusters minus neighbours' SEZs"``.
    """
    plain, per_sd, _ = term.partition(" per s.d.")
    named = " minus ".join(TERM_NAMES.get(part, part.replace("_", " ")) for part in plain.split(" - "))
    return named + (", per s.d." if per_sd else "")


def tabulate_design(
    series: pd.DataFrame,
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    taxonomy: str,
    weights: str,
    periods: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange the design diagnostics as one table.

    Parameters
    ----------
    series, estimates : DataFrame
        ``estimates/design/series.csv`` and ``estimates.csv``.
    description : mapping
        ``panel/<scheme>/description.json``.
    taxonomy, weights : str
        Primary taxonomy and weights.
    periods, study : mapping
        Sections of the config.

    Returns
    -------
    Table
        Rows in blocks; a block that the study does not have is left out.
    """
    mine = series[series["taxonomy"].isin(["", taxonomy])]
    rows = [
        *_cell_rows(mine, taxonomy, periods), *_overlap_rows(mine), *_weight_rows(mine, weights),
        *_support_rows(mine, study), *_spread_rows(mine, periods),
        *_detectable_rows(estimates[estimates["treatment_def"].eq(taxonomy)], weights, periods),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["block", "item", "value", "unit", "detail"])
    note = (
        sample_note(description, study),
        f"Taxonomy {taxonomy}; weights row-standardised, primary {weights}.",
        "s is the standard deviation of annual growth across units in a period; effects detectable with the power of "
        "the config at the 5% level, two-sided, errors independent: t test, and conditional SCPC test with average "
        "pairwise correlation of .03 and .06. Effective neighbours: N over the sum of squared weights.",
        NOT_CAUSAL,
        origin_note(description),
    )
    columns = (
        Column(names=("item",), header="Diagnostic", width_cm=4.6),
        Column(names=("value", "unit"), header="Value", align="right", show=_value),
        Column(names=("detail",), header="Detail", width_cm=8.2),
    )
    return Table(id="TD", title="What the design can see", note=note, columns=columns, frame=frame, group="block")


def _value(value: Any, unit: Any) -> str:
    shown = {"": "", "units": "", "correlation": "", "ratio": ""}.get(str(unit), f" {unit}")
    places = {"units": 0, "correlation": 2, "ratio": 1, "s": 2, "pp/yr": 2, "neighbours": 1}.get(str(unit))
    text = significant(value) if places is None else fixed(value, places)
    return text + shown if text else ""


def _row(block: str, item: str, value: Any, unit: str, detail: str = "") -> Row:
    return {"block": block, "item": item, "value": value, "unit": unit, "detail": detail}


def _period(name: str, periods: Mapping[str, Any]) -> str:
    return f", {period_label(name, periods)}" if name else ""


def _cell_rows(series: pd.DataFrame, taxonomy: str, periods: Mapping[str, Any]) -> Iterable[Row]:
    cells = series[series["block"].eq("cells")]
    for name in cells["period"].unique():
        found = cells[cells["period"].eq(name)].set_index("term")
        for cell in [cell for cell in CELLS if cell in found.index]:
            members = str(found.at[cell, "units"]).split()
            yield _row(f"Cells of {taxonomy}{_period(name, periods)}", cell, found.at[cell, "value"], "units",
                       " ".join(short_name(unit) for unit in members))  # fmt: skip


def _overlap_rows(series: pd.DataFrame) -> Iterable[Row]:
    for row in series[series["block"].eq("correlation")].itertuples(index=False):
        through = f" through {row.weights.replace('_', ' ')}" if row.weights else ""
        names = [TERM_NAMES.get(term, term) for term in row.term.split(" x ")]
        factors = series[series["block"].eq("vif") & series["weights"].eq(row.weights) & series["period"].eq(row.period)]
        listed = [f"{TERM_NAMES.get(f.term, f.term)} {fixed(f.value, 1)}" for f in factors.itertuples(index=False)
                  if not is_missing(f.value)]  # fmt: skip
        detail = f"variance inflation: {', '.join(listed)}" if listed else row.note
        yield _row("Correlation of the two regimes", f"{' and '.join(names)}{through}", row.value, "correlation", detail)


def _weight_rows(series: pd.DataFrame, primary: str) -> Iterable[Row]:
    facts = series[series["block"].eq("weights")].pivot(index="weights", columns="term", values="value")
    for name in sorted(facts.index, key=lambda name: (name != primary, name)):
        fact = facts.loc[name]
        detail = (
            f"{fixed(fact['effective_neighbours'], 1)} effective; admissible rho ({fixed(fact['rho_low'], 2)}, "
            f"{fixed(fact['rho_high'], 2)}); {fixed(fact['links'], 0)} links; {fixed(fact['components'], 0)} component"
            f"{'' if fact['components'] == 1 else 's'}"
        )
        label = f"{name.replace('_', ' ')}{' (primary)' if name == primary else ''}"
        yield _row("Spatial weights: neighbours per unit", label, fact["mean_neighbours"], "neighbours", detail)


def _support_rows(series: pd.DataFrame, study: Mapping[str, Any]) -> Iterable[Row]:
    support = series[series["block"].eq("support")]
    if support.empty:
        return
    wide = support.pivot(index="year", columns="term", values="value")
    terms = [term for term in SUPPORT_TERMS if term in wide.columns]
    changed = wide[wide[terms].ne(wide[terms].shift()).any(axis=1)]
    members = support[support["term"].eq("not_yet_treated")].set_index("year")["units"]
    for year in changed.index:
        left = str(members.get(year, "")).split()
        named = f" ({' '.join(short_name(unit) for unit in left)})" if 0 < len(left) <= 5 else ""
        far = f"; {fixed(wide.at[year, 'far_controls'], 0)} far controls" if "far_controls" in terms else ""
        yield _row(f"Cohort support: {study['units_name']} not yet treated", f"from {year:.0f}",
                   wide.at[year, "not_yet_treated"], "units", f"not yet treated{named}{far}")  # fmt: skip


def _spread_rows(series: pd.DataFrame, periods: Mapping[str, Any]) -> Iterable[Row]:
    for row in series[series["block"].eq("spread")].itertuples(index=False):
        basis = "" if row.note == "official" else {"proxy": "PROXY", "spliced": "spliced PROXY"}.get(row.note, row.note)
        yield _row("Spread of growth: s", period_label(row.period, periods), row.value, "pp/yr", basis)


def _detectable_rows(estimates: pd.DataFrame, weights: str, periods: Mapping[str, Any]) -> Iterable[Row]:
    ours = estimates[estimates["unit_of_measure"].eq("s") & estimates["estimator"].eq("mde_t")]
    order = {name: place for place, name in enumerate(DESIGN_NAMES)}
    for row in sorted(ours.itertuples(index=False), key=lambda row: (order.get(row.spec_id, 9), row.w_id != weights,
                                                                     row.w_id, row.contrast != "", row.term)):  # fmt: skip
        if row.w_id not in ("", weights) and not row.contrast.startswith("exposure"):
            continue
        through = f" through {row.w_id.replace('_', ' ')}" if row.w_id not in ("", weights) else ""
        item = f"{term_name(row.contrast or row.term)}{through}"
        block = f"Smallest detectable effect, {DESIGN_NAMES.get(row.spec_id, row.spec_id)}"
        yield _row(block, item, row.estimate, "s", _detectable_detail(estimates, row, periods) or row.warning)


def _detectable_detail(estimates: pd.DataFrame, row: Any, periods: Mapping[str, Any]) -> str:
    same = estimates[estimates["spec_id"].eq(row.spec_id) & estimates["w_id"].eq(row.w_id)
                     & estimates["term"].eq(row.term) & estimates["contrast"].eq(row.contrast)]  # fmt: skip
    in_s = same[same["unit_of_measure"].eq("s") & same["period"].eq(row.period)].set_index("estimator")["estimate"]
    scpc = [f".{name[-2:]}: {by_unit(in_s[name], 's')} s" for name in ("mde_scpc_03", "mde_scpc_06")
            if name in in_s.index and not is_missing(in_s[name])]  # fmt: skip
    parts = [f"SCPC {', '.join(scpc)}"] if scpc else []
    for test, label in (("mde_t", "t"), ("mde_scpc_03", "SCPC .03")):
        points = same[same["unit_of_measure"].eq("pp/yr") & same["estimator"].eq(test)].set_index("period")["estimate"]
        found = [f"{period_label(name, periods)} {by_unit(points[name], 'pp/yr')}" for name in main_periods(periods)
                 if name in points.index and not is_missing(points[name])]  # fmt: skip
        parts += [f"pp/yr ({label}): {in_words(found)}"] if found else []
    return "; ".join(parts)
