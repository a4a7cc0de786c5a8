"""Gradients of cluster counts: Poisson quasi-likelihood on longitude and, within the East, on latitude."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality import permuted_sum_p
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import is_constant, not_defined
from evenfield.shared.settings import InferenceSpec
from evenfield.study.errors import first_examples
from evenfield.topics.gradient.estimate_marks import Place, moran_row, stream

NO_COUNT = "no count of clusters is named, only a list of units that have some"
FEWEST = 4


def unit_counts(
    clusters: pd.DataFrame, measure: str, units: Sequence[str], merged: Mapping[str, Sequence[str]]
) -> pd.Series:
    """Add up a measure by unit of the scheme."""
    own = clusters[clusters["measure"] == measure].set_index("unit")["value"].astype(float)
    parts = {unit: list(merged.get(unit, [unit])) for unit in units}
    return pd.Series({unit: own.reindex(names).sum(skipna=False) for unit, names in parts.items()}, dtype=float)


def count_rows(
    measure: str, counts: pd.Series | None, place: Place, labels: Mapping[str, Any], inference: InferenceSpec
) -> list[Estimate]:
    """Regress a count of clusters on where units lie."""
    labels = {**labels, "estimator": "poisson_qml", "outcome": measure or "cluster_count", "treatment_def": measure,
              "unit_of_measure": "log count per degree"}  # fmt: skip
    east = {**labels, "term": "east_degrees"}
    south = {**labels, "term": "south_degrees_within_east", "n_obs": int(place.inside.sum()),
             "n_units": int(place.inside.sum())}  # fmt: skip
    why = _gap(measure, counts)
    if why or counts is None:
        return not_defined([east, south], "", why)
    values, everyone = counts.reindex(list(place.units)).to_numpy(float), np.ones(len(place.units), dtype=bool)
    return [
        _gradient_row(values, place.lon, everyone, east, inference),
        _gradient_row(values, -place.lat, place.inside, south, inference),
        moran_row(values, place, {**labels, "role": "robustness"}, inference),
    ]


def _gap(measure: str, counts: pd.Series | None) -> str:
    if counts is None:
        return NO_COUNT
    missing = counts.index[counts.isna()].tolist()
    gap = f"{len(missing)} units have no {measure} ({first_examples(missing)}), which is not a count of zero"
    return gap if missing else ""


def _gradient_row(
    counts: np.ndarray, degrees: np.ndarray, chosen: np.ndarray, labels: dict[str, Any], inference: InferenceSpec
) -> Estimate:
    c, x = counts[chosen], degrees[chosen]
    draw_id = stream(labels, labels["term"])
    try:
        fields = _poisson(c, x, inference.conf_level)
        p_value = permuted_sum_p(c, x, generator_for(inference.seed, draw_id), inference.permutations)
    except NumericsError as error:
        return not_defined([labels], "", error)[0]
    return Estimate(**labels, **fields, p_value=p_value, se_type="HC1 sandwich, quasi-likelihood",
                    p_type="permutation of the counts among the units used, two-sided",
                    conf_level=inference.conf_level, seed=f"{inference.seed}:{draw_id}")  # fmt: skip


def _poisson(counts: np.ndarray, x: np.ndarray, level: float) -> dict[str, Any]:
    if len(counts) < FEWEST or is_constant(counts) or is_constant(x) or (counts < 0).any():
        raise NumericsError(f"{len(counts)} counts that do not vary, or a negative one")
    scale = float(np.std(x))
    X = sm.add_constant((x - x.mean()) / scale)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.GLM(counts, X, family=sm.families.Poisson()).fit(cov_type="HC1", use_t=True)
    if not fit.converged or not np.isfinite(fit.bse).all():
        raise NumericsError("the Poisson regression has no finite solution")
    low, high = np.asarray(fit.conf_int(1 - level))[1] / scale
    return {"estimate": float(fit.params[1] / scale), "std_error": float(fit.bse[1] / scale),
            "statistic": float(fit.tvalues[1]), "df": float(fit.df_resid), "conf_low": float(low),
            "conf_high": float(high)}  # fmt: skip
