"""A group contrast as a call of ``ols``: its regression, rewritten so that the
combination of coefficients is one of them; and what is made of such regressions.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.models.labels import contrast_name
from evenfield.models.placebo_lists import SAMPLED
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import METHODS
from evenfield.numerics.label_permutation import FEWEST_DRAWS
from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    asked_of,
    by_bootstrap,
    drawn,
    method_of,
    seed_of,
    weights_table,
)
from evenfield.shared.contrasts.changes import (
    CONLEY,
    CUTOFF_KM,
    ChangeDesign,
    change_design,
)
from evenfield.shared.contrasts.contrasts import (
    EXACT,
    printed_methods,
)
from evenfield.shared.contrasts.designs import (
    CONSTANT,
    ContrastDesign,
    GroupContrast,
    contrast_design,
)
from evenfield.shared.contrasts.geographies import STRATA, Geographies
from evenfield.shared.contrasts.placebo_lists import LISTS, REJECTS, REJECTS_UNCORRECTED
from evenfield.shared.estimates import change_period
from evenfield.shared.places import Coefficient, ColumnSum, Note, Place, TableRow, same
from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.tables.rows import Row
from evenfield.study.study_config import InferenceSettings

# Columns that tell the row of a contrast from those of others.
IDENTITY_COLUMNS = (
    "spec_id outcome term contrast sample_id unit_scheme period treatment_def"
    " controls_id fe_id w_id"
).split()
SINGLES, PAIRS = "leave_one_out", "leave_pair_out"
SCHEMES = SAMPLED | {EXACT: "exact"}  # of permutations, by method
NO_REGRESSION = "it is no single regression; see the code of its topic"
STRATUM = f"stratum by {STRATA}"  # a control may have the name of the strata
LATER = ", later"  # behind a column times the indicator of the later span
ESTIMATE = same("estimate")
# Columns of `sizes()` by the numbers of a row on the size of one method.
SIZE_COLUMNS = {"estimate": "size", "p_value": "corrected_p"} | same(
    "std_error", "statistic"
)
# Where in `leave_one_out()` each kind of row about single units stands.
OF_SINGLES = {
    "stat_low": TableRow(table="range", line="lowest", columns=ESTIMATE),
    "stat_high": TableRow(table="range", line="highest", columns=ESTIMATE),
    "stat_sign_flips": Note(note="sign flips"),
}
# Name of a sample: one text, or two, each in a column of its own.
Name = TypeVar("Name", str, tuple[str, str])
Pairs = Iterable[tuple[GroupContrast, GroupContrast]]


class Combined(NamedTuple):
    """Regressors of which one has a combination of coefficients as its coefficient."""

    columns: dict[str, np.ndarray]  # (N,) each
    term: str  # the one
    note: str  # on what its coefficient is; empty where it is the regressor's own


class ContrastRows(NamedTuple):
    """A contrast as the library takes it, its constant left out."""

    data: pd.DataFrame  # a row a unit: unit, outcome, regressors, lat and lon if known
    x: list[str]  # columns of the regressors
    term: str  # as for ``Combined``
    note: str


def contrast_call(
    row: Row,
    contrasts: Iterable[GroupContrast],
    geographies: Geographies,
    changes: Pairs = (),
) -> Call:
    """Return the call that gives a row, whose contrast is one of some, or the change
    between two spans of one of some pairs.
    """
    asked = asked_of(row)
    if "change_of" in asked:
        return _change_call(row, changes, geographies)
    known = [one for one in contrasts if identity(one) == _identity_of(row)]
    if row["estimator"] in (SINGLES, PAIRS):
        return _left_out_call(row, known, geographies)
    of_estimator = [one for one in known if one.row.estimator == asked.get("contrast")]
    if not of_estimator:
        raise NoCallError(NO_REGRESSION)
    # Of several the last one counts.
    design = _defined(of_estimator[-1], geographies)
    if "lists" in asked:
        return _placebo_call(design, asked["lists"])
    method = method_of(row)
    if method in SCHEMES:
        return permuted_call(design, method)
    return regression_call(design, method)


def identity(contrast: GroupContrast) -> tuple[str, ...]:
    """Return the columns that tell the row of a contrast from others."""
    row = contrast.row
    return tuple(
        contrast.controls_id if name == "controls_id" else str(getattr(row, name))
        for name in IDENTITY_COLUMNS
    )


def _identity_of(row: Row) -> tuple[str, ...]:
    """Return these columns of a row; one without a pair of units has the id of the whole
    sample.
    """
    whole = dict(row)
    if row["estimator"] == PAIRS:
        whole["sample_id"] = asked_of(row)["sample"]
    return tuple(whole[name] for name in IDENTITY_COLUMNS)


def _defined(contrast: GroupContrast, geographies: Geographies) -> ContrastDesign:
    """Return the design of a contrast, or say that it is not defined."""
    try:
        return contrast_design(contrast, geographies)
    except NumericsError as error:
        raise NoCallError(f"not defined: {error}") from None


def regression_call(design: ContrastDesign, method: str) -> Call:
    """Return a contrast as a call of ``ols`` by a method of inference."""
    rows = _rows_of(design)
    arguments = {
        "y": design.contrast.outcome,
        "x": rows.x,
        "unit": "unit",
        "inference": [method],
        "few_units": True,
    }
    if by_bootstrap(method):
        arguments |= drawn(design.draws, design.seed, design.stream)
    return Call(
        function="ols",
        data=rows.data,
        arguments=arguments,
        places=(Coefficient(term=rows.term, inference=method),),
        note=rows.note,
    )


def _rows_of(design: ContrastDesign) -> ContrastRows:
    """Return a contrast with its combination as the coefficient of one regressor."""
    contrast = design.contrast
    X = design.fit.X  # (N, K)
    names = [*contrast.regressors, CONSTANT, *contrast.controls]
    # Behind them stands what the regressors are expected to be over the permutations.
    expected = X.shape[1] - len(names)
    names += [f"expected {number}" for number in range(1, expected + 1)]
    columns = dict(zip(names, X.T, strict=True))
    del columns[CONSTANT]
    weights = {
        name: float(weight)
        for name, weight in zip(contrast.regressors, design.regression.c, strict=True)
        if weight
    }
    combined = as_coefficient(columns, weights)
    names_and_outcome = {"unit": design.units.names, contrast.outcome: design.fit.y}
    data = pd.DataFrame(names_and_outcome | combined.columns)
    places = design.located()
    if places.known:
        data = data.assign(lat=places.lat, lon=places.lon)
    return ContrastRows(data, [*combined.columns], combined.term, combined.note)


def as_coefficient(
    columns: dict[str, np.ndarray], weights: dict[str, float]
) -> Combined:
    """Return regressors with the same fit of which one has the combination
    sum_j c_j b_j as its coefficient; columns (N,) each, weights c_j by name.

    Notes
    -----
    With k the first regressor, t = sum_j c_j b_j and b_k = (t - sum_(j != k) c_j b_j) /
    c_k, the same fitted values are t x_k / c_k + sum_(j != k) b_j (x_j - c_j x_k / c_k),
    and what has no weight is as it was.
    """
    first, *others = weights
    if not others and weights[first] == 1.0:
        return Combined(columns, first, note="")
    base = columns[first] / weights[first]  # x_k / c_k
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
    note = f"{first} is taken{scaled}"
    if others:
        combination = _in_signs(weights)
        note = f"beside the others the coefficient of {first} is {combination}{scaled}"
    return Combined(changed, first, note)


def _in_signs(weights: dict[str, float]) -> str:
    """Return a combination of coefficients in words, in units of the first weight."""
    first, *others = weights
    words = first
    for name in others:
        ratio = weights[name] / weights[first]
        times = "" if abs(ratio) == 1.0 else f"{abs(ratio):g} "
        words += f" {'-' if ratio < 0 else '+'} {times}{name}"
    return words


def _left_out_call(
    row: Row, known: Sequence[GroupContrast], geographies: Geographies
) -> Call:
    """Return the call of a row without each unit in turn, or without a pair of units."""
    # Units are left out of contrasts that decide a hypothesis, and of no other.
    deciding = [one for one in known if one.row.role == "primary"]
    if len(deciding) != 1:
        raise NoCallError(NO_REGRESSION)
    design = _defined(deciding[0], geographies)
    # Without units in turn estimates alone are compared, and few treated units have
    # permutations alone: any error will do.
    any_method = row["estimator"] == SINGLES or design.few
    method = "HC1" if any_method else printed_methods(design)[0]
    return _without_units(row, regression_call(design, method))


def panel_call(
    row: Row,
    table: pd.DataFrame,
    outcome: str,
    regressors: Sequence[str],
    weights: dict[str, float],
    settings: InferenceSettings,
    stream: str,
) -> Call:
    """Return the call of a regression with effects of units and years, whose table has
    columns ``unit`` and ``year``, by the method of a row, or again without units.
    """
    method = method_of(row)
    columns = {name: table[name].to_numpy(float) for name in regressors}
    combined = as_coefficient(columns, weights)
    keys = table[["unit", "year", outcome]].reset_index(drop=True)
    data = keys.assign(**combined.columns)
    terms = " + ".join(f"`{name}`" for name in combined.columns)
    arguments: dict[str, Any] = {
        "formula": f"`{outcome}` ~ {terms} | unit + year",
        "unit": "unit",
        "time": "year",
        "inference": [method],
        "few_units": True,
    }
    if by_bootstrap(method):
        arguments |= drawn(settings.permutations, settings.seed, stream)
    place = Coefficient(term=combined.term, inference=method)
    if is_missing(row["se_type"]):  # too few units of a group: the estimate alone
        place = replace(place, columns=ESTIMATE)
    call = Call(
        function="ols",
        data=data,
        arguments=arguments,
        places=(place,),
        note=combined.note,
    )
    return _without_units(row, call) if row["estimator"] in (SINGLES, PAIRS) else call


def _without_units(row: Row, call: Call) -> Call:
    """Return the call of a regression again without each unit in turn, or without a pair
    of units.
    """
    if row["estimator"] == SINGLES:
        then = (SINGLES, {"term": call.coefficient.term})
        return replace(call, then=then, places=(OF_SINGLES[row["effect_type"]],))
    return without_group(call, asked_of(row)["without"])


def without_group(call: Call, units: Sequence[str]) -> Call:
    """Return the call of a regression without some units."""
    rest = call.data[~call.data["unit"].isin(units)].reset_index(drop=True)
    place = replace(call.coefficient, columns=ESTIMATE)
    return replace(call, data=rest, places=(place,))


def several_call(
    samples: Mapping[Any, ContrastDesign],
    by: str | Sequence[str],
    method: str,
    place: Place,
    *,
    reference: str = "",
    pooled: Mapping[str, Any] | None = None,
) -> Call:
    """Return the call of one contrast in several samples: their range, or what they are
    ``pooled`` to. A sample is named in the column ``by``, or in several columns by a
    tuple of as many names.
    """
    columns = [by] if isinstance(by, str) else list(by)
    parts = []
    for name, design in samples.items():
        rows = _rows_of(design)
        names = [name] if isinstance(name, str) else name
        parts.append(rows.data.assign(**dict(zip(columns, names, strict=True))))
    # Outcome, regressors and combination are those of any sample: here of the last one.
    arguments: dict[str, Any] = {
        "y": design.contrast.outcome,
        "x": rows.x,
        "by": by,
        "term": rows.term,
        "unit": "unit",
        "inference": [method],
        "few_units": True,
    }
    if reference:
        arguments["reference"] = reference
    return Call(
        function="ols_by",
        data=pd.concat(parts, ignore_index=True),
        arguments=arguments,
        places=(place,),
        then=None if pooled is None else ("pool", pooled),
        note=rows.note,
    )


def defined_designs(
    contrasts: Mapping[Name, GroupContrast], geographies: Geographies
) -> dict[Name, ContrastDesign]:
    """Return the designs of contrasts that have an estimate, by name."""
    designs = dict[Name, ContrastDesign]()
    for name, contrast in contrasts.items():
        # A contrast that is not defined has no estimate, and is left out.
        with suppress(NumericsError):
            design = contrast_design(contrast, geographies)
            # Few treated units leave permutation alone, which needs some patterns.
            if not design.few or _label_patterns(design) >= FEWEST_DRAWS:
                designs[name] = design
    return designs


def _label_patterns(design: ContrastDesign) -> int:
    """Return how many different patterns the permutations of all units make of labels."""
    return design.label_draws("free").distinct(design.regression.labels)


def permuted_call(design: ContrastDesign, method: str) -> Call:
    """Return a contrast tested by permuting the rows of its labels."""
    contrast = design.contrast
    table = contrast.table
    scheme = SCHEMES[method]
    expected = contrast.expected
    if expected is not None and expected.scheme != scheme:
        raise NoCallError(
            f"its expectation is over {expected.scheme} permutations of labels and its"
            f" test over {scheme} ones, where ef.label_permutation takes the same for both"
        )
    columns = [contrast.outcome, *contrast.labels, *contrast.controls]
    data = table[columns].astype(float).rename_axis("unit").reset_index()
    arguments = _arguments_of_labels(design, method)
    if expected is not None:
        arguments["expected"] = expected.use
    return _label_call(design, data, arguments)


def _placebo_call(design: ContrastDesign, about: str) -> Call:
    """Return the call that tries the methods of a contrast on placebo lists: the size of
    one, how many lists there are, or how many methods reject.
    """
    columns = _columns_of_units(design)
    methods = [name for name in printed_methods(design) if name != EXACT]
    if "lat" not in columns:
        methods = [name for name in methods if "coords" not in METHODS[name].options]
    if STRATUM not in columns:
        methods = [name for name in methods if name != "randomisation_stratified"]
    inference = design.geographies.inference
    options: dict[str, Any] = {
        "inference": methods,
        "lists": inference.placebo_lists,
        "level": inference.level,
        "few_units": True,
        "seeds": _seeds(design),
    }
    if STRATUM in columns:
        options["strata"] = STRATUM
    call = permuted_call(design, "randomisation_connected")
    data = call.data
    for name, values in columns.items():
        of_unit = dict(zip(design.units.names.tolist(), values, strict=True))
        data = data.assign(**{name: data["unit"].map(of_unit)})
    place = _place_on_placebo_lists(about, methods)
    numbers = ["estimate"] if isinstance(place, ColumnSum) else place.columns
    return replace(
        call,
        data=data,
        places=(place,),
        then=("sizes", options),
        differs=dict.fromkeys(numbers, DRAWS) if call.differs else {},
    )


def _place_on_placebo_lists(about: str, methods: Sequence[str]) -> ColumnSum | TableRow:
    """Return where in `sizes()` stands how many methods reject, how many lists there
    are, or the size of one method.
    """
    if about in (REJECTS, REJECTS_UNCORRECTED):
        return ColumnSum(column=about)
    if about == LISTS:
        return TableRow(line=methods[0], columns={"estimate": LISTS})
    if about not in methods:
        raise NoCallError(NO_REGRESSION)
    return TableRow(line=about, columns=SIZE_COLUMNS)


def _seeds(design: ContrastDesign) -> dict[str, list[int]]:
    """Return the seed of each thing that is drawn for placebo lists."""
    draw_id = design.contrast.draw_id
    streams = {
        "lists": f"labels:placebo:{draw_id}",
        "wild": design.stream,
        "free": f"labels:free:{draw_id}",
        "stratified": f"labels:{STRATA}:{draw_id}",
    }
    return {name: seed_of(design.seed, stream) for name, stream in streams.items()}


def _columns_of_units(design: ContrastDesign) -> dict[str, np.ndarray]:
    """Return coordinates and strata of units, each (N,), where they are known."""
    columns = dict[str, np.ndarray]()
    places = design.located()
    if places.known:
        columns = {"lat": places.lat, "lon": places.lon}
    with suppress(NumericsError):
        columns[STRATUM] = design.geographies.strata(design.units.names)
    return columns


def _label_call(
    design: ContrastDesign, data: pd.DataFrame, arguments: dict[str, Any]
) -> Call:
    """Return the call that deals out labels, with the strata and the neighbours of the
    units of a design.
    """
    units = design.units.names
    neighbours = design.contrast.neighbours
    weights = None
    if neighbours is not None:
        aligned = csr_array(neighbours.aligned(units.tolist()))
        weights = weights_table(aligned, units.tolist())
    place = Coefficient(
        term=contrast_name(arguments["contrast"]), columns=same("estimate", "p_value")
    )
    return Call(
        function="label_permutation",
        data=with_strata(data, arguments, units, design.geographies),
        arguments=arguments,
        places=(place,),
        weights=weights,
        differs=differs_by_order(units),
    )


def _arguments_of_labels(design: ContrastDesign, method: str) -> dict[str, Any]:
    """Return the arguments that say what is permuted, who can have whose labels, and the
    draws.
    """
    contrast = design.contrast
    geographies = design.geographies
    units = design.units.names
    scheme = SCHEMES[method]
    named = {
        name: float(weight)
        for name, weight in zip(contrast.regressors, design.regression.c, strict=True)
        if weight
    }
    arguments: dict[str, Any] = {
        "y": contrast.outcome,
        "labels": list(contrast.labels),
        "contrast": named,
        "controls": list(contrast.controls),
        "unit": "unit",
    }
    if scheme == "exact":
        return arguments | {"strata": STRATUM, "exact": True}
    return arguments | permutation_arguments(
        scheme, units, geographies, contrast.draw_id
    )


def permutation_arguments(
    scheme: str, units: np.ndarray, geographies: Geographies, draw_id: str
) -> dict[str, Any]:
    """Return the arguments that say who can have whose labels, and the draws; units
    (N,).
    """
    arguments: dict[str, Any] = {}
    if scheme == "stratified":
        arguments["strata"] = STRATUM
    if scheme == "connected":
        touching = csr_array(geographies.touching(units)).tocoo()
        pairs = zip(touching.row.tolist(), touching.col.tolist(), strict=True)
        arguments["links"] = [
            (str(units[one]), str(units[other])) for one, other in pairs if one < other
        ]
    name = STRATA if scheme == "stratified" else scheme
    inference = geographies.inference
    stream = f"labels:{name}:{draw_id}"
    return arguments | drawn(inference.permutations, inference.seed, stream)


def with_strata(
    data: pd.DataFrame,
    arguments: Mapping[str, Any],
    units: np.ndarray,
    geographies: Geographies,
) -> pd.DataFrame:
    """Add the strata of units, (N,), where labels stay within them."""
    if "strata" not in arguments:
        return data
    strata = dict(zip(units.tolist(), geographies.strata(units).tolist(), strict=True))
    return data.assign(**{STRATUM: data["unit"].map(strata)})


def differs_by_order(units: np.ndarray) -> dict[str, str]:
    """Say that draws differ where units are not in the order of their names."""
    return {} if units.tolist() == sorted(units.tolist()) else {"p_value": DRAWS}


def _change_call(row: Row, changes: Pairs, geographies: Geographies) -> Call:
    """Return the change of a contrast between two spans: both as one regression, or the
    labels of both dealt out together.
    """
    estimator = asked_of(row)["change_of"]
    known = []
    for first, later in changes:
        period = change_period(first.row.period, later.row.period)
        change = replace(first, row=replace(first.row, period=period))
        same_rows = identity(change) == _identity_of(row)
        if same_rows and first.row.estimator == estimator:
            known.append((first, later))
    if not known:
        raise NoCallError(NO_REGRESSION)
    first, later = known[-1]
    try:
        design, _ = change_design(first, later, geographies)
    except NumericsError as error:
        raise NoCallError(f"not defined: {error}") from None
    method = method_of(row)
    if method in SCHEMES:
        return _permuted_change(design, method)
    return _stacked_call(design, method)


def _stacked_call(design: ChangeDesign, method: str) -> Call:
    """Return both spans as one regression, every regressor once more times an indicator
    of the later span: the coefficient of that is the change.

    y_it = a + b'x_it + later_t (d + g'x_it) + u_it, in which g of the combination is
    its change.
    """
    parts = []
    for is_later, of_span in ((0.0, design.first), (1.0, design.later)):
        rows = _rows_of(of_span)
        # Each span may have its own name of the outcome.
        data = rows.data.rename(columns={of_span.contrast.outcome: "outcome"})
        interactions = {name + LATER: data[name] * is_later for name in rows.x}
        span = 1 + int(is_later)
        parts.append(data.assign(span=span, later=is_later, **interactions))
    # Regressors and combination are the same in both spans.
    arguments: dict[str, Any] = {
        "y": "outcome",
        "x": [*rows.x, "later", *(name + LATER for name in rows.x)],
        "unit": "unit",
        "time": "span",
        "inference": [method],
        "few_units": True,
    }
    if method == CONLEY:
        arguments |= {"cutoff_km": CUTOFF_KM, "lags": 0}
    if by_bootstrap(method):
        arguments |= drawn(design.draws, design.seed, design.stream)
    return Call(
        function="ols",
        data=pd.concat(parts, ignore_index=True),
        arguments=arguments,
        places=(Coefficient(term=rows.term + LATER, inference=method),),
        note=rows.note,
    )


def _permuted_change(design: ChangeDesign, method: str) -> Call:
    """Return the change tested by permuting the rows of labels of both spans alike."""
    arguments = _arguments_of_labels(design.first, method)
    arguments |= {"y": "outcome", "time": "span"}
    parts = []
    for span, of_span in enumerate((design.first, design.later), 1):
        contrast = of_span.contrast
        columns = [contrast.outcome, *contrast.labels, *contrast.controls]
        data = contrast.table[columns].astype(float).rename_axis("unit").reset_index()
        data = data.rename(columns={contrast.outcome: "outcome"})
        parts.append(data.assign(span=span))
    return _label_call(design.first, pd.concat(parts, ignore_index=True), arguments)
