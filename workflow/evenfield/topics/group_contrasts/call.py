"""Comparisons of groups as calls of the library."""

from collections import defaultdict
from contextlib import suppress
from functools import cache
from operator import attrgetter

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

# Columns by which the few contrasts are found among which a row's own one is.
KEY = "period treatment_def sample_id unit_scheme".split()


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
    key = tuple(row[name] for name in KEY)
    return contrast_call(row, asked.get(key, ()), scheme.geographies)


@cache
def _groups(study: Study) -> Groups:
    return _Asked(study)


@cache
def _contrasts(
    study: Study, spec_id: str
) -> dict[tuple[str, ...], list[GroupContrast]]:
    """Return the contrasts of a specification by period, list, sample and units."""
    section: Section = read(Section, study.config, "group_contrasts")
    groups = _groups(study)
    asked = defaultdict[tuple[str, ...], list[GroupContrast]](list)
    for question, answer in QUESTIONS.items():
        for spec in getattr(section, question):
            if spec.id != spec_id:
                continue
            with suppress(UnsupportedError):
                for part in answer(groups, spec):
                    if isinstance(part, GroupContrast):
                        asked[attrgetter(*KEY)(part.row)].append(part)
    return asked
