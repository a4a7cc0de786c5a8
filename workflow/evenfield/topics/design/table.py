"""TD: what the design can see, before any regression: overlap, weights, support and
detectable effects.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    CELLS,
    NOT_CAUSAL,
    TERM_NAMES,
    Row,
    Short,
    Table,
    fixed,
    in_words,
    is_missing,
    left,
    main_periods,
    number,
    only,
    pick,
    records,
    right,
    short_name,
    significant,
    term_name,
    text,
    with_asked,
)

DESIGN_NAMES = {
    "alone": "alone",
    "joint": "jointly",
    "exposures": "with exposures",
    "outsiders": "with exposures, outsiders only",
}
SCPC_TESTS = {"mde_scpc_03": "SCPC .03, s", "mde_scpc_06": "SCPC .06, s"}
IN_POINTS = "mde_scpc_03"  # the test whose effects stand in points by period
# Decimals by unit, and units that the row's own words say.
DECIMALS = {
    "units": 0,
    "correlation": 2,
    "ratio": 1,
    "s": 2,
    "pp/yr": 2,
    "neighbours": 1,
}
UNSAID = ("", "units", "correlation", "ratio")
ROW = ("block", "item", "value", "unit", "detail", "estimate_id")
NOTE = """
Weights row-standardised, primary {weights}.

