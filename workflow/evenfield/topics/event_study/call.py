"""Policies with dates as calls of the library."""

from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    asked_of,
    drawn,
    section_of,
    specification,
)
from evenfield.shared.distances import KM
from evenfield.shared.places import NUMBERS, Coefficient, Note, Place, TableRow, same
from evenfield.shared.settings import scheme_info
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.event_study.estimate import ENDS, averages_by_name
from evenfield.topics.event_study.estimate_parts import parts_of
from evenfield.topics.event_study.estimate_placement import read_placement
from evenfield.topics.event_study.estimate_policies import Case, read_case
from evenfield.topics.event_study.estimate_spec import (
    YEAR,
    PartSpec,
    RingSpec,
    Section,
)

PERMUTED = "permuted dates"  # as the library names the inference
CHECKS = "checks"  # the library's table of other estimators and tests of the design
RINGS = "imputation_rings"
CONLEY = "imputation_conley"
PARTS = "imputation_parts"
FEW_DRAWS = 99


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: an effect, a lead, the effect on a ring around
    the policy, or a difference in levels before it.

    Raises
    ------
    NoCallError
        If the library has no such estimator, or the config no longer asks for the row.
    """
    section: Section = section_of(study, Section, "event_study")
    asked = asked_of(row)
    if asked.get("placement"):
        return _placement(study, section, row)
    spec = specification(section.specs, row)
    dates = asked["dates"]  # all, sure, earliest or latest
    column_of_dates = dict(ENDS).get(dates, "")
    case = read_case(study, section, spec, column_of_dates)
    if asked.get("rings"):
        return _rings(study, section, row, case, dates)
    if dates == "sure":
        case = case.with_sure_dates()
    # The library bounds the effect under differing trends for the first span alone.
    span = _span(section, row)
    other_spans = [other for other in section.averages if other != span]
    stream = f"event_study:{spec.id}:{dates}"  # of random numbers
    return Call(
        function="event_study",
        data=_with_part(study, section, row, case),
        arguments={
            **_common_arguments(study, case, stream),
            "horizons": section.horizons,
            "leads": section.leads,
            "spans": [span, *other_spans],
            "power": study.power,
            **_further(section, row),
        },
        places=_places(section, row),
        differs=_differing_draws(row, case),
    )


def _common_arguments(study: Study, case: Case, stream: str) -> dict[str, Any]:
    """Return the arguments that effects and rings have in common."""
    spec = case.spec
    inference = study.config.inference
    arguments: dict[str, Any] = {
        "formula": "outcome ~ 1",
        "unit": "unit",
        "time": "year",
        "first": "first",
        **drawn(inference.permutations, inference.seed, stream),
    }
    if spec.effects != YEAR:
        arguments["effects"] = f"{spec.effects}^year"
    if spec.cluster:
        arguments["cluster"] = spec.cluster
    if spec.controls:
        arguments["controls"] = list(spec.controls)
    return arguments


def _data(study: Study, case: Case) -> pd.DataFrame:
    """Return outcome, first year under the policy, groups, controls and coordinates, one
    row a unit and year with an outcome.
    """
    panel = case.panel
    unit, date = np.nonzero(panel.observed)  # positions, one for each row
    step = scheme_info(study.description()).step  # years from date to date
    # The panel has first dates as positions from its first year on.
    first_year = case.years[0] + step * panel.first.astype(float)
    first_year[~panel.ever] = np.nan
    columns: dict[str, Any] = {
        "unit": np.array(case.units)[unit],
        "year": case.years[date],
        "outcome": panel.Y[unit, date],
        "first": first_year[unit],
    }
    spec = case.spec
    if spec.effects != YEAR:
        columns[spec.effects] = panel.groups[unit]
    if spec.cluster:
        columns[spec.cluster] = panel.clusterings[spec.cluster][unit]
    if panel.controls is not None:
        columns |= dict(zip(spec.controls, panel.controls[unit].T, strict=True))
    if {"lat", "lon"} <= set(case.unit_rows):
        for name in ("lat", "lon"):
            columns[name] = case.unit_rows[name].to_numpy(float)[unit]
    return pd.DataFrame(columns)


def _further(section: Section, row: Row) -> dict[str, Any]:
    """Return the arguments that give errors by distance, or parts of the policy."""
    # Neither needs dates that are dealt out again: fewer draws are quicker.
    if row["estimator"] == CONLEY:
        return {"conley": section.conley_km, "draws": FEW_DRAWS}
    if row["estimator"] == PARTS:
        return {"parts": "part", "draws": FEW_DRAWS}
    return {}


def _with_part(study: Study, section: Section, row: Row, case: Case) -> pd.DataFrame:
    """Return the data, with the part of the policy in rows under it where the row is of
    one.
    """
    data = _data(study, case)
    if row["estimator"] != PARTS:
        return data
    unit, date = np.nonzero(case.panel.observed)
    part = np.full(len(data), "", dtype=object)
    for name, cells in parts_of(
        study, case, _part_spec(study, section, row, case)
    ).items():
        part[cells[unit, date]] = name
    return data.assign(part=part)


def _part_spec(study: Study, section: Section, row: Row, case: Case) -> PartSpec:
    """Return the parts that a row is of: those with its names."""
    for spec in section.parts:
        if spec.of != row["spec_id"]:
            continue
        names = sorted(parts_of(study, case, spec))
        known = {*names, f"alike by {spec.by}"}
        known |= {f"{name} less {names[0]}" for name in names[1:]}
        if row["contrast"] in known:
            return spec
    raise NoCallError("its parts are no longer in the config")


def _span(section: Section, row: Row) -> tuple[int, int]:
    """Return the span of horizons that a row averages over, the deciding one where it
    averages over none.
    """
    first, last = asked_of(row).get("span", section.averages[0])
    return first, last


def _places(section: Section, row: Row) -> tuple[Place, ...]:
    """Return where the result of `event_study` has the numbers of a row."""
    estimator, contrast = row["estimator"], row["contrast"]
    only_estimate = same("estimate")
    ends = same("conf_low", "conf_high")
    all_of_test = same(*NUMBERS)
    if estimator in ("imputation", "imputation_lead") and row["effect_type"] == "coef":
        return (Coefficient(term=contrast, inference="clustered"),)
    if estimator == CONLEY:
        return (Coefficient(term=contrast, inference="conley"),)
    if estimator == PARTS and row["effect_type"] == "joint":
        joint = {"estimate": "statistic"} | same("statistic", "df", "p_value")
        return (TableRow(table="parts", line="alike", columns=joint),)
    if estimator == PARTS:
        return (TableRow(table="parts", line=contrast, columns=all_of_test),)
    if estimator == "imputation_permuted":
        return (Coefficient(term=contrast, inference=PERMUTED),)
    if estimator == "imputation_lead":
        joint = {"estimate": "statistic"} | same("statistic", "df", "p_value")
        return (TableRow(table=CHECKS, line="leads, all at once", columns=joint),)
    if estimator == "imputation_pseudo":
        line = f"policy {section.leads} dates early"
        return (TableRow(table=CHECKS, line=line, columns=all_of_test),)
    if estimator == "two_way":
        line = "two-way coefficient"
        return (TableRow(table=CHECKS, line=line, columns=only_estimate),)
    asked = asked_of(row)
    names = {span: name for name, span in averages_by_name(section).items()}
    name = names.get(tuple(asked.get("span", ())), "")
    group_time_line = f"Callaway and Sant'Anna, {name}"
    if estimator == "callaway_santanna":
        if not name:
            raise NoCallError(
                "the library has Callaway and Sant'Anna's means over spans alone"
            )
        return (TableRow(table=CHECKS, line=group_time_line, columns=all_of_test),)
    if row["effect_type"] == "breakdown":
        line = "trends may differ, times"
        return (TableRow(table=CHECKS, line=line, columns=only_estimate),)
    # What is left are bounds (Rambachan and Roth 2023), for example "0 to 5, 1.5 times":
    # trends change by at most that many times the largest change between two leads.
    return (
        TableRow(table=CHECKS, line=group_time_line, columns=only_estimate),
        TableRow(table="trends", line=asked["magnitude"], columns=ends),
    )


def _differing_draws(row: Row, case: Case) -> dict[str, str]:
    """Return why a p-value by permutation differs from the library's: that numbers units
    by their ids, and only those with an outcome.
    """
    if not asked_of(row).get("permuted"):
        return {}
    sorted_by_id = case.units == sorted(case.units)
    all_have_outcome = case.panel.observed.any(axis=1).all()
    return {} if sorted_by_id and all_have_outcome else {"p_value": DRAWS}


def _rings(study: Study, section: Section, row: Row, case: Case, dates: str) -> Call:
    """Return the call that gives effects on units by distance to the policy."""
    rings = [ring for ring in section.rings if _is_of(ring, row)]
    if not rings:
        raise NoCallError("its rings are no longer in the config")
    (ring,) = rings
    first_horizon, last_horizon = section.averages[0]
    if first_horizon != 0:
        raise NoCallError(
            f"the library averages from the first date on, not from {first_horizon}"
        )
    distances = case.distances(study, ring.distance)
    if dates == "sure":
        case = case.with_sure_dates(distances <= ring.radii[-1])
    stream = f"event_study:{case.spec.id}:{dates}:{ring.reach}"
    arguments = {
        **_common_arguments(study, case, stream),
        "rings": list(ring.radii),
        "horizons": last_horizon,
        "min_controls": section.min_controls,
    }
    data = _data(study, case)
    # The library computes kilometres from coordinates; other distances it is given.
    given_distances = None
    if ring.distance != KM:
        table = pd.DataFrame(distances, index=case.units, columns=case.units)
        with_outcome = sorted(set(data["unit"]))
        given_distances = table.loc[with_outcome, with_outcome]
    places = {
        "imputation_far": Coefficient(term="own", inference="clustered"),
        RINGS: Coefficient(term=row["contrast"], inference="clustered"),
        f"{RINGS}_permuted": Coefficient(term=row["contrast"], inference=PERMUTED),
    }
    left_out = row["estimator"] == f"{RINGS}_left_out"
    if row["effect_type"] == "stat":
        place: Place = Note(note="far units")
    elif left_out:
        arguments["leave_one_out"] = True
        ends = {"estimate": "estimate", "conf_low": "smallest", "conf_high": "largest"}
        place = TableRow(table="one unit left out", line=row["contrast"], columns=ends)
    else:
        place = places[row["estimator"]]
    return Call(
        function="rings",
        data=data,
        arguments=arguments,
        places=(place,),
        weights=given_distances,
        weights_as="distance",
        differs=_differing_draws(row, case),
    )


def _is_of(ring: RingSpec, row: Row) -> bool:
    """Say whether a row is an estimate of these rings."""
    return bool(ring.of == row["spec_id"] and ring.reach == row["w_id"])


def _placement(study: Study, section: Section, row: Row) -> Call:
    """Return the call that gives a difference in levels before the policy, between
    units that get a kind of it and units that do not.
    """
    spec = specification(section.placement, row)
    placement = read_placement(study, section, spec)
    permuted = asked_of(row).get("permuted", False)
    description = study.description()
    sample = set(description["samples"][spec.sample])
    units = [unit for unit in description["units"] if unit in sample]
    # Dummies of units by kind of policy
    policies = dict(zip(placement.kinds, placement.labels.T, strict=True))
    held = dict(zip(spec.held, placement.held.T, strict=True))
    data = pd.DataFrame(
        {"unit": units, "outcome": placement.level, **policies, **held}
    ).assign(group=placement.groups)
    regressors = " + ".join(f"`{name}`" for name in (*policies, *held))
    group_effects = " | group" if spec.within else ""
    inference = study.config.inference
    arguments: dict[str, Any] = {
        "formula": f"outcome ~ {regressors}{group_effects}",
        "unit": "unit",
        "inference": "HC3",
        "held": list(spec.held),
        **drawn(inference.permutations, inference.seed, f"placement:{spec.id}"),
    }
    kind = "permuted policies" if permuted else "HC3"
    # The library numbers units by their ids, and draws in that order.
    other_draws = permuted and units != sorted(units)
    return Call(
        function="placement",
        data=data,
        arguments=arguments,
        places=(Coefficient(term=row["contrast"], inference=kind),),
        differs={"p_value": DRAWS} if other_draws else {},
    )
