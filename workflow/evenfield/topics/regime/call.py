"""Convergence by regime as calls of the library."""

from evenfield.shared.calls import (
    Call,
    Place,
    method_of,
    section_of,
    seed_of,
    specification,
)
from evenfield.shared.contrasts.calls import as_coefficient
from evenfield.shared.few_units import with_places
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.regime.estimate import Section, combinations, methods_of
from evenfield.topics.regime.estimate_section import OUTCOME, sections

CONSTANT = "constant"


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the cross-section of one period."""
    spec = specification(section_of(study, Section, "regime"), row)
    (section,) = (one for one in sections(study, spec) if one.name == row["period"])
    method = method_of(row, "regime", methods_of(spec))
    c = combinations(section.columns)[row["term"], row["contrast"]]
    weights = {
        name: float(weight)
        for name, weight in zip(section.columns, c, strict=True)
        if weight
    }
    columns = dict(zip(section.columns, section.X.T, strict=True))
    del columns[CONSTANT]
    columns, term, note = as_coefficient(columns, weights)
    data = section.table[[OUTCOME]].rename_axis("unit").reset_index()
    data = data.assign(**columns)
    spec_id, name = spec.id, section.name
    stream = f"regime:{spec_id}:{name}:{row['term']}:{row['contrast']}"
    inference = study.config.inference
    return Call(
        function="ols",
        data=with_places(study, "", data),
        arguments={
            "y": OUTCOME,
            "x": [*columns],
            "unit": "unit",
            "inference": [method],
            "few_units": True,
            "draws": inference.permutations,
            "seed": seed_of(inference.seed, stream),
        },
        places=(Place(term=term, inference=method),),
        note=note,
    )
