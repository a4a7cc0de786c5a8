"""Comparisons of groups as calls of the library."""

from contextlib import suppress
from functools import cache

from evenfield.shared.calls import Call, NoCallError
from evenfield.shared.contrasts.calls import contrast_call, refuse_several
from evenfield.shared.contrasts.prepared_contrasts import GroupContrast
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import UnsupportedError
from evenfield.shared.spec import read
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.group_contrasts.estimate import QUESTIONS
from evenfield.topics.group_contrasts.estimate_groups import Groups
from evenfield.topics.group_contrasts.estimate_spec import Section

MADE_OTHERWISE = {
    "border_pairs": "it compares neighbours on two sides of a line",
    "group_series": "it is a slope over years of one series with errors for dependence"
    " over years",
    "ratio": "it is a ratio of two shares, read from the data",
    "panel_fe": "its groups have a wage elasticity each: ef.ols('log_investment ~"
    " log_wage + log_wage:cluster | unit + year', data) fits it",
}


class _Asked(Groups):
    """What is asked, without the changes from period to period, which take draws."""

    def changed(self, first: GroupContrast, later: GroupContrast) -> list[Estimate]:  # noqa: ARG002
        """Return nothing."""
        return []


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: one regression of a row a unit."""
    refuse_several(row)
    for name, reason in MADE_OTHERWISE.items():
        if row["estimator"].startswith(name):
            raise NoCallError(reason)
    groups = _groups(study)
    asked = _contrasts(study, row["spec_id"])
    scheme = groups.of_scheme(row["unit_scheme"])
    key = (row["period"], row["treatment_def"], row["sample_id"], row["unit_scheme"])
    return contrast_call(row, asked.get(key, ()), scheme.geographies, groups.settings)


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
