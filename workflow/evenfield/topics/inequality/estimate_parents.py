"""What lies inside parents, such as cities inside provinces: its share by year, and
parents of one kind beside the others.
"""

from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_inference
from evenfield.numerics.parents import (
    exact_difference,
    inside_parents,
    jackknife_error,
    within_shares,
)
from evenfield.shared.rows import Kind, Rows
from evenfield.shared.samples import inference_fields
from evenfield.study.errors import EstimateError
from evenfield.topics.inequality.estimate_rows import (
    CHANGE,
    ENDS,
    MEASURES,
    Decomposition,
)

KINDS = {
    "share": Kind("within_parents", "within", "share", "share"),
    "compared": Kind("within_parents_exact", "within", "coef", "index"),
}
PARENT_LABELS = "spec_id sample_id unit_scheme period kind group measure year".split()
PARENT_NUMBERS = ["value", "conf_low", "conf_high"]


def marks_of(codes: Array, names: list[str], marked: Array, where: str) -> np.ndarray:
    """Return which parents are marked, (G,); codes, marked (N,) of the units."""
    marks = np.zeros(len(names), dtype=bool)
    for parent, name in enumerate(names):
        own = marked[codes == parent]
        if own.min() != own.max() or own.max() not in (0, 1):
            raise EstimateError(
                f"{where}: units of {name} differ in what marks parents",
                "0 or 1, the same in all units of a parent",
                "correct units.csv",
            )
        marks[parent] = own.max() == 1
    return marks


def parent_rows(part: Decomposition, power: float) -> Rows:
    """Return rows of the share within parents and of its change, and of marked parents
    less the others.
    """
    codes, _ = part.groups[part.spec.parents]
    rows = Rows(
        KINDS, "exploratory", part.note, **part.labels, treatment_def=part.spec.parents
    )
    for measure in MEASURES:
        by_end = {
            end: (part.income[:, at], part.weights[:, at]) for end, at in ENDS.items()
        }
        try:
            shares = {
                end: within_shares(*people, codes, measure)
                for end, people in by_end.items()
            }
        except NumericsError as error:
            rows.undefined(["share"], error, term=f"within_{measure}")
            continue
        shares[CHANGE] = shares["end"] - shares["start"]
        for contrast, values in shares.items():
            rows.add(
                "share",
                term=f"within_{measure}",
                contrast=contrast,
                **_jackknifed(values, part.inference.level),
            )
        if part.marks is not None:
            inside = {
                end: inside_parents(*people, codes, measure)
                for end, people in by_end.items()
            }
            inside[CHANGE] = inside["end"] - inside["start"]
            for contrast, values in inside.items():
                labels = {"term": f"within_{measure}", "contrast": contrast}
                _add_compared(rows, part, part.marks, values, power, labels)
    return rows


def _jackknifed(values: Array, level: float) -> dict[str, object]:
    """Return a share with the interval that leaving out parents gives; (1 + G,)."""
    error = jackknife_error(values[1:])
    test = t_inference(float(values[0]), error, len(values) - 2, level)
    # ASSUME: every parent is observed; the interval says how far a share hangs on few.
    words = {"se_type": "jackknife over parents: sensitivity, not sampling error"}
    fields = inference_fields(test) | words
    return {**fields, "statistic": np.nan, "p_value": np.nan}


def _add_compared(
    rows: Rows,
    part: Decomposition,
    marked: np.ndarray,
    values: Array,
    power: float,
    labels: dict[str, Any],
) -> None:
    several = np.isfinite(values)  # parents with an inside
    marks = marked[several]
    counts = {"n_treated": int(marks.sum()), "n_units": int(several.sum())}
    labels = {**labels, **counts, "treatment_def": part.spec.marked}
    level = part.inference.level
    try:
        test = exact_difference(values[several], marks, power, level)
    except NumericsError as error:
        rows.undefined(["compared"], error, **labels)
        return
    rows.add(
        "compared",
        **labels,
        estimate=test.estimate,
        std_error=test.std_error,
        se_type="all relabellings of parents",
        p_value=test.p_value,
        p_type=f"exact over all {test.ways:,} choices of parents",
        conf_low=test.estimate - test.half,
        conf_high=test.estimate + test.half,
        conf_level=level,
        mde=test.smallest_visible,
    )


def parent_series(part: Decomposition) -> pd.DataFrame:
    """Return the share within parents by year with its interval, and the mean index
    inside marked parents and the others.
    """
    codes, _ = part.groups[part.spec.parents]
    measure = MEASURES[0]
    out = []
    for i, year in enumerate(part.data.years.tolist()):
        people = part.income[:, i], part.weights[:, i]
        try:
            shares = within_shares(*people, codes, measure)
        except NumericsError:
            continue
        number = _jackknifed(shares, part.inference.level)
        ends = number["conf_low"], number["conf_high"]
        out.append(("share", "", measure, year, shares[0], *ends))
        if part.marks is not None:
            inside = inside_parents(*people, codes, measure)
            for group, own in (("marked", part.marks), ("others", ~part.marks)):
                mean = np.nanmean(inside[own])
                out.append(("inside", group, measure, year, mean, np.nan, np.nan))
    columns = [*PARENT_LABELS[4:], *PARENT_NUMBERS]
    frame = pd.DataFrame(out, columns=columns)
    return frame.assign(**part.spec.labels, period=part.period)
