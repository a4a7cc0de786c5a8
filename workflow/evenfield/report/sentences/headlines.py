"""The few sentences at the top: one from each part, the limits of the design first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evenfield.report.numbers import bare, fixed, listing
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence, proxy_mark
from evenfield.report.words import excludes_zero

LABELS = {
    "verdicts": "verdicts",
    "design": "design",
    "spillover": "spillovers",
    "convergence": "convergence",
    "question": "data",
}


def headlines(facts: Facts, said: Mapping[str, Sequence[Sentence]]) -> list[dict[str, Any]]:
    """Choose the sentences of the summary."""
    lines = [("question", s) for s in said.get("question", ()) if s.caution]
    lines += [("verdicts", s) for s in said.get("verdicts", ())[:1]]
    lines += [("design", s) for s in said.get("design", ())[:1]]
    lines += [("spillover", s) for s in said.get("spillover", ())[:1]]
    lines += [("convergence", s) for s in (_beta_summary(facts), _sigma_summary(facts)) if s is not None]
    return [{"sentence": s, "section": section, "label": f"See {LABELS[section]}"} for section, s in lines]


def _beta_summary(facts: Facts) -> Sentence | None:
    specs = [spec for spec in facts.specs("beta") if not spec["controls"]][:1]
    rows = [row for spec in specs for row in facts.rows(family="beta", estimator="ols", effect_type="lambda",
            spec_id=str(spec["id"]), period=tuple(facts.periods())) if number(row, "estimate") is not None]  # fmt: skip
    rows = sorted(rows, key=lambda row: facts.periods().index(row["period"]))
    if not rows:
        return None
    parts = [_speed(row, facts) for row in rows]
    return Sentence(
        f"Without controls, the implied speed of convergence is {listing(parts)}. A negative speed means that poorer "
        f"{facts.units} fell further behind.",
        basis=f"{rows[0]['n_units']} {facts.units}, HC3 standard errors",
    )


def _speed(row: Row, facts: Facts) -> str:
    notes = [] if excludes_zero(row) else ["not distinguishable from zero"]
    notes += [proxy_mark(row)] if proxy_mark(row) else []
    bracket = f" ({', '.join(notes)})" if notes else ""
    return f"{fixed(number(row, 'estimate') or 0.0)}% a year in {facts.labels[row['period']]}{bracket}"


def _sigma_summary(facts: Facts) -> Sentence | None:
    spec = str(facts.specs("sigma")[0]["id"]) if facts.specs("sigma") else ""
    pairs = [(period, _ends(facts, spec, period)) for period in facts.periods()]
    parts = [f"from {bare(start, 'log')} to {bare(end, 'log')} in {facts.labels[period]}"
             for period, (start, end) in pairs if start is not None and end is not None]  # fmt: skip
    if not parts:
        return None
    return Sentence(f"The standard deviation of log income across {facts.units} went {listing(parts)}.",
                    basis=f"{facts.panel_size}, unweighted; tests stand in the section")  # fmt: skip


def _ends(facts: Facts, spec: str, period: str) -> tuple[float | None, float | None]:
    rows = facts.rows(family="sigma", spec_id=spec, period=period)
    start, end = first(rows, term="sigma_start"), first(rows, term="sigma_end")
    return (number(start, "estimate") if start else None, number(end, "estimate") if end else None)
