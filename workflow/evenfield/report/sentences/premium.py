"""Cluster and zone regions against the rest: premium by period and factor intensity, with what could be seen."""

from __future__ import annotations

from evenfield.report.numbers import bare, count_word, in_unit, listing, p_text
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence, capital, proxy_mark
from evenfield.report.words import excludes_zero, interval_text, seen_text, underpowered

GROUPS = {"cluster": "clusters", "sez": "zones"}


def premium_sentences(facts: Facts) -> list[Sentence]:
    """Say by how much the first group of each specification stands apart, period by period."""
    out = []
    for spec in facts.specs("premium"):
        rows = [row for period in facts.periods() for row in _deciding(facts, "premium", str(spec["id"]), period)]
        if rows:
            label = str(spec.get("label") or spec["id"])
            out += [_apart(rows, label, facts), *_values(rows, facts), *_taxonomies(rows, label, facts)]
    return out


def intensity_sentences(facts: Facts) -> list[Sentence]:
    """Say how zone and cluster regions differ in factor intensity, with the joint test first."""
    joint = first(facts.rows(family="factor_intensity", effect_type="stat_joint"))
    count = first(facts.rows(family="factor_intensity", effect_type="stat_right_signs"))
    rows = _deciding(facts, "factor_intensity", "", "")
    if joint is None or count is None or not rows:
        return []
    weak = [row for row in rows if underpowered(row)]
    power = _power(weak, rows)
    p = number(joint, "p_value")
    apart = "sets them apart from zero" if p is not None and p < 0.05 else "does not set them apart from zero"
    text = (f"In capital per worker, foreign capital and the like, {count['warning']} for zone regions above cluster "
            f"regions; the joint test {apart} ({p_text(p) if p is not None else 'no p'}).{power}")  # fmt: skip
    return [Sentence(text, basis=f"{joint['period']}, {facts.panel_size}, table T5",
                     caution=bool(weak))]  # fmt: skip


def _deciding(facts: Facts, family: str, spec: str, period: str) -> list[Row]:
    wanted = {"family": family, "role": "primary", "effect_type": "coef"}
    wanted |= {"spec_id": spec} if spec else {}
    wanted |= {"period": period} if period else {}
    return [row for row in facts.rows(**wanted) if number(row, "estimate") is not None]


def _apart(rows: list[Row], label: str, facts: Facts) -> Sentence:
    above = [row for row in rows if excludes_zero(row) and (number(row, "estimate") or 0) > 0]
    group = GROUPS.get(rows[0]["term"], rows[0]["term"])
    weak = [row for row in rows if underpowered(row)]
    where = (
        f"in {listing([facts.labels[row['period']] for row in above])}{_overstated(above)}" if above else "in no period"
    )
    text = (f"{capital(label)}: {facts.units} with {group} lie above the others, with an interval that leaves out "
            f"zero, {where}.{_power(weak, rows)}")  # fmt: skip
    return Sentence(text, basis=f"{count_word(len(rows))} periods, SCPC intervals, table T4", caution=bool(weak))


def _power(weak: list[Row], rows: list[Row]) -> str:
    if not weak:
        return ""
    unit = weak[0]["unit_of_measure"]
    lowest = min(number(row, "mde") or 0.0 for row in weak)
    share = "Every" if len(weak) == len(rows) else f"{len(weak)} of {len(rows)}"
    noun = "comparison is" if len(weak) in {1, len(rows)} else "comparisons are"
    interest = number(weak[0], "sesoi") or 0.0
    return (f" {share} {noun} underpowered: the smallest difference that could be seen is {in_unit(lowest, unit)} or "
            f"more, the smallest of interest {bare(interest, unit)}.")  # fmt: skip


def _overstated(rows: list[Row]) -> str:
    apart = any(excludes_zero(row) and underpowered(row) for row in rows)
    return (
        "; the design is underpowered, so sizes that stand apart from zero are likely to be overstated" if apart else ""
    )


def _values(rows: list[Row], facts: Facts) -> list[Sentence]:
    return [
        Sentence(f"{capital(in_unit(number(row, 'estimate') or 0.0, row['unit_of_measure']))} ({interval_text(row)}).",
                 facts.labels[row["period"]], facts.basis({**row, "period": "", "output_basis": ""}), proxy_mark(row))
        for row in rows
    ]  # fmt: skip


def _taxonomies(rows: list[Row], label: str, facts: Facts) -> list[Sentence]:
    found = facts.rows(
        family="premium", estimator="taxonomy_range", spec_id=rows[0]["spec_id"], term=rows[0]["term"],
        contrast=rows[0]["contrast"],
    )  # fmt: skip
    ends = [number(row, "estimate") for row in found if row["effect_type"] in {"stat_range_low", "stat_range_high"}]
    values = [value for value in ends if value is not None]
    if not values:
        return []
    unit = rows[0]["unit_of_measure"]
    return [Sentence(
        f"Over {found[0]['treatment_def']} and all periods the difference in {label} runs from "
        f"{bare(min(values), unit)} to {in_unit(max(values), unit)}.", basis=f"{facts.panel_size}, table T4",
    )]  # fmt: skip


def fading_sentences(facts: Facts) -> list[Sentence]:
    """Say how premiums change over time and where the location quotient ends."""
    rows = _deciding(facts, "fading", "", "")
    out = [_change(row, facts) for row in rows]
    for row in facts.rows(family="fading", role="primary", effect_type="stat_end_level"):
        out += [_end(row, facts)] if number(row, "estimate") is not None else []
    return out


def _change(row: Row, facts: Facts) -> Sentence:
    label = _label(facts, row["spec_id"])
    weak = (
        f", more than the one of interest ({bare(number(row, 'sesoi') or 0.0, row['unit_of_measure'])}): underpowered"
    )
    weak = weak if underpowered(row) and not excludes_zero(row) else _overstated([row])
    nothing = " The first premium is not above zero, so nothing could fade." if "nothing that" in row["warning"] else ""
    text = (f"{capital(label)}, {GROUPS.get(row['term'], row['term'])} against the others: change of "
            f"{in_unit(number(row, 'estimate') or 0.0, row['unit_of_measure'])} ({interval_text(row)}), "
            f"{seen_text(row)}{weak}.{nothing}")  # fmt: skip
    return Sentence(text, basis=facts.basis(row) + ", table T22", mark=proxy_mark(row),
                    caution=underpowered(row))  # fmt: skip


def _end(row: Row, facts: Facts) -> Sentence:
    value = number(row, "estimate") or 0.0
    side = "above" if value > 1 else "at or below"
    interval = f" ({interval_text(row)})" if interval_text(row) else ""
    text = f"{capital(_label(facts, row['spec_id']))}: {bare(value, 'share')}{interval} at the end, {side} one."
    return Sentence(text, basis=facts.basis(row) + ", table T22", caution=underpowered(row))


def _label(facts: Facts, spec: str) -> str:
    found = [item for item in facts.specs("fading") if item["id"] == spec]
    return str(found[0].get("label") or spec) if found else spec
