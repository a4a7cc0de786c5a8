"""What group contrasts refuse before anything is estimated: columns, programmes and
doses that no table has, and questions of which nothing would be left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evenfield.shared.settings import check_names
from evenfield.shared.study_panel import with_zones
from evenfield.study.errors import EstimateError, Faults, first_examples
from evenfield.study.expressions import check_columns
from evenfield.topics.group_contrasts.estimate_groups import FAMILY, Groups
from evenfield.topics.group_contrasts.estimate_spec import Section

STARTS = ("gap_start", "log_income_start")  # what a change may be given beside columns


def left_out(groups: Groups, section: Section) -> list[str]:
    """Return the outcomes that a run leaves out, since the tables lack them; refuse
    other names that no table has, and a question of which nothing is left.
    """
    faults = Faults()
    sentences = list[str]()
    for question in type(section).model_fields:
        where = f"{FAMILY}.{question}"
        reasons = list[str]()
        for spec in getattr(section, question):
            with faults.caught():
                _check_spec(groups, spec, f"{where}.{spec.id}")
            # One reason an outcome; an empty one means that the tables hold it.
            for reason in _reasons(groups, spec):
                reasons.append(reason)
                sentences += [f"{where}.{spec.id}: {reason}"] if reason else []
        # Every outcome lacks something: nothing of the question would be left.
        if reasons and all(reasons):
            faults.append(
                EstimateError(
                    f"{where}: {first_examples(sorted(set(reasons)))}",
                    "an outcome that the tables hold",
                    f"correct the outcomes or remove {question}",
                )
            )
    faults.refuse()
    return list(dict.fromkeys(sentences))


def _check_spec(groups: Groups, spec: Any, where: str) -> None:
    given = getattr(spec, "given", [])
    # By period, controls are columns of periods.csv; otherwise of units.csv.
    if hasattr(spec, "pooled"):
        for text in given:
            check_columns(text, groups.tables["periods"].columns, f"{where}.given")
    else:
        check_names(given, [*groups.where.columns, *STARTS], f"{where}.given")
    programmes = groups.ingested("programmes")
    if hasattr(spec, "programme") and len(programmes):
        names = [spec.programme, *spec.beside]
        check_names(names, programmes["programme"].unique(), f"{where}.programme")
    measures = set(groups.ingested("clusters")["measure"])
    for name, text in getattr(spec, "doses", {}).items():
        # No measure of clusters.csv: then an expression of columns and zones in force.
        if text not in measures:
            columns = [*with_zones(groups.study, groups.scheme), *measures]
            check_columns(text, columns, f"{where}.doses.{name}")


def _reasons(groups: Groups, spec: Any) -> Iterator[str]:
    """Yield why each outcome of a specification is left out; empty where it is not."""
    table = getattr(spec, "table", "panel")
    if hasattr(spec, "measures"):
        yield from (groups.missing(item.outcome) for item in spec.measures)
    elif hasattr(spec, "wage"):
        yield groups.missing(spec.wage, spec.investment)
    elif hasattr(spec, "outcome"):
        parts = getattr(spec, "parts", {}).values()
        over = getattr(spec, "over", "")
        below = [over] if over else []
        yield groups.missing(spec.outcome, *parts, *below, table=table)
    else:
        yield ""
