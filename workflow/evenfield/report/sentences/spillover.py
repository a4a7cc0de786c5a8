"""Spillovers by group: what was estimated, and whether the design could have seen it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenfield.report.numbers import bare, count_word, listing, p_text
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence, capital, proxy_mark
from evenfield.report.words import excludes_zero, seen_text, underpowered, value_text

DIFFERENCE = "exposure_cluster - exposure_sez"


def exposure_sentences(facts: Facts) -> list[Sentence]:
    """Give the verdict on power, the difference of the two exposures by main period, and the empty boxes."""
    found = [(period, _difference(facts, period)) for period in facts.periods()]
    rows = [(period, row) for period, row in found if row is not None and number(row, "estimate") is not None]
    if not rows:
        return []
    return [
        _verdict(rows, facts),
        _meaning(rows[0][1], facts),
        *(_sentence(period, row, facts) for period, row in rows),
        *_recentred(facts),
        *_range(facts),
        *_boxes(facts),
    ]


def primary_spec(facts: Facts) -> str:
    """Return the id of the primary exposure specification, the first one where none is marked."""
    spec = _primary(facts)
    return str(spec["id"]) if spec else ""


def _primary(facts: Facts) -> Mapping[str, Any]:
    specs = facts.specs("exposure")
    return next((spec for spec in specs if spec["role"] == "primary"), specs[0] if specs else {})


def _mine(facts: Facts, **wanted: str | tuple[str, ...]) -> list[Row]:
    """Pick rows of the primary specification, under its own taxonomy and weights."""
    spec = _primary(facts)
    if not spec:
        return []
    return facts.rows(family="exposure", spec_id=spec["id"], treatment_def=spec["taxonomy"], w_id=spec["weights"],
                      sample_id="all", **wanted)  # fmt: skip


def _difference(facts: Facts, period: str) -> Row | None:
    return first(_mine(facts, contrast=DIFFERENCE, estimator="slx", period=period))


def _verdict(rows: list[tuple[str, Row]], facts: Facts) -> Sentence:
    weak = [facts.labels[period] for period, row in rows if underpowered(row)]
    apart = [facts.labels[period] for period, row in rows if excludes_zero(row)]
    sesoi = number(rows[0][1], "sesoi")
    interest = f"{bare(sesoi, 'pp/yr')} percentage points a year" if sesoi is not None else "not stated"
    if len(weak) == len(rows):
        text = (f"Whether growth is higher next to clusters than next to zones stays inconclusive: the comparison is "
                f"underpowered at the level of the {facts.unit}. In every period the smallest difference the design "
                f"could see exceeds the smallest one of interest ({interest}).")  # fmt: skip
    elif weak:
        text = (f"In {listing(weak)} the comparison is underpowered: the smallest difference the design could see "
                f"exceeds the smallest difference of interest ({interest}).")  # fmt: skip
    else:
        text = f"The design could see differences as small as the smallest one of interest ({interest})."
    crossed = f" Intervals leave out zero in {listing(apart)}." if apart else ""
    return Sentence(f"{text}{crossed}", basis=f"{count_word(len(rows))} periods, specification {rows[0][1]['spec_id']}",
                    caution=bool(weak))  # fmt: skip


def _meaning(row: Row, facts: Facts) -> Sentence:
    return Sentence(
        f"The numbers below are growth next to clusters minus growth next to zones, when all neighbours of a "
        f"{facts.unit} go from none to all.",
        basis=f"taxonomy {row['treatment_def']}, {row['w_id']} weights, given initial income and what the {facts.unit} "
        "itself holds",
    )


def _sentence(period: str, row: Row, facts: Facts) -> Sentence:
    basis = facts.basis({**row, "period": "", "output_basis": ""})
    return Sentence(
        f"{capital(value_text(row))}: {seen_text(row)}{_weakness(row)}.", facts.labels[period], basis,
        proxy_mark(row), underpowered(row),
    )  # fmt: skip


def _weakness(row: Row) -> str:
    if not underpowered(row):
        return ""
    if excludes_zero(row):
        return "; the design is underpowered, so the size of this difference is likely to be overstated"
    return ", more than the smallest one of interest"


def _recentred(facts: Facts) -> list[Sentence]:
    parts = [_recentred_part(facts, period) for period in facts.periods()]
    told = [part for part in parts if part]
    if not told:
        return []
    return [Sentence(
        "Geography alone puts some units next to the coast, where the lists lie. Less the exposure that permuted lists "
        f"let expect, the difference is {listing(told)} percentage points a year.",
        basis="lists permuted among coastal and among inland units, overlaps kept; p-values on the same draws",
    )]  # fmt: skip


def _recentred_part(facts: Facts, period: str) -> str:
    found = first(_mine(facts, contrast=DIFFERENCE, estimator="slx_recentred", period=period))
    test = first(_mine(facts, contrast=DIFFERENCE, estimator="slx_recentred_permutation_stratified", period=period))
    value = number(found, "estimate") if found is not None else None
    p_value = number(test, "p_value") if test is not None else None
    if value is None:
        return ""
    p_told = f", {p_text(p_value)}" if p_value is not None else ""
    return f"{bare(value, 'pp/yr')} ({facts.labels[period]}{p_told})"


def _range(facts: Facts) -> list[Sentence]:
    found = facts.rows(family="exposure", spec_id=primary_spec(facts), contrast=DIFFERENCE, estimator="slx",
                       sample_id="all", period=tuple(facts.periods()))  # fmt: skip
    rows = [row for row in found if number(row, "estimate") is not None]
    choices = {(row["treatment_def"], row["w_id"]) for row in rows}
    if len(choices) < 2:
        return []
    values = [number(row, "estimate") or 0.0 for row in rows]
    apart = [row for row in rows if excludes_zero(row)]
    crossed = f"{len(apart)} of {len(rows)} intervals leave out zero" if apart else "no interval leaves out zero"
    return [Sentence(
        f"Over {count_word(len(choices))} pairs of a list and weights and all periods, the difference "
        f"runs from {bare(min(values), 'pp/yr')} to {bare(max(values), 'pp/yr')} percentage points a year; {crossed}, "
        "without any correction for looking so often.", basis=f"{facts.panel_size}, SCPC intervals, table T16b",
    )]  # fmt: skip


def _boxes(facts: Facts) -> list[Sentence]:
    """Say what the two parts of "empty boxes" show: growth in the zones' units, and none of it next door."""
    own = [row for period in facts.periods()
           if (row := first(_mine(facts, term="own_sez", contrast="", estimator="slx", period=period)))]  # fmt: skip
    tests = [row for period in facts.periods()
             if (row := first(_mine(facts, estimator="equivalence", effect_type="tost", period=period)))]  # fmt: skip
    tests = [row for row in tests if number(row, "estimate") is not None]
    if not own or not tests:
        return []
    both = [row for row in own if (number(row, "conf_low") or 0.0) > 0]
    inside = [row for row in tests if _inside(row)]
    return [_own_part(own, both, facts), _equivalence_part(tests, inside, facts)]


