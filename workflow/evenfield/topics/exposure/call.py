"""Growth on own and neighbours' groups as calls of the library."""

from collections.abc import Iterator
from functools import cache

from evenfield.shared.calls import Call, section_of, specification
from evenfield.shared.contrasts.calls import contrast_call
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.contrasts.geographies import study_geographies
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.exposure.estimate import Section
from evenfield.topics.exposure.estimate_contrasts import contrasts, difference
from evenfield.topics.exposure.estimate_sections import (
    ExposureSpec,
    Tables,
    cross_section,
    variants,
)


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the SLX regression of one period."""
    spec = specification(section_of(study, Section, "exposure"), row)
    asked = _asked(study, spec.id, row["period"])
    own = [contrast for contrast in asked if contrast.row.w_id == row["w_id"]]
    return contrast_call(row, own, study_geographies(study))


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
def _tables(study: Study) -> Tables:
    return Tables(study)