s is the standard deviation of annual growth across units in a period; effects detectable
with {results.power:.0%} power, two-sided, errors independent: value, by a t test, then
by the conditional SCPC test with average pairwise correlation of .03 and .06; pp/yr, by
SCPC .03 with the standard deviation of each
period. Effective neighbours: N over the sum of squared
weights.
"""


def td(results: StudyResults) -> Table:
    """Return the design diagnostics as one table."""
    weights = results.config.weights.primary
    series = results.series()
    series = series[series["taxonomy"].isin(["", results.taxonomy])]
    estimates = results.estimates(treatment_def=results.taxonomy)
    rows = [
        *_cell_rows(series, results),
        *_overlap_rows(series, results),
        *_weight_rows(series, weights),
        *_support_rows(series, results.words["units_name"]),
        *_spread_rows(series, results),
        *_detectable_rows(estimates, weights, results),
    ]
    by_period = main_periods(results.config.periods)
    # The paper: what can be seen of own regimes, and of the difference next door
    # through the primary weights.
    next_door = f"{TERM_NAMES['exposure_cluster']} minus"

    def printed(row: Row) -> bool:
        words = row["block"] + row["item"]
        own = "exposures" not in row["block"] or row["item"].startswith(next_door)
        other = "through" in words or "outsiders" in words
        return row["unit"] == "s" and own and not other

    return Table(
        note=results.note(NOTE, NOT_CAUSAL, seed=False, basis=False, weights=weights),
        columns=(
            left("Diagnostic", "item", width_cm=4.6),
            right("Value", "value", "unit", show=_value),
            *(number(head, test, 2) for test, head in SCPC_TESTS.items()),
            *(number(f"pp/yr, {results.period(name)}", name, 1) for name in by_period),
            left("Detail", "detail", width_cm=6.0),
        ),
        frame=pd.DataFrame(rows, columns=[*ROW, *SCPC_TESTS, *by_period]),
        group="block",
        short=Short(printed),
    )


TABLES = {"TD": td}


def _value(value: object, unit: str) -> str:
    decimals = DECIMALS.get(unit)
    number = significant(value) if decimals is None else fixed(value, decimals)
    return f"{number} {unit}" if number and unit not in UNSAID else number


def _row(
    block: str,
    item: str,
    value: object,
    unit: str,
    detail: str = "",
    estimate_id: str = "",
) -> Row:
    values = (block, item, value, unit, detail, estimate_id)
    return dict(zip(ROW, values, strict=True))


def _period(name: str, results: StudyResults) -> str:
    return f", {results.period(name)}" if name else ""


def _cell_rows(series: pd.DataFrame, results: StudyResults) -> Iterable[Row]:
    cells = only(series, block="cells", taxonomy=results.taxonomy)
    for name in cells["period"].unique():
        for cell in CELLS:
            for row in records(cells, period=name, term=cell):
                names = text(row["note"]).removeprefix("periods: ").split(", ")
                named = in_words([results.period(one) for one in names])
                block = f"Cells of {results.taxonomy}{f', {named}' if name else ''}"
                yield _row(block, cell, row["value"], "units", _short(row["units"]))


def _short(units: object) -> str:
    return " ".join(short_name(unit) for unit in text(units).split())


def _overlap_rows(series: pd.DataFrame, results: StudyResults) -> Iterable[Row]:
    block = "Correlation of the two regimes"
    for row in records(series, block="correlation"):
        item = " and ".join(map(_term, row["term"].split(" x ")))
        if row["weights"]:
            item += f" through {row['weights'].replace('_', ' ')}"
        item += _period(row["period"], results)
        factors = only(
            series, block="vif", weights=row["weights"], period=row["period"]
        )
        known = records(factors[factors["value"].notna()])
        listed = [f"{_term(one['term'])} {fixed(one['value'], 1)}" for one in known]
        detail = f"variance inflation: {', '.join(listed)}" if listed else row["note"]
        yield _row(block, item, row["value"], "correlation", detail)


def _term(name: str) -> str:
    return TERM_NAMES.get(name, name)


def _weight_rows(series: pd.DataFrame, primary: str) -> Iterable[Row]:
    block = "Spatial weights: neighbours per unit"
    weights = only(series, block="weights")
    names = sorted(set(weights["weights"]), key=lambda name: (name != primary, name))
    for name in names:
        results = only(weights, weights=name).set_index("term")["value"]
        many = "" if results["components"] == 1 else "s"
        detail = (
            f"{fixed(results['effective_neighbours'], 1)} effective; admissible rho"
            f" ({fixed(results['rho_low'])}, {fixed(results['rho_high'])});"
            f" {fixed(results['links'], 0)} links; {fixed(results['components'], 0)}"
            f" component{many}"
        )
        label = name.replace("_", " ") + (" (primary)" if name == primary else "")
        yield _row(block, label, results["mean_neighbours"], "neighbours", detail)


def _support_rows(series: pd.DataFrame, units_name: str) -> Iterable[Row]:
    """Yield the years in which the number of controls changes."""
    block = f"Cohort support: {units_name} not yet treated"
    support = only(series, block="support")
    far_controls = only(support, term="far_controls").set_index("year")["value"]
    waiting = only(support, term="not_yet_treated").sort_values("year")
    before: tuple[Any, Any] | None = None
    for row in records(waiting):
        value = row["value"]
        far = far_controls.get(row["year"])
        # Years in which nothing changes are not printed.
        if (value, far) != before:
            detail = "not yet treated"
            detail += f" ({_short(row['units'])})" if 0 < value <= 5 else ""
            detail += "" if is_missing(far) else f"; {fixed(far, 0)} far controls"
            yield _row(block, f"from {row['year']:.0f}", value, "units", detail)
        before = (value, far)


def _spread_rows(series: pd.DataFrame, results: StudyResults) -> Iterable[Row]:
    for row in records(series, block="spread"):
        label = results.period(row["period"], row["note"])
        yield _row("Spread of growth: s", label, row["value"], "pp/yr", "")


def _detectable_rows(
    estimates: pd.DataFrame, weights: str, results: StudyResults
) -> Iterable[Row]:
    in_s = only(estimates, unit_of_measure="s", estimator="mde_t")
    in_s = with_asked(in_s, "term", "per_sd")
    for row in sorted(records(in_s), key=lambda row: _order(row, weights)):
        # Own regimes are seen through no weights: their w_id is blank.
        other = row["w_id"] not in ("", weights)
        if other and not row["contrast"].startswith("exposure"):
            continue
        name = DESIGN_NAMES.get(row["spec_id"], row["spec_id"])
        item = term_name(row["contrast"] or row["asked_term"])
        item += ", per s.d." if row["asked_per_sd"] and not row["contrast"] else ""
        item += f" through {row['w_id'].replace('_', ' ')}" if other else ""
        item += _period(row["period"], results)
        block = f"Smallest detectable effect, {name}"
        warning = text(row["warning"])
        line = _row(block, item, row["estimate"], "s", warning, row["estimate_id"])
        yield line | _other_tests(estimates, row, results)


def _order(row: Row, weights: str) -> tuple[object, ...]:
    """Return what rows are sorted by: the design, then primary weights before others,
    single coefficients before differences.
    """
    names = [*DESIGN_NAMES, row["spec_id"]]
    return (
        names.index(row["spec_id"]),
        row["w_id"] not in ("", weights),
        row["w_id"],
        row["period"],
        row["contrast"] != "",
        row["term"],
    )


def _other_tests(estimates: pd.DataFrame, row: Row, results: StudyResults) -> Row:
    """Return what the SCPC tests would see, in s, and the first of them in percentage
    points by period.
    """
    names = ("spec_id", "w_id", "term", "contrast")
    same = only(estimates, **{name: row[name] for name in names})
    seen = {test: _estimate(same, test, "s", row["period"]) for test in SCPC_TESTS}
    points = {
        name: _estimate(same, IN_POINTS, "pp/yr", name)
        for name in main_periods(results.config.periods)
    }
    return seen | points


def _estimate(rows: pd.DataFrame, estimator: str, unit: str, period: str) -> object:
    row = pick(rows, unit_of_measure=unit, estimator=estimator, period=period)
    return row.get("estimate")
