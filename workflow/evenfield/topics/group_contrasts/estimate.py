"""How groups of units differ: in means, in changes, over periods, at programmes, in
their answer to wages.
"""

from collections.abc import Callable, Iterable
from typing import Any

from evenfield.shared.contrasts.prepared_contrasts import GroupContrast
from evenfield.shared.contrasts.taxonomy_range import taxonomy_range_rows
from evenfield.shared.estimates import Estimate
from evenfield.shared.rows import Results, stacked
from evenfield.shared.spec import read
from evenfield.study.study import Study
from evenfield.topics.group_contrasts.estimate_changes import change, paths, programme
from evenfield.topics.group_contrasts.estimate_groups import Groups
from evenfield.topics.group_contrasts.estimate_look import left_out
from evenfield.topics.group_contrasts.estimate_means import (
    dose,
    fading,
    intensity,
    premium,
)
from evenfield.topics.group_contrasts.estimate_pooled import pooled_rows
from evenfield.topics.group_contrasts.estimate_quotient import quotient, quotient_series
from evenfield.topics.group_contrasts.estimate_spec import PeriodSpec, Section
from evenfield.topics.group_contrasts.estimate_wages import elasticity

AnswerParts = Iterable[GroupContrast | Estimate | tuple[str, str]]
# How each question of the config is answered.
QUESTIONS: dict[str, Callable[[Groups, Any], AnswerParts]] = {
    "premium": premium,
    "dose": dose,
    "factor_intensity": intensity,
    "fading": lambda groups, spec: (quotient if spec.path == "quotient" else fading)(
        groups, spec
    ),
    "balance": lambda groups, spec: change(groups, spec, "balance"),
    "programmes": programme,
    "wages": elasticity,
    "labour_cost": lambda groups, spec: change(groups, spec, "wages"),
}
RANGED = ("premium", "factor_intensity", "fading")
GAPS = (
    ["spec_id", "taxonomy", "cell", "window", "year"],
    ["n_units", "log_gap", "ratio"],
)
QUOTIENTS = (["spec_id", "year", "group"], ["quotient", "low", "high"])


def look_section(study: Study, section: Section) -> list[str]:
    """Refuse what no table has, before anything is estimated; return what a run leaves
    out.
    """
    return left_out(Groups(study), section)


def estimate(study: Study) -> Results:
    """Estimate every specification of every question; what the data cannot carry is
    said in ``fit.json``.
    """
    section: Section = read(Section, study.config, "group_contrasts")
    groups = Groups(study)
    out = Results(fit={"left_out": []})
    for question, answer in QUESTIONS.items():
        rows: list[Estimate] = []
        for spec in getattr(section, question):
            for answer_part in answer(groups, spec):
                if isinstance(answer_part, tuple):
                    lacks = dict(zip(("part", "reason"), answer_part, strict=True))
                    out.fit["left_out"].append(
                        {"question": question, "spec_id": spec.id, **lacks}
                    )
                else:
                    rows += (
                        groups.estimate(answer_part)
                        if isinstance(answer_part, GroupContrast)
                        else [answer_part]
                    )
            if isinstance(spec, PeriodSpec):
                rows += pooled_rows(
                    groups, spec, [row for row in rows if row.spec_id == spec.id]
                )
        out.estimates += rows
        out.estimates += (
            taxonomy_range_rows(rows, groups.primary) if question in RANGED else []
        )
    primary_balance = [
        spec
        for spec in section.balance
        if spec.role == "primary" and not groups.missing(spec.outcome)
    ]
    out.series["gaps"] = stacked(
        [paths(groups, spec) for spec in primary_balance], *GAPS
    )
    quotients = [
        quotient_series(groups, spec)
        for spec in section.fading
        if spec.path == "quotient"
    ]
    out.series["quotients"] = stacked(quotients, *QUOTIENTS)
    return out
