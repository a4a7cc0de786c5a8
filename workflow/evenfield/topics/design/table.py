"""TD: what the design can see, before any regression: overlap, weights, support and
detectable effects.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.notes import NOT_CAUSAL, period_with_basis
from evenfield.shared.tables.numbers import (
    by_unit,
    fixed,
    is_missing,
    significant,
    text,
)
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Short, Table, right
from evenfield.shared.tables.units import (
    CELLS,
    TERM_NAMES,
    in_words,
    main_periods,
    period_label,
    short_name,
    term_name,
)

DESIGN_NAMES = {"alone": "alone", "joint": "jointly", "exposures": "with exposures"}
DESIGN_NAMES["outsiders"] = "with exposures, outsiders only"
SCPC_TESTS = {"mde_scpc_03": ".03", "mde_scpc_06": ".06"}
POINT_TESTS = {"mde_t": "t", "mde_scpc_03": "SCPC .03"}


def td(facts: Facts) -> Table:
    """Return the design diagnostics as one table."""
    taxonomy = facts.config["taxonomy"]["primary"]
    weights = facts.config["weights"]["primary"]
    series = facts.series()
    estimates = facts.estimates(treatment_def=taxonomy)
    periods = facts.config["periods"]
    taxonomy_rows = series[series["taxonomy"].isin(["", taxonomy])]
    rows = [
        *_cell_rows(taxonomy_rows, taxonomy, periods),
        *_overlap_rows(taxonomy_rows, periods),
        *_weight_rows(taxonomy_rows, weights),
        *_support_rows(taxonomy_rows, facts.words),
        *_spread_rows(taxonomy_rows, periods),
        *_detectable_rows(estimates, weights, periods),
    ]
    note = facts.note(
        f"Weights row-standardised, primary {weights}.",
        "s is the standard deviation of annual growth across units in a period;"
        f" effects detectable with {facts.power:.0%} power, two-sided, errors"
        " independent: t test, and conditional SCPC test with average pairwise"
        " correlation of .03 and .06. Effective neighbours: N over the sum of squared"
        " weights.",
        NOT_CAUSAL,
        seed=False,
        basis=False,
    )
    columns = (
        Column(names=("item",), header="Diagnostic", width_cm=4.6),
        right("Value", "value", "unit", show=_value),
        Column(names=("detail",), header="Detail", width_cm=8.2),
    )
    frame = pd.DataFrame(rows, columns=["block", "item", "value", "unit", "detail"])
    # The paper: what can be seen of own regimes, and of the difference next door
    # through the primary weights.
    next_door = f"{TERM_NAMES['exposure_cluster']} minus"
    short = Short(
        lambda row: (
            row["unit"] == "s"
            and ("exposures" not in row["block"] or row["item"].startswith(next_door))
            and not any(
                word in row["block"] + row["item"] for word in ("through", "outsiders")
            )
        )
    )
    return Table(
        id="TD", note=note, columns=columns, frame=frame, group="block", short=short
    )


TABLES = {"TD": td}


def _value(value: Any, unit: Any) -> str:
    shown = {"": "", "units": "", "correlation": "", "ratio": ""}.get(
        str(unit), f" {unit}"
    )
    decimals = {
        "units": 0,
        "correlation": 2,
        "ratio": 1,
        "s": 2,
        "pp/yr": 2,
        "neighbours": 1,
    }.get(str(unit))
    number = significant(value) if decimals is None else fixed(value, decimals)
    return number + shown if number else ""


def _row(block: str, item: str, value: Any, unit: str, detail: str = "") -> Row:
    return {
        "block": block,
        "item": item,
        "value": value,
        "unit": unit,
        "detail": detail,
    }


def _period(name: str, periods: Mapping[str, Any]) -> str:
    return f", {period_label(name, periods)}" if name else ""


def _cell_rows(
    series: pd.DataFrame, taxonomy: str, periods: Mapping[str, Any]
) -> Iterable[Row]:
    cells = only(series, block="cells", taxonomy=taxonomy)
    for name in cells["period"].unique():
        for cell in CELLS:
            for row in records(only(cells, period=name, term=cell)):
                named = [
                    period_label(one, periods)
                    for one in text(row["note"]).removeprefix("periods: ").split(", ")
                ]
                block = f"Cells of {taxonomy}{f', {in_words(named)}' if name else ''}"
                yield _row(block, cell, row["value"], "units", _short(row["units"]))


def _short(units: Any) -> str:
    return " ".join(short_name(unit) for unit in text(units).split())


def _overlap_rows(series: pd.DataFrame, periods: Mapping[str, Any]) -> Iterable[Row]:
    for row in records(only(series, block="correlation")):
        through = (
            f" through {row['weights'].replace('_', ' ')}" if row["weights"] else ""
        )
        names = " and ".join(
            TERM_NAMES.get(term, term) for term in row["term"].split(" x ")
        )
        factors = records(
            only(series, block="vif", weights=row["weights"], period=row["period"])
        )
        known = [factor for factor in factors if not is_missing(factor["value"])]
        listed = [
            f"{TERM_NAMES.get(f['term'], f['term'])} {fixed(f['value'], 1)}"
            for f in known
        ]
        detail = f"variance inflation: {', '.join(listed)}" if listed else row["note"]
        item = f"{names}{through}{_period(row['period'], periods)}"
        yield _row(
            "Correlation of the two regimes", item, row["value"], "correlation", detail
        )


def _weight_rows(series: pd.DataFrame, primary: str) -> Iterable[Row]:
    weights = only(series, block="weights")
    for name in sorted(
        weights["weights"].unique(), key=lambda name: (name != primary, name)
    ):
        fact = {
            row["term"]: row["value"] for row in records(only(weights, weights=name))
        }
        many = "" if fact.get("components") == 1 else "s"
        detail = (
            f"{fixed(fact.get('effective_neighbours'), 1)} effective; admissible rho"
            f" ({fixed(fact.get('rho_low'), 2)}, {fixed(fact.get('rho_high'), 2)});"
            f" {fixed(fact.get('links'), 0)} links; {fixed(fact.get('components'), 0)}"
            f" component{many}"
        )
        label = f"{name.replace('_', ' ')}{' (primary)' if name == primary else ''}"
        yield _row(
            "Spatial weights: neighbours per unit",
            label,
            fact.get("mean_neighbours"),
            "neighbours",
            detail,
        )


def _support_rows(series: pd.DataFrame, study: Mapping[str, Any]) -> Iterable[Row]:
    block = f"Cohort support: {study['units_name']} not yet treated"
    before: tuple[Any, Any] | None = None
    for row in records(
        only(series, block="support", term="not_yet_treated").sort_values("year")
    ):
        far = pick(series, block="support", term="far_controls", year=row["year"]).get(
            "value"
        )
        if (row["value"], far) != before:
            named = f" ({_short(row['units'])})" if 0 < row["value"] <= 5 else ""
            controls = "" if is_missing(far) else f"; {fixed(far, 0)} far controls"
            yield _row(
                block,
                f"from {row['year']:.0f}",
                row["value"],
                "units",
                f"not yet treated{named}{controls}",
            )
        before = (row["value"], far)


def _spread_rows(series: pd.DataFrame, periods: Mapping[str, Any]) -> Iterable[Row]:
    for row in records(only(series, block="spread")):
        label = period_with_basis(row["period"], row["note"], periods)
        yield _row("Spread of growth: s", label, row["value"], "pp/yr", "")


def _detectable_rows(
    estimates: pd.DataFrame, weights: str, periods: Mapping[str, Any]
) -> Iterable[Row]:
    for row in _ordered(
        records(only(estimates, unit_of_measure="s", estimator="mde_t")), weights
    ):
        other = row["w_id"] not in ("", weights)
        if other and not row["contrast"].startswith("exposure"):
            continue
        through = f" through {row['w_id'].replace('_', ' ')}" if other else ""
        block = (
            "Smallest detectable effect,"
            f" {DESIGN_NAMES.get(row['spec_id'], row['spec_id'])}"
        )
        item = f"{term_name(row['contrast'] or row['term'])}{through}{_period(row['period'], periods)}"
        yield _row(
            block,
            item,
            row["estimate"],
            "s",
            _detectable_detail(estimates, row, periods) or row["warning"],
        )


def _ordered(rows: list[Row], weights: str) -> list[Row]:
    def key(row: Row) -> tuple[Any, ...]:
        position = (
            [*DESIGN_NAMES].index(row["spec_id"])
            if row["spec_id"] in DESIGN_NAMES
            else len(DESIGN_NAMES)
        )
        other = row["w_id"] not in ("", weights)
        return (
            position,
            other,
            row["w_id"],
            row["period"],
            row["contrast"] != "",
            row["term"],
        )

    return sorted(rows, key=key)


def _detectable_detail(
    estimates: pd.DataFrame, row: Row, periods: Mapping[str, Any]
) -> str:
    same = only(
        estimates,
        **{name: row[name] for name in ("spec_id", "w_id", "term", "contrast")},
    )
    in_s = {test: _estimate(same, test, "s", row["period"]) for test in SCPC_TESTS}
    scpc = [
        f"{name}: {by_unit(in_s[test], 's')} s"
        for test, name in SCPC_TESTS.items()
        if not is_missing(in_s[test])
    ]
    parts = [f"SCPC {', '.join(scpc)}"] if scpc else []
    for test, label in POINT_TESTS.items():
        points = {
            name: _estimate(same, test, "pp/yr", name) for name in main_periods(periods)
        }
        known = {name: value for name, value in points.items() if not is_missing(value)}
        effects = [
            f"{period_label(name, periods)} {by_unit(value, 'pp/yr')}"
            for name, value in known.items()
        ]
        parts += [f"pp/yr ({label}): {', '.join(effects)}"] if effects else []
    return "; ".join(parts)


def _estimate(rows: pd.DataFrame, estimator: str, unit: str, period: str) -> Any:
    return pick(rows, unit_of_measure=unit, estimator=estimator, period=period).get(
        "estimate"
    )
