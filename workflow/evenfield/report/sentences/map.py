"""Where clusters lie: quoted from the list, and whether its neighbours are alike."""

from __future__ import annotations

from evenfield.report.numbers import fixed, p_text
from evenfield.report.rows import Row, first, number, pick
from evenfield.report.sentences.base import Facts, Sentence


def map_sentences(facts: Facts) -> list[Sentence]:
    """Quote the tests of East, of South within the East, and of the neighbours, for the main list."""
    rows = facts.rows(family="gradient", outcome="cluster")
    east = first(rows, estimator="fisher_exact", treatment_def=facts.taxonomy)
    found = [_east(facts, east) if east else None]
    own = pick(rows, treatment_def=facts.taxonomy)
    found += [_south(facts, first(own, estimator="latitude_permutation")), _alike(facts, first(own, estimator="moran"))]
    return [sentence for sentence in found if sentence is not None]


def _east(facts: Facts, row: Row) -> Sentence | None:
    p = number(row, "p_value")
    held = row["warning"].split(";")[0].replace("units", facts.units)
    if p is None:
        return None
    where = f"{row['n_units']} {facts.units}, list {row['treatment_def']}, Fisher's exact test"
    kind = "more often in the East" if (number(row, "estimate") or 0.0) > 0 else "no more often in the East"
    return Sentence(f"The list names clusters {kind}: {held} ({p_text(p)}).", basis=where)


def _south(facts: Facts, row: Row | None) -> Sentence | None:
    p, value = (number(row, name) if row else None for name in ("p_value", "estimate"))
    if row is None or p is None or value is None:
        return None
    side = "further South" if value > 0 else "further North"
    seen = number(row, "mde")
    weak = f", less than the {fixed(seen, 1)} degrees that so few could show" if seen and p >= 0.05 else ""
    return Sentence(f"Within the East, cluster {facts.units} lie {fixed(abs(value), 1)} degrees {side} on average "
                    f"({p_text(p)}{weak}).", basis=f"{row['n_units']} {facts.units} of the East, {row['p_type']}",
                    caution=bool(weak))  # fmt: skip


def _alike(facts: Facts, row: Row | None) -> Sentence | None:
    p, value = (number(row, name) if row else None for name in ("p_value", "estimate"))
    if row is None or p is None or value is None:
        return None
    told = "are more alike than chance gives" if p < 0.05 and value > 0 else "are not told apart from chance"
    return Sentence(f"Neighbours {told}: Moran's I of being on the list is {fixed(value)} ({p_text(p)}).",
                    basis=f"{row['n_units']} {facts.units}, {row['w_id']} weights, units exchanged")  # fmt: skip
