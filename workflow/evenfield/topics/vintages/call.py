"""The regressions of every vintage as calls of the library."""

from evenfield.shared.calls import Call, section_of
from evenfield.shared.contrasts.calls import contrast_call
from evenfield.shared.contrasts.geographies import study_geographies
from evenfield.shared.tables.rows import Row
from evenfield.study.expressions import by_year
from evenfield.study.study import Study
from evenfield.topics.vintages.estimate import Section, growth_table, questions


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: growth on a group in one vintage and span."""
    section: Section = section_of(study, Section, "vintages")
    vintage = row["outcome"]
    start, _, end = row["period"].partition("-")
    contrasts = []
    if vintage in section.vintages and end.isdigit():
        *_, income = section.vintages[vintage]
        span = (int(start), int(end))
        table = growth_table(by_year(income, study.table("panel")), *span)
        contrasts = [*questions(study, section, vintage, span, table)]
    return contrast_call(row, contrasts, study_geographies(study))
