"""Gradients of a list of cluster units: exact tests of East and South, Moran's I and links on the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.randomisation import (
    free_assignments,
    path_panel,
    path_randomisation,
    randomisation_inference,
)
from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.power import mde_multiplier
from evenfield.numerics.random import generator_for
from evenfield.numerics.shares import share_test
from evenfield.numerics.spatial import join_counts
from evenfield.shared.estimates import NAN, Estimate, finite_or_nan
from evenfield.shared.samples import joined, not_defined
from evenfield.shared.settings import InferenceSpec


@dataclass(frozen=True)
class Place:
    """Where the units are."""

    units: tuple[str, ...]  # names
    lat: np.ndarray  # (N,) degrees
    lon: np.ndarray
    inside: np.ndarray  # (N,) whether a unit is in the East
    W: np.ndarray  # (N, N) spatial weights
    w_id: str  # their name, the unit scheme, and a warning about the weights
    scheme: str
    note: str = ""


def mark_rows(
    marks: np.ndarray, place: Place, labels: Mapping[str, Any], inference: InferenceSpec, power: float
) -> list[Estimate]:
    """Test where a zero-one list of units lies; marks (N,)."""
    labels = {**labels, "outcome": "cluster", "n_treated": int(marks.sum())}
    evidence = {**labels, "role": "robustness", "w_id": place.w_id}
    return [
        _east_row(marks, place, labels, inference, power),
        _south_row(marks, place, labels, inference, power),
        moran_row(marks, place, evidence, inference),
        _links_row(marks, place, evidence, inference),
    ]


def _east_row(
    marks: np.ndarray, place: Place, labels: dict[str, Any], inference: InferenceSpec, power: float
) -> Estimate:
    labels = {**labels, "estimator": "fisher_exact", "term": "east", "contrast": "east - rest",
              "unit_of_measure": "share"}  # fmt: skip
    try:
        test = share_test(marks > 0, place.inside, inference.conf_level, power)
    except NumericsError as error:
        return not_defined([labels], "", error)[0]
    unseen = "no difference is seen with the power asked for" if np.isnan(test.mde) else ""
    held = f"{test.inside} of {int(place.inside.sum())} units of the East, {test.outside} of the others"
    return Estimate(**labels, estimate=test.difference, conf_low=test.conf_low, conf_high=test.conf_high,
                    conf_level=inference.conf_level, p_value=test.p_value, mde=test.mde,
                    p_type="Fisher exact, two-sided", se_type="Newcombe score interval",
                    warning=joined(held, unseen))  # fmt: skip


def _south_row(
    marks: np.ndarray, place: Place, labels: dict[str, Any], inference: InferenceSpec, power: float
) -> Estimate:
    east = place.inside
    labels = {**labels, "estimator": "latitude_permutation", "term": "south_within_east", "n_obs": int(east.sum()),
              "n_units": int(east.sum()), "contrast": "cluster - other", "n_treated": int(marks[east].sum()),
              "unit_of_measure": "degrees south"}  # fmt: skip
    draw_id = stream(labels, "south")
    try:
        panel = path_panel(-place.lat[east], marks[east], np.array(place.units)[east], np.zeros(int(east.sum())))
        drawn = free_assignments(panel, inference.permutations, generator_for(inference.seed, draw_id))
        test = path_randomisation(panel, drawn, "time")
        found = randomisation_inference(test, inference.conf_level)
        error = float(np.std(test.coefficients))
        mde = mde_multiplier(int(east.sum()) - 2, power, inference.conf_level) * error
    except NumericsError as fault:
        return not_defined([labels], "", fault)[0]
    kind = "all placements" if found.enumerated else "random placements"
    bounds = (finite_or_nan(found.conf_low), finite_or_nan(found.conf_high))
    open_end = "" if np.isfinite([found.conf_low, found.conf_high]).all() else "an end of the interval is open"
    return Estimate(**labels, estimate=found.estimate, std_error=error, se_type="permutation within the East", mde=mde,
                    p_value=found.p_value, p_type=f"{found.draws} {kind} within the East, two-sided",
                    conf_low=bounds[0], conf_high=bounds[1], conf_level=inference.conf_level, warning=open_end,
                    seed="" if found.enumerated else f"{inference.seed}:{draw_id}")  # fmt: skip


def moran_row(values: np.ndarray, place: Place, labels: dict[str, Any], inference: InferenceSpec) -> Estimate:
    """Test whether units near each other are alike; values (N,)."""
    labels = {**labels, "estimator": "moran", "term": "morans_i", "w_id": place.w_id, "unit_of_measure": "index"}
    draw_id = stream(labels, "moran")
    try:
        test = morans_i_test(values, place.W, generator_for(inference.seed, draw_id), inference.permutations)
    except NumericsError as error:
        return not_defined([labels], place.note, error)[0]
    return Estimate(**labels, estimate=test.statistic, std_error=finite_or_nan(test.std_error), p_value=test.p_value,
                    se_type="Cliff-Ord, independent normal errors", p_type="permutation of units, two-sided",
                    seed=f"{inference.seed}:{draw_id}", warning=place.note)  # fmt: skip


def _links_row(marks: np.ndarray, place: Place, labels: dict[str, Any], inference: InferenceSpec) -> Estimate:
    labels = {**labels, "estimator": "join_count", "term": "links_between", "unit_of_measure": "links"}
    draw_id = stream(labels, "links")
    try:
        found = join_counts(marks, place.W, generator_for(inference.seed, draw_id), inference.permutations)
    except NumericsError as error:
        return not_defined([labels], place.note, error)[0]
    kind = "all placements" if found.exact else "random placements"
    return Estimate(**labels, estimate=float(found.both), std_error=NAN, p_value=found.p_value,
                    p_type=f"{found.subsets} {kind} of as many marks, one-sided (more links)",
                    seed="" if found.exact else f"{inference.seed}:{draw_id}",
                    warning=joined(f"{found.expected:.3g} links expected", place.note))  # fmt: skip


def stream(labels: Mapping[str, Any], what: str) -> str:
    """Return the name of the random stream of a row."""
    return ":".join(["gradient", labels["spec_id"], labels.get("treatment_def", ""), labels["outcome"], what])
