"""What the design can see: overlap of groups and smallest detectable effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenfield.report.numbers import bare, count_word, fixed, in_unit, listing
from evenfield.report.rows import Row, first, number, pick
from evenfield.report.sentences.base import Facts, Sentence, capital

CELLS = {"both": "both", "cluster": "cluster only", "sez": "SEZ only", "neither": "neither"}
TESTS = {
    "mde_scpc_03": "SCPC test with an average correlation of shocks of at most 0.03",
    "mde_t": "t test with independent shocks",
}
CONTRASTS = (
    ("exposures", "exposure_cluster - exposure_sez",
     "the difference between neighbours with clusters and neighbours with zones (from none to all)",
     "spillover_difference_pp"),
    ("joint", "own_cluster - own_sez", "the difference between an own cluster and an own zone", "growth_premium_pp"),
)  # fmt: skip


def read_square(facts: Facts) -> dict[str, Any] | None:
    """Arrange the 2x2 table of the main taxonomy."""
    rows = pick(facts.design, block="cells", taxonomy=facts.taxonomy)
    label = min((row["period"] for row in rows), default="")
    cells = {key: first(rows, term=term, period=label) for key, term in CELLS.items()}
    full = {key: row for key, row in cells.items() if row is not None}
    if len(full) < len(CELLS) or not any(full[key].get("units") for key in ("both", "cluster", "sez")):
        return None
    shown = {key: {"count": row["value"], "names": _names(row, facts)} for key, row in full.items()}
    return {"taxonomy": facts.taxonomy, "periods": _period_words(full["both"], facts), **shown}


def _names(row: Row, facts: Facts) -> str:
    return ", ".join(sorted(facts.names.get(unit, unit) for unit in row.get("units", "").split())) or "none"


def _period_words(row: Row, facts: Facts) -> str:
    named = [name.strip() for name in row.get("note", "").removeprefix("periods:").split(",")]
    main = [name for name in named if name in facts.periods()]
    if main == facts.periods():
        return "all periods"
    return listing([facts.labels[name] for name in main]) or row["period"]


def design_sentences(facts: Facts) -> list[Sentence]:
    """Say how far the groups overlap and which differences could be seen."""
    square = read_square(facts)
    if square is None:
        return []
    seen = [sentence for contrast in CONTRASTS if (sentence := _one_contrast(facts, *contrast)) is not None]
    return [_overlap(square, facts), *_correlations(facts), *([_visible(facts)] if seen else []), *seen]


def _overlap(square: Mapping[str, Any], facts: Facts) -> Sentence:
    words = {key: count_word(int(float(square[key]["count"]))) for key in CELLS}
    holders = f"{facts.unit} has" if words["both"] == "one" else f"{facts.units} have"
    return Sentence(
        capital(f"{words['both']} {holders} both a cluster and a zone, {words['cluster']} only a cluster, "
                f"{words['sez']} only a zone and {words['neither']} neither. A comparison of clusters with zones rests "
                f"on {words['cluster']} against {words['sez']}."),
        basis=f"taxonomy {square['taxonomy']}, {square['periods']}", caution=True,
    )  # fmt: skip


def _correlations(facts: Facts) -> list[Sentence]:
    weights = facts.config["weights"]["primary"]
    rows = pick(facts.design, block="correlation", taxonomy=facts.taxonomy)
    own, near = first(rows, weights=""), first(rows, weights=weights)
    values = [number(row, "value") if row else None for row in (own, near)]
    if values[0] is None or values[1] is None:
        return []
    return [Sentence(
        f"Across {facts.units} the two lists have a correlation of {fixed(values[0])}; what neighbours hold of the one "
        f"and of the other has a correlation of {fixed(values[1])}. What cannot be told apart in the data cannot "
        "be told apart by an estimator.", basis=f"{facts.panel_size}, {weights} weights",
    )]  # fmt: skip


def _visible(facts: Facts) -> Sentence:
    power = float(facts.config["estimates"]["design"]["power"])
    level = float(facts.config["inference"]["conf_level"])
    return Sentence(f"A difference counts as visible here when a two-sided test with {level:.0%} confidence would "
                    f"find it in {power:.0%} of samples.")  # fmt: skip


def _one_contrast(facts: Facts, design: str, contrast: str, words: str, interest: str) -> Sentence | None:
    rows = detectable_rows(facts, design, contrast)
    if not rows:
        return None
    low, high = min(rows, key=_size), max(rows, key=_size)
    sesoi, unit = float(facts.config["sesoi"][interest]), rows[0]["unit_of_measure"]
    spread = (f"{in_unit(_size(low), unit)} in {facts.labels[low['period']]}" if low is high else
              f"{bare(_size(low), unit)} (in {facts.labels[low['period']]}) to {in_unit(_size(high), unit)} "
              f"(in {facts.labels[high['period']]})")  # fmt: skip
    weights = f"{rows[0]['w_id']} weights, " if rows[0]["w_id"] else ""
    return Sentence(
        capital(f"{words} would become visible at {spread}. The smallest one of interest is {bare(sesoi, unit)}."),
        basis=f"{rows[0]['n_units']} {facts.units}, {weights}{TESTS[rows[0]['estimator']]}, spread of raw growth",
        caution=_size(low) > sesoi,
    )


def detectable_rows(facts: Facts, design: str, contrast: str) -> list[Row]:
    """Pick the smallest detectable effects of one contrast in the main periods, by the best test there is."""
    for test in TESTS:
        rows = facts.rows(family="design", spec_id=design, contrast=contrast, estimator=test, unit_of_measure="pp/yr",
                          treatment_def=facts.taxonomy, period=tuple(facts.periods()))  # fmt: skip
        plain = [row for row in rows if not row["term"].endswith("per s.d.") and number(row, "estimate") is not None]
        if plain:
            return plain
    return []


def _size(row: Row) -> float:
    return number(row, "estimate") or 0.0
