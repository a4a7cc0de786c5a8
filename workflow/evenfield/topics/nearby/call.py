"""Growth on lists and near them as calls of the library."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    Place,
    method_of,
    section_of,
    seed_of,
    specification,
)
from evenfield.shared.contrasts.contrasts import SUFFIXES
from evenfield.shared.distances import KM
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.nearby.estimate import FAMILY, methods_of
from evenfield.topics.nearby.estimate_case import Case, Cases
from evenfield.topics.nearby.estimate_spec import NearbySpec, Section
from evenfield.topics.nearby.estimate_whole import COLUMNS, WHOLE

PERMUTED = "permuted lists"  # as the library names the inference
NEAR = "near_"
COUNT = "count"  # estimator of the units of a class


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: a list, a list nearby, or a difference."""
    section: Section = section_of(study, Section, FAMILY)
    spec = specification(section.every_spec, row)
    case = Cases(study, section).read(spec)
    methods = methods_of(spec)
    counted = row["estimator"] in (COUNT, WHOLE)
    method = methods[0] if counted else method_of(row, "ols", methods, SUFFIXES)
    permuted = method.startswith("randomisation")
    drawn = permuted or "wild" in method
    near = row["term"].startswith(NEAR)
    opening = f"{FAMILY}:{spec.id}"
    inference = study.config.inference
    # The permutations and the wild bootstrap have streams of their own.
    stream = opening if permuted else f"{opening}:{'near' if near else 'own'}"
    own = PERMUTED if permuted else method
    arguments: dict[str, Any] = {
        "formula": _formula(spec),
        "unit": "unit",
        "lists": list(spec.named),
        "radius": spec.most,
        "measure": spec.measure,
        "sample": "compared",
        "cluster": "cluster",
        "inference": methods[0] if permuted else method,
        # The other inference does not need as many.
        "draws": inference.permutations if drawn else 99,
        "seed": seed_of(inference.seed, stream),
    }
    place = Place(term=row["contrast"] or row["term"], inference=own)
    if row["estimator"] == WHOLE:
        column = COLUMNS[row["term"]]
        place = Place(table="regressions", line="near", columns={"estimate": column})
    elif counted:
        # The class of units, such as near_cluster_only, in the words of the table.
        line = _class_in_words(row["term"], spec.named)
        place = Place(table="counts", line=line, columns={"estimate": "units"})
    between = None
    if spec.distance != KM:
        between = pd.DataFrame(
            case.nearby.distance, index=case.units, columns=case.units
        )
    # The library numbers units by their ids, and draws in that order.
    sorted_by_id = case.units == sorted(case.units)
    return Call(
        function="nearby",
        data=_data(spec, case),
        arguments=arguments,
        places=(place,),
        weights=between,
        weights_as="distance",
        differs={"p_value": DRAWS} if drawn and not sorted_by_id else {},
    )


def _class_in_words(term: str, lists: Sequence[str]) -> str:
    """Return a class of units, such as ``near_a_only``, as ``near a only``."""
    word, _, of_lists = term.partition("_")
    for name in lists:
        if of_lists in (name, f"{name}_only"):
            return f"{word} {name}{of_lists[len(name) :].replace('_', ' ')}"
    return f"{word} {of_lists}"  # none, or both


def _formula(spec: NearbySpec) -> str:
    held = " + ".join(["start", *(f"`{name}`" for name in spec.held)])
    return f"growth ~ {held}" + (" | parent" if spec.within else "")


def _data(spec: NearbySpec, case: Case) -> pd.DataFrame:
    """Return growth, what is held, lists, groups and places, a row a unit."""
    nearby = case.nearby
    columns: dict[str, Any] = {"unit": case.units, "growth": nearby.growth}
    columns |= dict(zip(("start", *spec.held), nearby.held.T, strict=True))
    columns |= dict(zip(spec.named, nearby.lists.T, strict=True))
    columns |= {
        "compared": nearby.sample.astype(int),
        "parent": nearby.parents,
        "cluster": case.clusters,
    }
    places = case.unit_rows
    if {"lat", "lon"} <= set(places):
        columns |= {name: places[name].to_numpy(float) for name in ("lat", "lon")}
    return pd.DataFrame(columns)
