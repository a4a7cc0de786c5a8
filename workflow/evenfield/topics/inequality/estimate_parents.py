"""What lies inside parents, such as cities inside provinces: its share by year, and
parents of one kind beside the others.
"""

from typing import Any

import numpy as np
import pandas as pd

from evenfield.models.inequality import (
    THEIL,
    Incomes,
    marked_test,
    marks_of_groups,
    share_test,
)
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.shared.estimates import asking
from evenfield.shared.rows import Kind, Rows
from evenfield.study.errors import EstimateError
from evenfield.topics.inequality.estimate_rows import CHANGE, ENDS, Decomposition

KINDS = {
    "share": Kind("within_parents", "within", "share", "share"),
    "compared": Kind("within_parents_exact", "within", "coef", "index"),
}
PARENT_LABELS = "spec_id sample_id unit_scheme period kind group measure year".split()
PARENT_NUMBERS = ["value", "conf_low", "conf_high"]


def marks_of(codes: Array, names: list[str], marked: Array, where: str) -> np.ndarray:
    """Return which parents are marked, (G,); codes, marked (N,) of the units."""
    try:
        return marks_of_groups(codes, names, marked)
    except NumericsError as error:
        raise EstimateError(
            f"{where}: {error}",
            "0 or 1, the same in all units of a parent",
            "correct units.csv",
        ) from error


def parent_rows(part: Decomposition, power: float) -> Rows:
    """Return rows of the share within parents and of its change, and of marked parents
    less the others.
    """
    codes, _ = part.groups[part.spec.parents]
    level = part.inference.level
    rows = Rows(
        KINDS, "exploratory", part.note, **part.labels, treatment_def=part.spec.parents
    )
    by_end = {end: part.at(end) for end in ENDS}
    for measure in THEIL:
        term = f"within_{measure}"
        try:
            shares = _with_change(
                {
                    end: incomes.within_shares(measure, codes)
                    for end, incomes in by_end.items()
                }
            )
        except NumericsError as error:
            rows.undefined(["share"], error, term=term)
            continue
        for contrast, values in shares.items():
            test = share_test(values, level)
            labels = {"term": term, "contrast": contrast}
            labels["asked"] = asking(measure=measure)
            rows.add_test("share", test, level, **labels)
        if part.marks is not None:
            inside = _with_change(
                {end: incomes.inside(measure, codes) for end, incomes in by_end.items()}
            )
            for contrast, values in inside.items():
                labels = {"term": term, "contrast": contrast}
                labels["asked"] = asking(measure=measure)
                _add_compared(rows, part, part.marks, values, power, labels)
    return rows


def _with_change(values: dict[str, Array]) -> dict[str, Array]:
    """Return values at the ends of a period, and what they changed by."""
    return values | {CHANGE: values["end"] - values["start"]}


def _add_compared(
    rows: Rows,
    part: Decomposition,
    marked: np.ndarray,
    inside: Array,
    power: float,
    labels: dict[str, Any],
) -> None:
    several = np.isfinite(inside)  # parents with an inside
    counts = {"n_treated": int(marked[several].sum()), "n_units": int(several.sum())}
    labels = {**labels, **counts, "treatment_def": part.spec.marked}
    level = part.inference.level
    try:
        test = marked_test(inside, marked, level, power)
    except NumericsError as error:
        rows.undefined(["compared"], error, **labels)
        return
    rows.add_test("compared", test, level, **labels)


def parent_series(part: Decomposition) -> pd.DataFrame:
    """Return the share within parents by year with its interval, and the mean index
    inside marked parents and the others.
    """
    codes, _ = part.groups[part.spec.parents]
    measure = THEIL[0]
    out = []
    for i, year in enumerate(part.data.years.tolist()):
        incomes = Incomes(income=part.income[:, i], people=part.weights[:, i])
        try:
            shares = incomes.within_shares(measure, codes)
        except NumericsError:
            continue
        test = share_test(shares, part.inference.level)
        ends = test.conf_low, test.conf_high
        out.append(("share", "", measure, year, shares[0], *ends))
        if part.marks is not None:
            inside = incomes.inside(measure, codes)
            for group, own in (("marked", part.marks), ("others", ~part.marks)):
                mean = np.nanmean(inside[own])
                out.append(("inside", group, measure, year, mean, np.nan, np.nan))
    columns = [*PARENT_LABELS[4:], *PARENT_NUMBERS]
    frame = pd.DataFrame(out, columns=columns)
    return frame.assign(**part.spec.labels, period=part.period)
