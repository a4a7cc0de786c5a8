"""Comparisons of groups as calls of the library."""

from contextlib import suppress
from functools import cache

from evenfield.shared.calls import Call
from evenfield.shared.contrasts.calls import contrast_call
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import UnsupportedError
from evenfield.shared.spec import read
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.group_contrasts.estimate import QUESTIONS
from evenfield.topics.group_contrasts.estimate_groups import Groups
from evenfield.topics.group_contrasts.estimate_spec import Section


class _Asked(Groups):
    """What is asked, without the changes from period to period, which take draws."""

    def changed(self, first: GroupContrast, later: GroupContrast) -> list[Estimate]:  # noqa: ARG002
        """Return nothing."""
        return []


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: one regression of a row a unit."""
    groups = _groups(study)
    asked = _contrasts(study, row["spec_id"])
    scheme = groups.of_scheme(row["unit_scheme"])
    key = (row["period"], row["treatment_def"], row["sample_id"], row["unit_scheme"])
    return contrast_call(row, asked.get(key, ()), scheme.geographies)


@cache
def _groups(study: Study) -> Groups:
    return _Asked(study)


@cache
def _contrasts(
    study: Study, spec_id: str
) -> dict[tuple[str, str, str, str], list[GroupContrast]]:
    """Return the contrasts of a specification by period, list, sample and units."""
    section: Section = read(Section, study.config, "group_contrasts")
    groups = _groups(study)
    asked: dict[tuple[str, str, str, str], list[GroupContrast]] = {}
    for question, answer in QUESTIONS.items():
        for spec in getattr(section, question):
            if spec.id != spec_id:
                continue
            with suppress(UnsupportedError):
                for part in answer(groups, spec):
                    if isinstance(part, GroupContrast):
                        row = part.row
                        key = (
                            row.period,
                            row.treatment_def,
                            row.sample_id,
                            row.unit_scheme,
                        )
                        asked.setdefault(key, []).append(part)
    return asked
