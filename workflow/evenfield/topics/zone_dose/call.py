"""Outcomes on zones in force as calls of the library."""

from dataclasses import replace
from functools import cache
from typing import Any

from evenfield.shared.calls import (
    Call,
    asked_of,
    by_bootstrap,
    drawn,
    method_of,
    section_of,
    specification,
)
from evenfield.shared.contrasts.calls import OF_SINGLES, SINGLES
from evenfield.shared.few_units import with_places
from evenfield.shared.places import Coefficient, TableRow, same
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.zone_dose.estimate import (
    DOSE,
    YEAR,
    DoseRegression,
    Section,
)

# Columns of the joint test, whose statistic stands for the estimate.
OF_TEST = {
    "estimate": "statistic",
    "df": "df_denominator",
    **same("statistic", "p_value"),
}


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the coefficient of zones in force, or of zones of
    later years beside them.
    """
    section: Section = section_of(study, Section, "zone_dose")
    spec = specification(section.specs, row)
    work = _regression(study, spec.id)
    if leads := asked_of(row).get("leads"):
        terms, first, last = work.lead_terms(leads)
        regression = _outcome_on_dose(work, terms, first, last, "CR3")
        if len(leads) > 1:
            later = [name for name in terms if name != DOSE]
            place = TableRow(line="joint", columns=OF_TEST)
            return replace(
                regression, then=("joint", {"terms": later}), places=(place,)
            )
        return regression
    terms = {DOSE: -spec.lag}
    first, last = spec.span
    if row["estimator"] == SINGLES:
        regression = _outcome_on_dose(work, terms, first, last, "CR3")
        then = (SINGLES, {"term": DOSE})
        return replace(regression, then=then, places=(OF_SINGLES[row["effect_type"]],))
    return _outcome_on_dose(work, terms, first, last, method_of(row))


@cache
def _regression(study: Study, spec_id: str) -> DoseRegression:
    """Return the data of a specification, read once for all its rows."""
    section: Section = section_of(study, Section, "zone_dose")
    specs = {spec.id: spec for spec in section.specs}
    return DoseRegression.of(study, section, specs[spec_id])


def _outcome_on_dose(
    work: DoseRegression, terms: dict[str, int], first: int, last: int, method: str
) -> Call:
    """Return the regression of the outcome on the dose some years later (or, negative,
    earlier), whose first term is the row's.
    """
    data = work.frame(terms, first, last)
    years = YEAR
    if work.spec.beside != YEAR:
        years = f"{work.spec.beside} by year"
        cells = data["unit"].map(work.groups) + " " + data["year"].astype(str)
        data = data.assign(**{years: cells})
    arguments: dict[str, Any] = {
        "formula": f"y ~ {' + '.join(terms)} | unit + `{years}`",
        "unit": "unit",
        "time": "year",
        "inference": [method],
        "few_units": True,
    }
    if by_bootstrap(method):
        inference = work.study.config.inference
        stream = f"zone_dose:{work.spec.id}"
        arguments |= drawn(inference.permutations, inference.seed, stream)
    return Call(
        function="ols",
        data=with_places(work.study, work.spec.unit_scheme, data),
        arguments=arguments,
        places=(Coefficient(term=next(iter(terms)), inference=method),),
    )
