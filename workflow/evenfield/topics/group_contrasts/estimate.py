"""How groups of units differ: in means, in changes, over periods, at programmes, in
their answer to wages; each question of the config is answered in a file of its own.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from evenfield.numerics.at_work import told
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.estimates import Estimate
from evenfield.shared.rows import Results, stacked
from evenfield.shared.samples import UnsupportedError
from evenfield.shared.spec import read
from evenfield.study.study import Study
from evenfield.topics.group_contrasts.estimate_balance import change, paths
from evenfield.topics.group_contrasts.estimate_check import left_out
from evenfield.topics.group_contrasts.estimate_fading import fading
from evenfield.topics.group_contrasts.estimate_groups import Groups, Parts
from evenfield.topics.group_contrasts.estimate_intensity import intensity
from evenfield.topics.group_contrasts.estimate_pooled import pooled_rows
from evenfield.topics.group_contrasts.estimate_premium import dose, premium
from evenfield.topics.group_contrasts.estimate_programmes import programme
from evenfield.topics.group_contrasts.estimate_quotient import quotient, quotient_series
from evenfield.topics.group_contrasts.estimate_ranges import taxonomy_range_rows
from evenfield.topics.group_contrasts.estimate_spec import PeriodSpec, Section
from evenfield.topics.group_contrasts.estimate_wages import elasticity

# How each question of the config is answered.
QUESTIONS: dict[str, Callable[[Groups, Any], Parts]] = {
    "premium": premium,
    "dose": dose,
    "factor_intensity": intensity,
    # One question with two paths: premiums over periods, or shares over shares.
    "fading": lambda groups, spec: (quotient if spec.path == "quotient" else fading)(
        groups, spec
    ),
    "balance": lambda groups, spec: change(groups, spec, "balance"),
    "programmes": programme,
    "wages": elasticity,
    "labour_cost": lambda groups, spec: change(groups, spec, "wages"),
}
# Questions with `taxonomy_range` rows: smallest and largest over all lists.
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
        for spec in told(getattr(section, question), question):
            own = _answered(groups, spec, answer)
            # Pooling takes the rows of all periods, so it follows them.
            if isinstance(spec, PeriodSpec):
                own += pooled_rows(groups, spec, own)
            rows += own
            labels = {"question": question, "spec_id": spec.id}
            out.fit["left_out"] += [labels | item for item in groups.left_out]
            groups.left_out.clear()
        out.estimates += rows
        # How far each comparison moves over all lists that define it.
        if question in RANGED:
            out.estimates += taxonomy_range_rows(rows, groups.primary)
    # What the figures draw beside the estimates.
    gaps = [
        paths(groups, spec)
        for spec in section.balance
        if spec.role == "primary" and not groups.missing(spec.outcome)
    ]
    quotients = [
        quotient_series(groups, spec)
        for spec in section.fading
        if spec.path == "quotient"
    ]
    out.series = {"gaps": stacked(gaps, *GAPS)}
    out.series["quotients"] = stacked(quotients, *QUOTIENTS)
    return out


def _answered(
    groups: Groups, spec: Any, answer: Callable[[Groups, Any], Parts]
) -> list[Estimate]:
    rows: list[Estimate] = []
    try:
        for part in answer(groups, spec):
            if isinstance(part, GroupContrast):
                rows += groups.estimate(replace(part, methods=spec.inference))
            else:
                rows.append(part)
    # Rows made before stay; only what the data cannot carry is missing.
    except UnsupportedError as error:
        groups.leave_out(spec.id, error)
    return rows
