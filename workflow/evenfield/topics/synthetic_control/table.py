"""T33: each case with its gap, its three p-values, the fit before the date, and the
donors.
"""

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Row,
    Table,
    basis_mark,
    cited,
    ends,
    fixed,
    left,
    number,
    only,
    pick,
    probability,
    records,
    right,
    short_name,
    text,
    whole,
)

BASE = "synthetic_control"
LISTED = 0.01  # smaller weights are not listed
# Columns of a case that are those of its main row.
SAME = (
    "estimate_id spec_id term period role estimate conf_low conf_high p_value output_basis"
).split()


# What stands beside the main row: estimator, kind of effect, column.
BESIDE = {
    "end": (BASE, "stat_end", "estimate"),
    "p_ratio": (f"{BASE}_ratio", "coef", "p_value"),
    "p_conformal": (f"{BASE}_conformal", "coef", "p_value"),
    "p_in_time": (f"{BASE}_in_time", "coef", "p_value"),
    "pre_rmspe": (BASE, "stat_pre_rmspe", "estimate"),
    "low": ("leave_one_out", "stat_low", "estimate"),
    "high": ("leave_one_out", "stat_high", "estimate"),
}


NOTE = """
Log real output per head less that of a weighted average of units that never had such a zone.
No weight is negative, they add up to one and are fitted to the years before the date. Paths
are taken less their own mean over those years unless the row says levels.

{results.level} intervals: constant effects that the rank of the absolute mean gap among all
donors, each against the other donors, does not reject; p of the same rank; p of the rank of
the error after over that before the date; conformal p from permuted residuals. Earlier date: the
same test with a date before the zone; a small p there shows that the comparison had failed before.

Without one: smallest and largest mean gap when one donor is left out. Error before: root mean
squared gap in the years of the fit; poor where it is among the largest tenth of the donors.
"""


def t33(results: StudyResults) -> Table:
    """Return one row a specification, the primary ones first in each group of a treated
    unit.
    """
    estimates = results.estimates()
    weights = results.series("weights", text=("spec_id", "unit"))
    names = results.table("units").set_index("unit")["name"]
    rows = []
    for spec in results.specs():
        own, used = (only(frame, spec_id=spec["id"]) for frame in (estimates, weights))
        rows.append(_row(spec, own, used, names))
    columns = (
        left("Case", "label"),
        number("Mean gap", "estimate", 3),
        ends(f"{results.level} interval", "conf_low", "conf_high", 2),
        number("At the end", "end", 3),
        probability("p, rank", "p_value"),
        probability("p, error ratio", "p_ratio"),
        probability("p, conformal", "p_conformal"),
        probability("p, earlier date", "p_in_time"),
        right("Error before", "pre_rmspe", "poor", show=_error),
        ends("Without one", "low", "high", 2),
        right("Donors", "n_donors", show=whole, paper=False),
        left("Weights", "donors", width_cm=3.4),
    )
    return Table.of(columns, rows, results.note(NOTE, seed=False))


TABLES = {"T33": t33}


def _row(spec: Row, own: pd.DataFrame, weights: pd.DataFrame, names: pd.Series) -> Row:
    beside: Row = {}
    for name, (estimator, effect, column) in BESIDE.items():
        test = pick(own, estimator=estimator, effect_type=effect)
        beside |= cited(name, test, column)
    main = pick(own, estimator=BASE, effect_type="coef")
    since, until = spec["effect"]
    # Only what sets a row apart from the main one of its unit.
    parts = [f"{since}\u2013{until}, fitted {spec['fit'][0]}\u2013{spec['fit'][1]}"]
    if not spec.get("demeaned", True):
        parts.append("levels")
    if spec.get("exclude"):
        parts.append(f"without {', '.join(map(short_name, spec['exclude']))}")
    if not main["unit_scheme"].isdigit():
        parts.append(f"{main['unit_scheme'].replace('_', ' ')} population")
    # The largest donors first; weights below a hundredth are left to weights.csv.
    listed = records(weights[weights["weight"].ge(LISTED)])
    listed.sort(key=lambda row: (-row["weight"], row["unit"]))
    donors = [f"{short_name(row['unit'])} {fixed(row['weight'], 2)}" for row in listed]
    return {
        "group": names.get(spec["unit"], spec["unit"]),
        "label": ", ".join(parts) + basis_mark(main["output_basis"]),
        **{name: main[name] for name in SAME},
        **beside,
        "poor": "poor" if "POOR FIT" in text(main["warning"]) else "",
        # n_units counts the treated unit as well.
        "n_donors": main["n_units"] - 1,
        "donors": ", ".join(donors),
    }


def _error(value: object, poor: object) -> str:
    return f"{fixed(value, 3)}{', poor' if text(poor) else ''}"
