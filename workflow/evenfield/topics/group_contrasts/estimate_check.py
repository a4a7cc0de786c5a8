"""What group contrasts refuse before anything is estimated: columns, programmes and
doses that no table has, and questions of which nothing would be left.
"""

from __future__ import annotations

from evenfield.shared.settings import check_names
from evenfield.shared.study_panel import with_zones
from evenfield.study.errors import EstimateError, Faults, first_examples
from evenfield.study.expressions import check_columns
from evenfield.topics.group_contrasts.estimate_groups import FAMILY, Groups
from evenfield.topics.group_contrasts.estimate_spec import (
    ChangeSpec,
    DoseSpec,
    FadingSpec,
    IntensitySpec,
    MeanSpec,
    PeriodSpec,
    ProgrammeSpec,
    Question,
    Section,
    WagesSpec,
)

# What a change may be given beside columns of units.csv: values at the first date.
STARTS = ("gap_start", "log_income_start")


def left_out(groups: Groups, section: Section) -> list[str]:
    """Return a sentence for each outcome that a run leaves out, since the tables lack
    it; refuse other names that no table has, and a question of which nothing is left.
    """
    faults = Faults()
    sentences = list[str]()
    for question in type(section).model_fields:
        where = f"{FAMILY}.{question}"
        is_left = False
        reasons = list[str]()
        for spec in getattr(section, question):
            with faults.caught():
                _check_names(groups, spec, f"{where}.{spec.id}")
            for outcomes in _outcomes(spec):
                reason = groups.missing(
                    *outcomes, table=getattr(spec, "table", "panel")
                )
                if reason:
                    reasons.append(reason)
                    sentences.append(f"{where}.{spec.id}: {reason}")
                else:
                    is_left = True
        if reasons and not is_left:
            faults.append(
                EstimateError(
                    f"{where}: {first_examples(sorted(set(reasons)))}",
                    "an outcome that the tables hold",
                    f"correct the outcomes or remove {question}",
                )
            )
    faults.refuse()
    return list(dict.fromkeys(sentences))


def _check_names(groups: Groups, spec: Question, where: str) -> None:
    """Refuse columns, programmes and doses that no table has."""
    if isinstance(spec, PeriodSpec):
        # One value a unit and period: columns of periods.csv.
        for text in spec.given:
            check_columns(text, groups.tables["periods"].columns, f"{where}.given")
    elif isinstance(spec, ChangeSpec | ProgrammeSpec):
        # One value a unit: columns of units.csv.
        check_names(spec.given, [*groups.where.columns, *STARTS], f"{where}.given")
    programmes = groups.ingested("programmes")
    if isinstance(spec, ProgrammeSpec) and len(programmes):
        names = [spec.programme, *spec.beside]
        check_names(names, programmes["programme"].unique(), f"{where}.programme")
    if isinstance(spec, DoseSpec):
        measures = set(groups.ingested("clusters")["measure"])
        for name, text in spec.doses.items():
            # No measure of clusters.csv: an expression of columns and zones in force.
            if text not in measures:
                columns = [*with_zones(groups.study, groups.scheme), *measures]
                check_columns(text, columns, f"{where}.doses.{name}")


def _outcomes(spec: Question) -> list[list[str]]:
    """Return the outcomes of a specification, each with all columns and expressions that
    it takes; one that takes none is of incomes alone, which every study has.
    """
    if isinstance(spec, IntensitySpec):
        return [[measure.outcome] for measure in spec.measures]
    if isinstance(spec, WagesSpec):
        return [[spec.wage, spec.investment]]
    if isinstance(spec, ChangeSpec):
        return [[spec.outcome, *spec.parts.values()]]
    if isinstance(spec, FadingSpec) and spec.over:
        return [[spec.outcome, spec.over]]
    if isinstance(spec, MeanSpec):
        return [[spec.outcome]]
    return [[]]
