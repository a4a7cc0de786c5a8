"""The regressions of every vintage as calls of the library."""

from functools import cache

from evenfield.shared.calls import Call, NoCallError, section_of
from evenfield.shared.contrasts.calls import (
    ESTIMATE,
    contrast_call,
    defined_designs,
    several_call,
)
from evenfield.shared.contrasts.contrasts import printed_methods
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.contrasts.geographies import study_geographies
from evenfield.shared.places import Note, TableRow
from evenfield.shared.tables.rows import Row
from evenfield.study.expressions import by_year
from evenfield.study.study import Study
from evenfield.study.study_config import Years
from evenfield.topics.vintages.estimate import (
    LEAST,
    NOTHING_HELD,
    START,
    Section,
    growth_table,
    questions,
    spans_compared,
)

RANGES = {
    "stat_low": TableRow(table="range", line="lowest", columns=ESTIMATE),
    "stat_high": TableRow(table="range", line="highest", columns=ESTIMATE),
    "stat_range_errors": Note(note="range in standard errors"),
}


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: growth on a group in one vintage and span, the
    change between two spans, or the range over the vintages.
    """
    section: Section = section_of(study, Section, "vintages")
    geographies = study_geographies(study)
    asked = _asked(study)
    if row["estimator"] == "range":
        return _range_call(study, row)
    contrasts = [
        one for (name, _), own in asked.items() if name == row["outcome"] for one in own
    ]
    changes = spans_compared(section, asked)
    return contrast_call(row, contrasts, geographies, changes)


@cache
def _asked(study: Study) -> dict[tuple[str, Years], list[GroupContrast]]:
    """Return the contrasts by vintage and span, where figures of all units are there."""
    section: Section = section_of(study, Section, "vintages")
    panel = study.table("panel")
    asked = {}
    for vintage, (_, _, income) in section.vintages.items():
        wide = by_year(income, panel)
        for span in section.spans:
            if wide[list(span)].notna().all(axis=None):
                table = growth_table(wide, *span)
                asked[vintage, span] = [
                    *questions(study, section, vintage, span, table)
                ]
    return asked


def _range_call(study: Study, row: Row) -> Call:
    """Return the call of one question in every vintage that reaches over its span."""
    by_vintage = {}
    for contrast in (one for own in _asked(study).values() for one in own):
        held = [name for name in contrast.controls if name != START]
        question = (
            contrast.row.term,
            contrast.row.contrast,
            held[0] if held else NOTHING_HELD,
            contrast.row.period,
        )
        if question == (
            row["term"],
            row["contrast"],
            row["controls_id"],
            row["period"],
        ):
            by_vintage[contrast.row.outcome] = contrast
    designs = defined_designs(by_vintage, study_geographies(study))
    if len(designs) != int(row["n_obs"]) or len(designs) < LEAST:
        raise NoCallError(f"of its vintages {len(designs)} can be fitted again")
    # The first vintage of the config that has an estimate in this span.
    main = next(iter(designs))
    method = "HC1" if designs[main].few else printed_methods(designs[main])[0]
    place = RANGES[row["effect_type"]]
    return several_call(designs, "vintage", method, place, reference=main)
