"""Inference with few units as fields of a row: what a method of the registry says of one
combination of coefficients, and which units carry it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.design import (
    NUMBERS,
    Design,
    Locations,
    Tested,
    few_cluster_weights,
)
from evenfield.numerics.inference.methods import METHODS, infer
from evenfield.numerics.influence import effective_clusters, partial_leverage
from evenfield.numerics.ols import OlsFit, fit_ols
from evenfield.shared.estimates import (
    Estimate,
    Fields,
    asking,
    finite_or_nan,
    untested,
)
from evenfield.study.study import Study
from evenfield.study.study_config import InferenceSettings

# Numbers that differ by rounding alone must not decide which unit is named.
TIE_DIGITS = 10
# What a design has beside its units by default, and in panels: degrees of freedom of one
# at least, and reach by Student's t alone.
CROSS_SECTION: Fields = {"conley_factor": "N/(N-K)"}
PANEL: Fields = {
    "conley_factor": "none",
    "least_df": 1.0,
    "power_law": "t",
}


def few_unit_settings(
    units: np.ndarray, inference: InferenceSettings, stream: str
) -> Fields:
    """Return what a design has for inference with few units, which are its clusters:
    units (N,), the settings of ``inference`` in the config, the name of the random stream.
    """
    clusters = in_order(units)
    return {
        "units": clusters,
        "draws": inference.permutations,
        "seed": inference.seed,
        "stream": stream,
        "wild_weights": few_cluster_weights(len(clusters.names)),
        "effective_df": True,
    }


def few_unit_design(
    fit: OlsFit,
    units: np.ndarray,
    inference: InferenceSettings,
    stream: str,
    **beside: Any,
) -> Design:
    """Return a regression with the settings of ``few_unit_settings``, and more."""
    settings = few_unit_settings(units, inference, stream)
    return Design(fit=fit, **settings | CROSS_SECTION | beside)


def located(table: pd.DataFrame, units: Sequence[str]) -> Locations:
    """Return where units are, from a table by unit, nowhere if it lacks ``lat, lon``."""
    lat, lon = table.reindex(list(units), columns=["lat", "lon"]).to_numpy(float).T
    return Locations(np.array(units), lat, lon)


def design_for(
    study: Study, spec: Any, units: np.ndarray, stream: str
) -> Callable[[OlsFit], Design]:
    """Return what the methods of a specification need around its fits: units (N,) as
    clusters, where they are, the name of the random stream.
    """
    places: Fields = {}
    if spec.inference:
        table = study.table("units", spec.unit_scheme).set_index("unit")
        places = {"locations": located(table, units.tolist())}
    settings = study.config.inference
    return partial(
        few_unit_design,
        units=units,
        inference=settings,
        stream=stream,
        **places,
    )


def with_places(study: Study, scheme: str, data: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the coordinates of their units, where there are any."""
    units = study.table("units", scheme)
    if not {"lat", "lon"} <= set(units):
        return data
    return data.merge(units[["unit", "lat", "lon"]], on="unit", how="left")


def beside(row: Estimate, name: str, suffixes: Mapping[str, str]) -> Estimate:
    """Return the row of a method that stands beside the deciding one, without numbers."""
    estimator = f"{row.estimator}_{suffixes.get(name, name.lower())}"
    return replace(row, role="ladder", estimator=estimator)


def method_fields(name: str, design: Design, c: np.ndarray, level: float) -> Fields:
    """Return what a method says of c'beta in a panel, or why there is no interval; CR3
    with the units that carry the combination; c (K,).
    """
    test = infer(name, design, c, level)
    asked = asking(inference=name)
    if test.reason:
        return {"estimate": test.estimate} | untested(test.reason, asked)
    fields = fields_of(test, level) | {"asked": asked}
    method = METHODS[name]
    if "cluster" in method.options and not method.dated:
        fields["se_type"] += " by unit"
    if name == "CR2":
        fields["p_type"] = "t, Bell-McCaffrey"
    if name == "CR3":
        X = design.fit.X
        units = design.units.names[design.units.codes]
        fields |= carrier_fields(X, units, c, design.fit.bread)
    if name in ("wild", "wild33"):
        drawn = design.bootstrap_weights
        kind = {"wild": "11", "wild33": "33"}[name]
        law = f"wild cluster bootstrap WCR-{kind}, {drawn.kind}, {drawn.count} draws"
        fields |= {"p_type": law, "seed": f"{design.seed}:{design.stream}"}
    return fields


def fields_of(test: Tested, level: float) -> Fields:
    """Arrange a test as fields of an estimate, without infinities."""
    names = (*NUMBERS, "p_adjusted", "mde")
    numbers = {name: finite_or_nan(getattr(test, name)) for name in names}
    words = {"se_type": test.se_type, "p_type": test.p_type}
    return numbers | words | {"conf_level": level}


def carrier_fields(
    X: np.ndarray, units: np.ndarray, c: np.ndarray, bread: np.ndarray | None = None
) -> Fields:
    """Return how many units carry c'beta, and the unit of largest leverage, the first of
    several; X (N, K), units (N,), c (K,).
    """
    names, codes = in_order(units)
    bread = fit_ols(np.zeros(len(X)), X).bread if bread is None else bread
    shares = partial_leverage(X, codes, c, bread)[1]
    largest = names[np.argmax(np.round(shares, TIE_DIGITS))]
    g_star = effective_clusters(X, codes, c, bread=bread)
    return {"g_star": g_star, "max_leverage_unit": str(largest)}
