"""Growth on own and neighbours' groups as calls of the library."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from evenfield.shared.calls import (
    Call,
    Place,
    drawn,
    same,
    section_of,
    specification,
)
from evenfield.shared.contrasts.calls import contrast_call, regression_call
from evenfield.shared.contrasts.designs import GroupContrast, contrast_design
from evenfield.shared.contrasts.geographies import study_geographies
from evenfield.shared.estimates import CHANGE
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.exposure.estimate import Section
from evenfield.topics.exposure.estimate_contrasts import (
    contrasts,
    difference,
    neighbour_contrasts,
    per_sd,
    single,
)
from evenfield.topics.exposure.estimate_evidence import POWER_STREAM, SIMULATED
from evenfield.topics.exposure.estimate_sections import (
    CrossSection,
    ExposureSpec,
    Tables,
    cross_section,
    variants,
)

SIMULATED_POWER = "simulated_power"  # beginning of an estimator


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the SLX regression of one period, or its change
    between two.
    """
    spec = specification(section_of(study, Section, "exposure"), row)
    if row["estimator"] == "equivalence":
        return _equivalence_call(study, spec, row)
    if row["estimator"].startswith(SIMULATED_POWER):
        section = _section(study, spec, row)
        return _power_call(study, row, difference(section), "effect")
    asked = _asked(study, spec.id, row["period"])
    changes = _changes(study, spec.id) if CHANGE in row["estimator"] else ()
    return contrast_call(row, asked, study_geographies(study), changes)


def _equivalence_call(study: Study, spec: ExposureSpec, row: Row) -> Call:
    """Return the call of the test that a coefficient is smaller than of interest, or of
    the bound that a coefficient of zero would pass.
    """
    section = _section(study, spec, row)
    contrast = per_sd(single(section, spec.exposures[1]), section)
    if row["effect_type"] == "mde_tost":
        return _power_call(study, row, contrast, "bound")
    design = contrast_design(contrast, study_geographies(study))
    call = regression_call(design, "SCPC")
    options = {"term": call.places[0].term, "bound": contrast.row.sesoi}
    numbers = same("estimate", "std_error", "p_value", "conf_low", "conf_high")
    place = replace(call.places[0], columns=numbers)
    return replace(call, then=("equivalence", options), places=(place,))


def _power_call(study: Study, row: Row, contrast: GroupContrast, line: str) -> Call:
    """Return the call of what the SCPC test of a contrast sees on simulated samples."""
    call = regression_call(contrast_design(contrast, study_geographies(study)), "SCPC")
    term = call.places[0].term
    kept = {term, *contrast.controls}
    inference = study.config.inference
    stream = POWER_STREAM.format(len(call.data))
    options = {
        "term": term,
        "without": [name for name in call.arguments["x"] if name not in kept],
        "correlated": row["estimator"].endswith("correlated"),
        "power": inference.power,
        "level": inference.level,
        **drawn(SIMULATED, inference.seed, stream),
    }
    place = Place(line=line, columns=same("estimate"))
    return replace(call, then=("simulated_power", options), places=(place,))


def _section(study: Study, spec: ExposureSpec, row: Row) -> CrossSection:
    """Return the cross-section of a row's period."""
    periods = {str(item["period"]): item for item in study.description()["periods"]}
    return cross_section(_tables(study), spec, periods[row["period"]])


@cache
def _asked(study: Study, spec_id: str, period: str) -> tuple[GroupContrast, ...]:
    """Return the contrasts of a specification in a period, once for all its rows."""
    specs = {spec.id: spec for spec in section_of(study, Section, "exposure")}
    return tuple(_contrasts(study, specs[spec_id], period))


def _contrasts(study: Study, spec: ExposureSpec, name: str) -> Iterator[GroupContrast]:
    tables = _tables(study)
    for period in study.description()["periods"]:
        if str(period["period"]) != name:
            continue
        section = cross_section(tables, spec, period)
        yield from contrasts(section)
        if section.decides:
            for variant in variants(study, spec):
                yield difference(cross_section(tables, variant, period))


@cache
def _changes(
    study: Study, spec_id: str
) -> tuple[tuple[GroupContrast, GroupContrast], ...]:
    """Return the pairs of contrasts whose changes a specification asks for."""
    specs = {spec.id: spec for spec in section_of(study, Section, "exposure")}
    spec = specs[spec_id]
    periods = {str(item["period"]): item for item in study.description()["periods"]}
    tables = _tables(study)
    pairs = list[tuple[GroupContrast, GroupContrast]]()
    for names in spec.changes:
        sections = [cross_section(tables, spec, periods[name]) for name in names]
        pairs += zip(*map(neighbour_contrasts, sections), strict=True)
    return tuple(pairs)


@cache
def _tables(study: Study) -> Tables:
    return Tables(study)
