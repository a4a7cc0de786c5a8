"""Associations behind claims as calls of the library."""

from contextlib import suppress
from functools import cache

from evenfield.numerics.errors import NumericsError
from evenfield.shared.calls import Call
from evenfield.shared.contrasts.calls import contrast_call
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.contrasts.geographies import study_geographies
from evenfield.shared.samples import UnsupportedError
from evenfield.shared.spec import read
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.statements.estimate import Section, association
from evenfield.topics.statements.estimate_data import AssociationSpec, Data


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: an association with one row a unit."""
    asked = _contrasts(study, row["spec_id"])
    return contrast_call(row, asked, study_geographies(study))


@cache
def _contrasts(study: Study, spec_id: str) -> list[GroupContrast]:
    """Return the contrasts of a specification, once for all its rows."""
    data = Data(study)
    primary = study.config.taxonomy.primary
    asked = []
    for spec in read(Section, study.config, "statements"):
        if spec.id != spec_id or not isinstance(spec, AssociationSpec):
            continue
        known = spec if spec.taxonomy else spec.model_copy(update={"taxonomy": primary})
        for period in spec.periods:
            with suppress(UnsupportedError, NumericsError):
                asked.append(association(data, known, period))
    return asked
