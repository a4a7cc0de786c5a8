"""T33: each case with its gap, its three p-values, the fit before the date, and the
donors.
"""

from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.notes import basis_mark
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    p_value,
    text,
    whole,
    with_decimals,
)
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.units import short_name

BASE = "synthetic_control"
LISTED = 0.01  # smaller weights are not listed


def t33(facts: Facts) -> Table:
    """Return one row a specification, the primary ones first in each group of a treated
    unit.
    """
    estimates = facts.estimates()
    weights = facts.series("weights", text=("spec_id", "unit"))
    names = facts.table("units").set_index("unit")["name"]
    rows = [_row(spec, estimates, weights, names) for spec in facts.specs()]
    if not rows:
        raise nothing_to_show("cases", "synthetic_control", "T33")
    note = facts.note(
        "Log real output per head less that of a weighted average of units that never"
        " held such a zone. No weight is negative, they add up to one and are fitted to"
        " the years before the date. Paths are taken less their own mean over those"
        " years unless the row says levels.",
        f"{facts.level} intervals: constant effects that the rank of the absolute mean"
        " gap among all donors, each against the other donors, does not reject; p of"
        " the same rank; p of the rank of the error after over that before the date;"
        " conformal p from moved residuals. Earlier date: the same test with a date"
        " before the zone; a small p there says that the comparison had failed"
        " before.",
        "Without one: smallest and largest mean gap when one donor is left out. Error"
        " before: root mean squared gap in the years of the fit; poor where it is among"
        " the largest tenth of the donors.",
        seed=False,
    )
    columns = (
        Column(names=("label",), header="Case"),
        right("Mean gap", "estimate", show=with_decimals(fixed, 3)),
        right(
            f"{facts.level} interval",
            "conf_low",
            "conf_high",
            show=with_decimals(interval, 2),
        ),
        right("At the end", "end", show=with_decimals(fixed, 3)),
        right("p, rank", "p_value", show=p_value),
        right("p, error ratio", "p_ratio", show=p_value),
        right("p, conformal", "p_conformal", show=p_value),
        right("p, earlier date", "p_in_time", show=p_value),
        right("Error before", "pre_rmspe", "poor", show=_error),
        right("Without one", "low", "high", show=with_decimals(interval, 2)),
        right("Donors", "n_donors", show=whole),
        Column(names=("donors",), header="Weights", width_cm=3.4),
    )
    return Table(
        id="T33", note=note, columns=columns, frame=pd.DataFrame(rows), group="group"
    )


TABLES = {"T33": t33}


def _row(
    spec: Row,
    estimates: pd.DataFrame,
    weights: pd.DataFrame,
    names: pd.Series,
) -> Row:
    case_rows = only(estimates, spec_id=spec["id"])

    def value_of(name: str, column: str, effect: str = "coef") -> Any:
        return pick(case_rows, estimator=name, effect_type=effect).get(column)

    main = pick(case_rows, estimator=BASE, effect_type="coef")
    columns = (
        "spec_id term period role estimate conf_low conf_high p_value output_basis"
    ).split()
    since, until = spec["effect"]
    # Only what sets a row apart from the main one of its unit.
    differs = [
        "" if spec.get("demeaned", True) else "levels",
        (
            f"without {', '.join(short_name(unit) for unit in spec['exclude'])}"
            if spec.get("exclude")
            else ""
        ),
        (
            f"{main['unit_scheme'].replace('_', ' ')} population"
            if not main["unit_scheme"].isdigit()
            else ""
        ),
    ]
    years = f"{since}\u2013{until}, fitted {spec['fit'][0]}\u2013{spec['fit'][1]}"
    listed = sorted(
        records(only(weights, spec_id=spec["id"])),
        key=lambda row: (-row["weight"], row["unit"]),
    )
    # Weights below a hundredth are left to weights.csv.
    donors = [
        f"{short_name(row['unit'])} {fixed(row['weight'], 2)}"
        for row in listed
        if row["weight"] >= LISTED
    ]
    return {
        "group": names.get(spec["unit"], spec["unit"]),
        "label": (
            ", ".join(part for part in (years, *differs) if part)
            + basis_mark(main["output_basis"])
        ),
        **{name: main[name] for name in columns},
        "end": value_of(BASE, "estimate", "stat_end"),
        "p_ratio": value_of(f"{BASE}_ratio", "p_value"),
        "p_conformal": value_of(f"{BASE}_conformal", "p_value"),
        "p_in_time": value_of(f"{BASE}_in_time", "p_value"),
        "pre_rmspe": value_of(BASE, "estimate", "stat_pre_rmspe"),
        "poor": "poor" if "POOR FIT" in text(main["warning"]) else "",
        "low": value_of("leave_one_out", "estimate", "stat_low"),
        "high": value_of("leave_one_out", "estimate", "stat_high"),
        "n_donors": main["n_units"] - 1,
        "donors": ", ".join(donors),
    }


def _error(value: Any, poor: Any) -> str:
    return f"{fixed(value, 3)}{', poor' if text(poor) else ''}"
