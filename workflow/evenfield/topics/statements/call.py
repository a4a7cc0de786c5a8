"""Associations behind claims as calls of the library."""

from contextlib import suppress
from functools import cache

from evenfield.numerics.errors import NumericsError
from evenfield.shared.calls import Call, NoCallError, asked_of
from evenfield.shared.contrasts.calls import contrast_call, panel_call
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.contrasts.geographies import study_geographies
from evenfield.shared.samples import UnsupportedError
from evenfield.shared.spec import read
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.statements.estimate import (
    Section,
    Y,
    association,
    panel_frames,
    panel_stream,
)
from evenfield.topics.statements.estimate_data import AssociationSpec, Data


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: an association with one row a unit, or one a unit
    and year.
    """
    if asked_of(row).get("panel"):
        return _panel_call(study, row)
    asked, changes = _contrasts(study, row["spec_id"])
    return contrast_call(row, asked, study_geographies(study), changes)


@cache
def _contrasts(
    study: Study, spec_id: str
) -> tuple[list[GroupContrast], list[tuple[GroupContrast, GroupContrast]]]:
    """Return the contrasts of a specification and the pairs of its changes, once for all
    its rows.
    """
    data = Data(study)
    primary = study.config.taxonomy.primary
    asked = list[GroupContrast]()
    changes = list[tuple[GroupContrast, GroupContrast]]()
    for spec in read(Section, study.config, "statements"):
        if spec.id != spec_id or not isinstance(spec, AssociationSpec):
            continue
        known = spec if spec.taxonomy else spec.model_copy(update={"taxonomy": primary})
        by_period = {}
        for period in spec.periods:
            with suppress(UnsupportedError, NumericsError):
                by_period[period] = association(data, known, period)
        asked += by_period.values()
        changes += [
            (by_period[first], by_period[later])
            for first, later in spec.changes
            if {first, later} <= {*by_period}
        ]
    return asked, changes


def _panel_call(study: Study, row: Row) -> Call:
    """Return the call of an association of units and years."""
    data = Data(study)
    for spec in read(Section, study.config, "statements"):
        if spec.id != row["spec_id"] or not isinstance(spec, AssociationSpec):
            continue
        taxonomy = spec.taxonomy or study.config.taxonomy.primary
        known = spec.model_copy(update={"taxonomy": taxonomy})
        for asked, frame in panel_frames(data, known, row["period"]):
            if asked.term == row["term"]:
                return panel_call(
                    row,
                    frame.reset_index(),
                    Y,
                    [str(name) for name in frame if name != Y],
                    {spec.term: 1.0},
                    study.config.inference,
                    panel_stream(asked),
                )
    raise NoCallError("its lag is not in the config: it was changed after the run")
