"""Clubs, the panel's speed, movement of the distribution, inequality and likeness of neighbours: quoted, not judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenfield.report.numbers import count_word, fixed, listing, p_text
from evenfield.report.rows import Row, first, number, pick
from evenfield.report.sentences.base import Facts, Sentence, proxy_mark
from evenfield.report.words import interval_text, seen_text, underpowered

CLUSTER, SEZ = "initial_x_exposure_cluster", "initial_x_exposure_sez"
CRITICAL = -1.65


def main_spec(facts: Facts, family: str) -> Mapping[str, Any] | None:
    """Return the primary specification of a family, the first where none is marked."""
    specs = facts.specs(family)
    return next((spec for spec in specs if spec.get("role") == "primary"), specs[0] if specs else None)


def panel_sentences(facts: Facts) -> list[Sentence]:
    """Quote the bias-corrected speed between its bounds, and the difference by exposure."""
    spec = main_spec(facts, "dynamic")
    found = [_speed(facts, str(spec["id"]), period) for period in facts.periods("span")] if spec else []
    regime = main_spec(facts, "regime")
    found += [_regime(facts, str(regime["id"]), period) for period in facts.periods()] if regime else []
    return [sentence for sentence in found if sentence is not None]


def _speed(facts: Facts, spec: str, period: str) -> Sentence | None:
    rows = facts.rows(family="dynamic", spec_id=spec, period=period, effect_type="lambda")
    head, low, high = (first(rows, estimator=name) for name in ("bc_fe", "pooled", "fe"))
    value = number(head, "estimate") if head else None
    if head is None or value is None:
        return None
    bounds = [
        fixed(number(row, "estimate") or 0.0) for row in (low, high) if row and number(row, "estimate") is not None
    ]
    between = f"; pooled and fixed effects give {listing(bounds)}" if len(bounds) == 2 else ""
    serial = "; shocks are autocorrelated, which biases every correction" if "serial:" in head["warning"] else ""
    interval = interval_text(head)
    return Sentence(
        f"The bias-corrected speed of convergence in the panel is {fixed(value)}% a year"
        f"{f' ({interval})' if interval else ''}, {seen_text(head)}{between}{serial}.",
        facts.labels[period], facts.basis({**head, "period": "", "output_basis": "", "se_type": ""}), proxy_mark(head),
        underpowered(head),
    )  # fmt: skip


def _regime(facts: Facts, spec: str, period: str) -> Sentence | None:
    rows = pick(facts.estimates, spec_id=spec, period=period, estimator="regime")
    row = first(rows, effect_type="coef", contrast=f"{CLUSTER} - {SEZ}")
    value = number(row, "estimate") if row else None
    if row is None or value is None:
        return None
    weak = "; the design is underpowered for a difference of interest" if underpowered(row) else ""
    interval = interval_text(row)
    return Sentence(
        f"The gap to the mean closes by {fixed(value)} percentage points a year more per exposure to neighbours' "
        f"clusters than to their zones{f' ({interval})' if interval else ''}: {_seen(row)}{weak}.",
        facts.labels[period], facts.basis({**row, "period": "", "output_basis": ""}), proxy_mark(row),
        underpowered(row),
    )  # fmt: skip


def _seen(row: Row) -> str:
    return seen_text(row).replace("pp/yr of speed per exposure 0 to 1", "percentage points a year")


def clubs_sentences(facts: Facts) -> list[Sentence]:
    """Quote log t on levels and the clubs of each specification."""
    spans = {(spec["period"], spec.get("sample", "all")): spec for spec in reversed(facts.specs("clubs"))}
    found = [_logt(facts, spec) for spec in reversed(spans.values())]
    spec = main_spec(facts, "clubs")
    found += [_currency(facts, str(spec["id"]))] if spec else []
    return [sentence for sentence in found if sentence is not None]


def _tests(facts: Facts, spec: str) -> list[Row]:
    rows = [row for row in facts.rows(family="clubs", spec_id=spec, term="b") if row["estimator"].startswith("logt")]
    return [row for row in rows if number(row, "statistic") is not None]


def _logt(facts: Facts, spec: Mapping[str, Any]) -> Sentence | None:
    rows = sorted(
        pick(_tests(facts, str(spec["id"])), outcome="relative_income"), key=lambda row: _first(row["contrast"])
    )
    if not rows:
        return None
    row = rows[len(rows) // 2]
    t = number(row, "statistic") or 0.0
    clubs = [item for item in facts.rows(family="clubs", spec_id=str(spec["id"]), term="clubs")
             if item["contrast"].startswith("merged")]  # fmt: skip
    number_of = number(clubs[0], "estimate") if clubs else None
    sorted_into = (
        f"; merging leaves {count_word(int(number_of))} club{'' if number_of == 1 else 's'}" if number_of else ""
    )
    verdict = (
        "rejects convergence to one path"
        if t < CRITICAL
        else "does not reject convergence to one path, which is no evidence for it"
    )
    told = {**row, **dict.fromkeys(("period", "output_basis", "p_value", "se_type"), "")}
    return Sentence(
        f"{_sample(row)}og t on levels of relative income has t\u00a0=\u00a0{fixed(t, 1)} and {verdict}{sorted_into}.",
        facts.labels[row["period"]], facts.basis(told), proxy_mark(row),
    )  # fmt: skip


def _sample(row: Row) -> str:
    return "L" if row["sample_id"] == "all" else f"In the sample {row['sample_id'].replace('_', ' ')}, l"


def _first(contrast: str) -> int:
    return int("".join(letter for letter in contrast if letter.isdigit()) or 0)


def _currency(facts: Facts, spec: str) -> Sentence | None:
    rows = [row for row in _tests(facts, spec) if row["outcome"].startswith("log_income")]
    if len(rows) < 2:
        return None
    values = [number(row, "statistic") or 0.0 for row in rows]
    return Sentence(
        f"In logs the same test gives t from {fixed(min(values), 1)} to {fixed(max(values), 1)} by the currency unit "
        "alone, so only levels are read.", basis=f"{len(rows)} currency units, specification {spec}",
    )  # fmt: skip


def distribution_sentences(facts: Facts) -> list[Sentence]:
    """Quote mobility and the test of the neighbours."""
    spec = main_spec(facts, "distribution")
    rows = facts.rows(family="distribution", spec_id=str(spec["id"])) if spec else []
    steps = sorted({row["contrast"] for row in pick(rows, term="half_life")}, key=_first)
    found = [_mobility(facts, pick(rows, contrast=step)) for step in steps]
    found += [_neighbours(facts, pick(rows, contrast=step)) for step in steps[:1]]
    return [sentence for sentence in found if sentence is not None]


def _mobility(facts: Facts, rows: list[Row]) -> Sentence | None:
    life, index = first(rows, term="half_life"), first(rows, term="shorrocks")
    value = number(index, "estimate") if index else None
    if life is None or index is None or value is None:
        return None
    years = number(life, "estimate")
    step = _first(index["contrast"])
    interval = interval_text(life)
    told = (
        f"a half-life of {fixed(years, 0)} years{f' ({interval})' if interval else ''}"
        if years is not None
        else "no half-life, since it does not settle"
    )
    return Sentence(
        f"Between classes of relative income, in steps of {step} year{'' if step == 1 else 's'}, the Shorrocks index "
        f"of movement is {fixed(value)}{_ends(index)} and the chain has {told}.",
        facts.labels[index["period"]], facts.basis({**index, "period": "", "output_basis": ""}), proxy_mark(index),
    )  # fmt: skip


def _ends(row: Row) -> str:
    low, high, level = (number(row, name) for name in ("conf_low", "conf_high", "conf_level"))
    if low is None or high is None or level is None:
        return ""
    return f" ({level:.0%} interval {fixed(low)} to {fixed(high)})"


def _neighbours(facts: Facts, rows: list[Row]) -> Sentence | None:
    row = first(rows, estimator="spatial_markov", term="q")
    p = number(row, "p_value") if row else None
    if row is None or p is None:
        return None
    differ = "differ with" if p < 0.05 else "are not told apart by"
    return Sentence(f"Transitions {differ} the neighbours' class ({p_text(p)}).", facts.labels[row["period"]],
                    f"{row['n_units']} {facts.units}, {row['w_id']} weights, whole trajectories change places",
                    proxy_mark(row))  # fmt: skip


def inequality_sentences(facts: Facts) -> list[Sentence]:
    """Quote Theil T at both ends and the largest share between groups."""
    spec = main_spec(facts, "inequality")
    found = [_theil(facts, str(spec["id"]), period) for period in facts.spans()] if spec else []
    return [sentence for sentence in found if sentence is not None]


def _theil(facts: Facts, spec: str, period: str) -> Sentence | None:
    rows = facts.rows(family="inequality", spec_id=spec, period=period)
    ends = [first(rows, estimator="inequality", term="theil_t", contrast=end) for end in ("start", "end")]
    values = [number(row, "estimate") if row else None for row in ends]
    if ends[1] is None or values[0] is None or values[1] is None:
        return None
    move = "fell" if values[1] < values[0] else "rose"
    shares = [row for row in pick(rows, term="between_theil_t", contrast="end") if number(row, "estimate") is not None]
    top = max(shares, key=lambda row: number(row, "estimate") or 0.0, default=None)
    p = number(top, "p_value") if top else None
    name = top["treatment_def"].replace(": ", ", ").replace("_", " ") if top else ""
    between = f"; at the end {100 * (number(top, 'estimate') or 0.0):.0f}% lay between groups of {name}" if top else ""
    test = f" ({p_text(p)} by exchange of labels)" if p is not None else ""
    return Sentence(f"Theil T {move} from {fixed(values[0], 3)} to {fixed(values[1], 3)}{between}{test}.",
                    facts.labels[period], facts.basis({**ends[1], "period": "", "output_basis": "", "se_type": ""}),
                    proxy_mark(ends[1]))  # fmt: skip


def pattern_sentences(facts: Facts) -> list[Sentence]:
    """Quote Moran's I of income in the first and last year, plain and net of regions."""
    spec = main_spec(facts, "moran")
    rows = facts.rows(family="moran", spec_id=str(spec["id"]), estimator="moran", outcome="log_income") if spec else []
    found = [
        _moran(facts, pick(rows, controls_id=name)) for name in sorted({row["controls_id"] for row in rows}, key=_plain)
    ]
    return [sentence for sentence in found if sentence is not None]


def _plain(name: str) -> tuple[bool, str]:
    return (name != "none", name)


def _moran(facts: Facts, rows: list[Row]) -> Sentence | None:
    known = sorted((row for row in rows if number(row, "estimate") is not None), key=lambda row: int(row["period"]))
    if len(known) < 2:
        return None
    net = (
        ""
        if known[0]["controls_id"] == "none"
        else f", net of the means of {known[0]['controls_id'].replace('_', ' ')},"
    )
    told = [f"{fixed(number(row, 'estimate') or 0.0)} in {row['period']} ({_p(row)})" for row in (known[0], known[-1])]
    mark = "SPLICED" if {row["output_basis"] for row in known} > {"official"} else proxy_mark(known[-1])
    return Sentence(f"Moran's I of income{net} was {listing(told)}.",
                    basis=f"{known[0]['n_units']} {facts.units}, p adjusted for looking at every year",
                    mark=mark)  # fmt: skip


def _p(row: Row) -> str:
    p = number(row, "p_adjusted")
    p = number(row, "p_value") if p is None else p
    return p_text(p) if p is not None else "not tested"