def _own_part(own: list[Row], above: list[Row], facts: Facts) -> Sentence:
    where = f"lies above zero in {listing([facts.labels[row['period']] for row in above])}" if above else (
        "lies above zero in no period")  # fmt: skip
    weak = " The comparison is underpowered in every period." if all(underpowered(row) for row in own) else ""
    return Sentence(
        f"Empty boxes would need two things: higher growth where the zones are, and none of it next door. The interval "
        f"of a {facts.unit}'s own zones {where}.{weak}",
        basis=f"{count_word(len(own))} periods, given neighbours' clusters and zones and initial income",
        caution=bool(weak),
    )


def _equivalence_part(tests: list[Row], inside: list[Row], facts: Facts) -> Sentence:
    bound = bare(number(tests[0], "sesoi") or 0.0, "pp/yr")
    reach = bare(min(number(row, "mde") or 0.0 for row in tests), "pp/yr")
    weak = all(underpowered(row) for row in tests)
    shown = f"is shown to be smaller than {bound} percentage points a year per standard deviation of exposure"
    where = f"{shown} in {listing([facts.labels[row['period']] for row in inside])}" if inside else (
        f"is in no period {shown.removeprefix('is ')}")  # fmt: skip
    told = (f"; the narrowest bounds that this design could have passed are {reach}, so this part is underpowered and "
            "stays inconclusive") if weak and not inside else ""  # fmt: skip
    return Sentence(f"The coefficient of neighbours' zones {where}{told}.",
                    basis="two one-sided SCPC tests, 90% intervals, figure F13", caution=weak)  # fmt: skip


def _inside(row: Row) -> bool:
    low, high, bound = number(row, "conf_low"), number(row, "conf_high"), number(row, "sesoi")
    return None not in (low, high, bound) and -(bound or 0.0) < (low or 0.0) and (high or 0.0) < (bound or 0.0)
