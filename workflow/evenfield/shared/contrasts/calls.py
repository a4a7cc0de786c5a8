"""A group contrast as a call of ``ols``: its regression, rewritten so that the
combination of coefficients is one of them.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.shared.calls import Call, NoCallError, Place, seed_of
from evenfield.shared.contrasts.contrasts import (
    EXACT,
    PERMUTATIONS,
    PRINTED,
    SUFFIXES,
)
from evenfield.shared.contrasts.designs import (
    CONSTANT,
    ContrastDesign,
    GroupContrast,
    contrast_design,
)
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.estimates import CHANGE
from evenfield.shared.tables.rows import Row

# Columns by which the contrast of a row is found.
TOLD_APART = (
    "spec_id outcome term contrast sample_id unit_scheme period treatment_def"
    " controls_id fe_id w_id"
).split()
OF_SEVERAL_FITS = {
    "leave_one_out": "it is the lowest or highest of many fits, each without one unit:"
    " fit s.data of the row beside it again without each",
    "leave_pair_out": "it is a fit without a pair of units: leave them out of s.data of"
    " the row beside it",
    "taxonomy_range": "it is the lowest or highest over several lists, each a row",
    "pooled": "it pools the rows of several periods by random effects",
    "range": "it is the lowest or highest over the vintages, each a row",
}
# Methods of the library by how the error of a row is named.
DECIDING = {"SCPC avc 0.03": "SCPC", "SCPC avc 0.06": "SCPC_06", "CR3": "CR3"}


def contrast_call(
    row: Row, contrasts: Iterable[GroupContrast], geographies: Geographies
) -> Call:
    """Return the call that gives a row, whose contrast is one of some."""
    estimator = row["estimator"]
    refuse_several(row)
    if CHANGE in estimator:
        raise NoCallError(
            "it is the change from one period to another, both as one regression whose"
            " rows are those of s.data of each period"
        )
    known = {
        contrast.row.estimator: contrast
        for contrast in contrasts
        if identity(contrast) == tuple(row[name] for name in TOLD_APART)
    }
    # The longest name: slx_recentred_cr3 is of slx_recentred and not of slx.
    own = [name for name in known if f"{estimator}_".startswith(f"{name}_")]
    if not own:
        raise NoCallError("it is no single regression; see the code of its topic")
    base = max(own, key=len)
    method = _method(row, estimator.removeprefix(base).removeprefix("_"))
    try:
        design = contrast_design(known[base], geographies)
    except NumericsError as error:
        raise NoCallError(f"not defined: {error}") from None
    return _call(design, method)


def refuse_several(row: Row) -> None:
    """Refuse what is made of several fits."""
    for name, reason in OF_SEVERAL_FITS.items():
        if row["estimator"] == name or row["estimator"].startswith(f"{name}_"):
            raise NoCallError(reason)


def identity(contrast: GroupContrast) -> tuple[str, ...]:
    """Return the columns that tell the row of a contrast from others."""
    row = contrast.row
    return tuple(
        contrast.controls_id if name == "controls_id" else str(getattr(row, name))
        for name in TOLD_APART
    )


def _method(row: Row, suffix: str) -> str:
    """Return the inference of a row by its name in the library."""
    methods = {SUFFIXES.get(name, name.lower()): name for name in (*PRINTED, EXACT)}
    method = methods.get(suffix, "")
    if not suffix:
        method = DECIDING.get(row["se_type"], "")
        if "permutation" in row["p_type"]:
            method = "randomisation"
    if method in PERMUTATIONS:
        raise NoCallError(
            "its labels are dealt out to other units by the rules of the study; the"
            " regression is that of the row beside it, and"
            " ef.ols(inference='randomisation') deals out one label alone"
        )
    if not method:
        raise NoCallError("it is no single regression; see the code of its topic")
    return method


def _call(design: ContrastDesign, method: str) -> Call:
    contrast = design.contrast
    X = design.fit.X
    names = [*contrast.regressors, CONSTANT, *contrast.controls]
    more = X.shape[1] - len(names)
    names += [f"expected {number}" for number in range(1, more + 1)]
    outcome = contrast.outcome
    columns = dict(zip(names, X.T, strict=True))
    del columns[CONSTANT]
    weights = {
        name: float(weight)
        for name, weight in zip(contrast.regressors, design.regression.c, strict=True)
        if weight
    }
    columns, term, note = as_coefficient(columns, weights)
    places = design.located()
    names_and_outcome = {"unit": design.units.names, outcome: design.fit.y}
    data = pd.DataFrame(names_and_outcome | columns)
    arguments = {
        "y": outcome,
        "x": [*columns],
        "unit": "unit",
        "inference": [method],
        "few_units": True,
    }
    if places.known:
        data = data.assign(lat=places.lat, lon=places.lon)
    if method == "wild33":
        seed = seed_of(design.seed, design.stream)
        arguments |= {"draws": design.draws, "seed": seed}
    return Call(
        function="ols",
        data=data,
        arguments=arguments,
        places=(Place(term=term, inference=method),),
        note=note,
    )


def as_coefficient(
    columns: dict[str, np.ndarray], weights: dict[str, float]
) -> tuple[dict[str, np.ndarray], str, str]:
    """Return regressors of which one has the combination as its coefficient, its name,
    and a word on it.

    Notes
    -----
    With t = sum_j c_j b_j and b_k = (t - sum_(j != k) c_j b_j) / c_k the same fitted
    values are t x_k / c_k + sum_(j != k) b_j (x_j - c_j x_k / c_k) + ...
    """
    first, *others = weights
    if not others and weights[first] == 1.0:
        return columns, first, ""
    base = columns[first] / weights[first]
    changed = {}
    for name, values in columns.items():
        if name == first:
            changed[name] = base
        elif name in others:
            label = f"{name} + {first}"
            if weights[name] != -weights[first]:
                label = f"{name} beside {first}"
            changed[label] = values - weights[name] * base
        else:
            changed[name] = values
    scaled = f" per {weights[first]:g}" if weights[first] != 1.0 else ""
    less = " - ".join([first, *others])
    note = f"beside their sum the coefficient of {first} is {less}{scaled}"
    return changed, first, note if others else f"{first} is taken{scaled}"
