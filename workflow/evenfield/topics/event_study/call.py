"""Policies with dates as calls of the library."""

from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    Place,
    same,
    section_of,
    seed_of,
)
from evenfield.shared.distances import KM
from evenfield.shared.settings import scheme_info
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.event_study.estimate import ENDS
from evenfield.topics.event_study.estimate_placement import read_placement
from evenfield.topics.event_study.estimate_policies import Case, read_case
from evenfield.topics.event_study.estimate_spec import YEAR, RingSpec, Section

PERMUTED = "permuted dates"  # as the library names the inference
CHECKS = "checks"
RINGS = "imputation_rings"


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: an effect, a lead, a ring, or who got it."""
    section: Section = section_of(study, Section, "event_study")
    estimator = row["estimator"]
    if estimator.startswith("placement"):
        return _placement(study, section, row)
    if row["spec_id"] not in section.by_id:
        raise NoCallError("its specification is no longer in the config")
    if estimator.endswith(("_parts", "_conley", "_left_out")):
        raise NoCallError(
            "the library has no parts of a policy, no Conley errors of its effects and"
            " no rings without one unit"
        )
    dates = row["treatment_def"].rpartition(", ")[2].removesuffix(" dates")
    spec = section.by_id[row["spec_id"]]
    case = read_case(study, section, spec, dict(ENDS).get(dates, ""))
    if estimator.startswith((RINGS, "imputation_far")):
        return _rings(study, section, row, case, dates)
    if dates == "sure":
        case = case.with_sure_dates()
    span = _span(section, row)
    stream = f"event_study:{spec.id}:{dates}"
    return Call(
        function="event_study",
        data=_rows_of(study, case),
        arguments={
            **_shared(study, case, stream),
            "horizons": section.horizons,
            "leads": section.leads,
            "spans": [span, *(one for one in section.averages if one != span)],
            "power": study.power,
        },
        places=_places(section, row),
        apart=_apart(row, case),
    )


def _shared(study: Study, case: Case, stream: str) -> dict[str, Any]:
    """Return the arguments that effects and rings share."""
    spec = case.spec
    inference = study.config.inference
    arguments: dict[str, Any] = {
        "formula": "outcome ~ 1",
        "unit": "unit",
        "time": "year",
        "first": "first",
        "draws": inference.permutations,
        "seed": seed_of(inference.seed, stream),
    }
    if spec.effects != YEAR:
        arguments["effects"] = f"{spec.effects}^year"
    if spec.cluster:
        arguments["cluster"] = spec.cluster
    if spec.controls:
        arguments["controls"] = list(spec.controls)
    return arguments


def _rows_of(study: Study, case: Case) -> pd.DataFrame:
    """Return outcome, first year under the policy, groups and controls, a row for each
    unit and year that has an outcome.
    """
    panel = case.panel
    unit, date = np.nonzero(panel.observed)
    step = scheme_info(study.description()).step
    first = case.years[0] + step * panel.first.astype(float)
    first[~panel.ever] = np.nan
    columns: dict[str, Any] = {
        "unit": np.array(case.units)[unit],
        "year": case.years[date],
        "outcome": panel.Y[unit, date],
        "first": first[unit],
    }
    spec = case.spec
    if spec.effects != YEAR:
        columns[spec.effects] = panel.groups[unit]
    if spec.cluster:
        columns[spec.cluster] = panel.clusterings[spec.cluster][unit]
    if panel.controls is not None:
        columns |= dict(zip(spec.controls, panel.controls[unit].T, strict=True))
    places = case.unit_rows
    if {"lat", "lon"} <= set(places):
        columns |= {name: places[name].to_numpy(float)[unit] for name in ("lat", "lon")}
    return pd.DataFrame(columns)


def _span(section: Section, row: Row) -> tuple[int, int]:
    """Return the span that a row is of, the deciding one where it is of none."""
    name = row["contrast"].partition(",")[0]
    named = {f"{low} to {high}": (low, high) for low, high in section.averages}
    return named.get(name, section.averages[0])


def _places(section: Section, row: Row) -> tuple[Place, ...]:
    estimator, contrast = row["estimator"], row["contrast"]
    tested = same("estimate", "std_error", "statistic", "df", "p_value")
    tested |= same("conf_low", "conf_high")
    if estimator in ("imputation", "imputation_lead") and row["effect_type"] == "coef":
        return (Place(term=contrast, inference="clustered"),)
    if estimator == "imputation_permuted":
        return (Place(term=contrast, inference=PERMUTED),)
    if estimator == "imputation_lead":
        joint = {"estimate": "statistic"} | same("statistic", "df", "p_value")
        return (Place(table=CHECKS, line="leads, all at once", columns=joint),)
    if estimator == "imputation_pseudo":
        line = f"policy {section.leads} dates early"
        return (Place(table=CHECKS, line=line, columns=tested),)
    if estimator == "two_way":
        one = same("estimate")
        return (Place(table=CHECKS, line="two-way coefficient", columns=one),)
    span = contrast.partition(",")[0]
    changes = f"Callaway and Sant'Anna, {span}"
    if estimator == "callaway_santanna":
        if span not in {f"{low} to {high}" for low, high in section.averages}:
            raise NoCallError(
                "the library has Callaway and Sant'Anna's means over spans alone"
            )
        return (Place(table=CHECKS, line=changes, columns=tested),)
    if row["effect_type"] == "breakdown":
        line = "trends may differ, times"
        return (Place(table=CHECKS, line=line, columns=same("estimate")),)
    factor = float(contrast.rpartition(", ")[2].removesuffix(" times"))
    return (
        Place(table=CHECKS, line=changes, columns=same("estimate")),
        Place(table="trends", line=factor, columns=same("conf_low", "conf_high")),
    )


def _apart(row: Row, case: Case) -> dict[str, str]:
    """Return what the library draws otherwise: it numbers units by their ids, and knows
    none without an outcome.
    """
    drawn = row["estimator"].endswith("_permuted")
    alike = case.units == sorted(case.units)
    whole = case.panel.observed.any(axis=1).all()
    return {"p_value": DRAWS} if drawn and not (alike and whole) else {}


def _rings(study: Study, section: Section, row: Row, case: Case, dates: str) -> Call:
    rings = [ring for ring in section.rings if _is_of(ring, row)]
    if not rings:
        raise NoCallError("its rings are no longer in the config")
    (ring,) = rings
    low, last = section.averages[0]
    if low:
        raise NoCallError(
            f"the library averages from the first date on, not from {low}"
        )
    apart = case.distances(study, ring.distance)
    if dates == "sure":
        case = case.with_sure_dates(apart <= ring.radii[-1])
    arguments = _shared(study, case, f"event_study:{case.spec.id}:{dates}:{ring.reach}")
    arguments |= {
        "rings": list(ring.radii),
        "horizons": last,
        "min_controls": section.min_controls,
    }
    data = _rows_of(study, case)
    between = None
    if ring.distance != KM:
        between = pd.DataFrame(apart, index=case.units, columns=case.units)
        seen = sorted(set(data["unit"]))
        between = between.loc[seen, seen]
    places = {
        "imputation_far": Place(term="own", inference="clustered"),
        RINGS: Place(term=row["contrast"], inference="clustered"),
        f"{RINGS}_permuted": Place(term=row["contrast"], inference=PERMUTED),
    }
    place = places[row["estimator"]]
    if row["effect_type"] == "stat":
        place = Place(note="far units")
    return Call(
        function="rings",
        data=data,
        arguments=arguments,
        places=(place,),
        weights=between,
        weights_as="distance",
        apart=_apart(row, case),
    )


def _is_of(ring: RingSpec, row: Row) -> bool:
    return bool(ring.of == row["spec_id"] and ring.reach == row["w_id"])


def _placement(study: Study, section: Section, row: Row) -> Call:
    spec = next((one for one in section.placement if one.id == row["spec_id"]), None)
    if spec is None:
        raise NoCallError("its specification is no longer in the config")
    placement = read_placement(study, section, spec)
    permuted = row["estimator"].endswith("_permuted")
    if permuted and spec.held:
        raise NoCallError(
            "policies are dealt out while others are held, which ef.placement does not"
        )
    sample = set(study.description()["samples"][spec.sample])
    units = [unit for unit in study.description()["units"] if unit in sample]
    policies = dict(zip(placement.kinds, placement.labels.T, strict=True))
    held = dict(zip(spec.held, placement.held.T, strict=True))
    columns = {"unit": units, "outcome": placement.level, **policies, **held}
    data = pd.DataFrame(columns).assign(group=placement.groups)
    names = " + ".join(f"`{name}`" for name in (*policies, *held))
    inference = study.config.inference
    arguments: dict[str, Any] = {
        "formula": f"outcome ~ {names}" + (" | group" if spec.within else ""),
        "unit": "unit",
        "inference": "HC3",
    }
    if not spec.held:
        arguments |= {
            "draws": inference.permutations,
            "seed": seed_of(inference.seed, f"placement:{spec.id}"),
        }
    alike = units == sorted(units)
    kind = "permuted policies" if permuted else "HC3"
    return Call(
        function="ols" if spec.held else "placement",
        data=data,
        arguments=arguments,
        places=(Place(term=row["contrast"], inference=kind),),
        apart={} if alike or not permuted else {"p_value": DRAWS},
    )
