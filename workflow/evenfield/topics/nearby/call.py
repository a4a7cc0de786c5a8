"""Growth on lists and near them as calls of the library."""

from typing import Any

import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    asked_of,
    by_bootstrap,
    by_permutation,
    method_of,
    section_of,
    seed_of,
    specification,
)
from evenfield.shared.distances import KM
from evenfield.shared.places import IN_ITS_UNIT, Coefficient, Place, TableRow
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.nearby.estimate import methods_of
from evenfield.topics.nearby.estimate_case import FAMILY, Case, Cases, cases_of
from evenfield.topics.nearby.estimate_errors import (
    CAPTURE,
    FOUND,
    KAPPA,
    ErrorsOfLists,
    stream_of_errors,
)
from evenfield.topics.nearby.estimate_left_out import groups_of
from evenfield.topics.nearby.estimate_spec import NearbySpec, Section
from evenfield.topics.nearby.estimate_whole import COLUMNS, WHOLE

PERMUTED = "permuted lists"  # as the library names the inference
COUNT = "count"  # estimator of the units of a class
TRUTH = "right"  # column of the list that may be right


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: a list, a list nearby, or a difference; agreement
    of lists, or growth nearby if another list is the right one.
    """
    section: Section = section_of(study, Section, FAMILY)
    left_out = {one.id: one for one in section.left_out}.get(row["spec_id"])
    of = {"spec_id": left_out.of} if left_out else {}
    spec = specification(section.every_spec, {**row, **of})
    cases = cases_of(study, section)
    if row["estimator"] in (KAPPA, CAPTURE):
        return _agreement(cases, spec, row)
    asked = asked_of(row)
    if "truth" in asked:
        return _if_right(cases, spec, row)
    case = cases.read(spec)
    if left_out:
        left = groups_of(case, left_out.column) != asked["without"]
        case = case.compared_among(left)
    methods = methods_of(spec)
    counted = row["estimator"] in (COUNT, WHOLE)
    method = methods[0] if counted else method_of(row)
    permuted = by_permutation(method)
    drawn = permuted or by_bootstrap(method)
    opening = f"{FAMILY}:{spec.id}"
    # The permutations and the wild bootstrap have streams of their own.
    stream = opening if permuted else case.stream(near=asked["near"])
    own = PERMUTED if permuted else method
    inference = study.config.inference
    arguments = _arguments(spec, methods[0] if permuted else method)
    arguments |= {
        # The other inference does not need as many.
        "draws": inference.permutations if drawn else 99,
        "seed": seed_of(inference.seed, stream),
    }
    place: Place = Coefficient(term=row["contrast"] or row["term"], inference=own)
    if row["estimator"] == WHOLE:
        column = COLUMNS[row["term"]]
        place = TableRow(table="regressions", line="near", columns={"estimate": column})
    elif counted:
        # The class of units, such as near cluster only
        line = asked["units"]
        place = TableRow(table="counts", line=line, columns={"estimate": "units"})
    return Call(
        function="nearby",
        data=_data(spec, case),
        arguments=arguments,
        places=(place,),
        **_distances(spec, case),
        differs={"p_value": DRAWS} if drawn and not _sorted_by_id(case) else {},
    )


def _arguments(spec: NearbySpec, inference: str) -> dict[str, Any]:
    """Return what every call of growth nearby has."""
    return {
        "formula": _formula(spec),
        "unit": "unit",
        "lists": list(spec.named),
        "radius": spec.most,
        "measure": spec.measure,
        "sample": "compared",
        "cluster": "cluster",
        "inference": inference,
    }


def _distances(spec: NearbySpec, case: Case) -> dict[str, Any]:
    """Return the distances between units, where they are not those of coordinates."""
    between = None
    if spec.distance != KM:
        between = pd.DataFrame(
            case.nearby.distance, index=case.units, columns=case.units
        )
    return {"weights": between, "weights_as": "distance"}


def _sorted_by_id(case: Case) -> bool:
    """Say whether the library, which numbers units by their ids, draws as the study."""
    return case.units == sorted(case.units)


def _agreement(cases: Cases, spec: NearbySpec, row: Row) -> Call:
    """Return the call that gives the kappa of two lists, or what two searches found."""
    first, second = asked_of(row)["lists"]
    case = cases.read(spec)
    data = pd.DataFrame({"unit": case.units})
    for name in (first, second):
        data[name] = cases.members(name).astype(int)
    of_both = f"{first}, {second}"
    terms = {
        KAPPA: f"kappa: {of_both}",
        **dict(
            zip(
                FOUND,
                (
                    f"exist: {of_both}",
                    f"recall of {first}: {of_both}",
                    f"recall of {second}: {of_both}",
                    f"recall of either: {of_both}",
                ),
                strict=True,
            )
        ),
    }
    searched = row["estimator"] == CAPTURE
    return Call(
        function="list_agreement",
        data=data,
        arguments={
            "lists": [first, second],
            "unit": "unit",
            **({"searches": [first, second]} if searched else {}),
        },
        places=(Coefficient(term=terms[row["term"]]),),
    )


def _if_right(cases: Cases, spec: NearbySpec, row: Row) -> Call:
    """Return the call that gives growth nearby if another list is the right one."""
    asked = cases.section.list_errors
    assert asked is not None
    errors = ErrorsOfLists(cases.read(spec), asked)
    name, truth = asked_of(row)["in_hand"], asked_of(row)["truth"]
    case = errors.in_hand(name)
    in_hand = next(iter(case.spec.named))
    data = _data(case.spec, case)
    at_random = truth == asked.at_random
    own = truth == name
    arguments = _arguments(case.spec, case.spec.deciding)
    if at_random:
        arguments |= {"missing": asked.missing, "wrong": asked.wrong}
    else:
        # A list needs another one that may be right; the one in hand has its own rows.
        other = next(one for one in errors.lists if one != name) if own else truth
        data[TRUTH] = cases.members(other).astype(int)
        arguments["truths"] = TRUTH
    right = {own: in_hand, at_random: truth}.get(True, TRUTH)
    inference = cases.study.config.inference
    arguments |= {
        "own": asked.own,
        "draws": inference.permutations,
        "seed": seed_of(inference.seed, stream_of_errors(name)),
    }
    drawn = at_random and not _sorted_by_id(case)
    return Call(
        function="list_shrinkage",
        data=data,
        arguments=arguments,
        places=(
            Coefficient(
                term=f"{row['contrast'] or row['term']} if {right}",
                inference=case.spec.deciding,
            ),
        ),
        **_distances(case.spec, case),
        differs=dict.fromkeys(IN_ITS_UNIT, DRAWS) if drawn else {},
    )


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
