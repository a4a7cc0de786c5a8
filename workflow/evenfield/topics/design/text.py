"""What the section on the design prints: the smallest premium of each label that these
units could show, before any regression.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import shown
from evenfield.shared.tables import Row, pick
from evenfield.topics.design.table import IN_POINTS

# Design, term and contrast of what is named, with the words for it.
QUESTIONS = (
    ("alone", "own_cluster", "", "{units_name} with clusters against others"),
    ("alone", "own_sez", "", "{units_name} with {zones_name} against others"),
    ("joint", "own_cluster", "own_cluster - own_sez", "clusters less {zones_name}"),
    ("exposures", "exposure_cluster", "", "all neighbours with clusters, or none"),
    ("exposures", "exposure_sez", "", "all neighbours with {zones_name}, or none"),
    (
        "exposures",
        "exposure_cluster",
        "exposure_cluster - exposure_sez",
        "neighbours' clusters less neighbours' {zones_name}",
    ),
)


def section(facts: Facts) -> Row:
    """Return the smallest visible differences of growth in the longest period."""
    rows = facts.estimates(
        treatment_def=facts.taxonomy,
        estimator=IN_POINTS,
        unit_of_measure="pp/yr",
        w_id=["", facts.config.weights.primary],
    )
    periods = [
        name for name in facts.shown("span", "main") if name in set(rows["period"])
    ]
    effects = []
    for design, term, contrast, words in QUESTIONS if periods else ():
        row = pick(
            rows, period=periods[0], spec_id=design, term=term, contrast=contrast
        )
        smallest = shown(row, "0.0", "pp a year")
        if smallest:
            label = words.format_map(facts.words)
            effects.append(
                {
                    "id": f"{design}_{contrast or term}",
                    "label": label,
                    "smallest": smallest,
                }
            )
    if not effects:
        return {}
    period = facts.period(periods[0])
    return {"period": period, "effects": effects, "power": f"{facts.power:.0%}"}
