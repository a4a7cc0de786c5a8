"""Spatial panels: what the effects say, how wide the intervals are, and what rho is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenfield.report.numbers import bare, count_word, fixed
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence
from evenfield.report.words import excludes_zero, interval_text

MODELS = ("slx", "sdm", "sdem")
RHO_PLACES = 2


def spatial_panel_sentences(facts: Facts) -> list[Sentence]:
    """Give the range of indirect effects, the price of serial correlation, rho with and without factors, and W."""
    spec = main_spec(facts)
    if not spec:
        return []
    found = [_range(facts, spec), _serial(facts, spec), _rho(facts, spec), _bounds(facts, spec)]
    return [sentence for sentence in found if sentence is not None]


def main_spec(facts: Facts) -> Mapping[str, Any]:
    """Return the first specification of the family with its main weights and model."""
    section = facts.config["estimates"].get("spatial_panel")
    if not section:
        return {}
    spec, term = section["specifications"][0], section["specifications"][0]["regressors"][0]
    label = section["variables"][term].get("label", term)
    weights = spec.get("weights", facts.config["weights"]["primary"])
    return {**spec, "term": term, "label": label, "weights": weights, "model": spec.get("model", "SDM")}


def _rows(facts: Facts, spec: Mapping[str, Any], **wanted: str | tuple[str, ...]) -> list[Row]:
    return facts.rows(family="spatial_panel", spec_id=str(spec["id"]), **wanted)


def _main_row(facts: Facts, spec: Mapping[str, Any], suffix: str = "", **wanted: str) -> Row | None:
    estimator = str(spec["model"]).lower() + suffix
    return first(_rows(facts, spec, w_id=str(spec["weights"]), estimator=estimator, **wanted))


def _range(facts: Facts, spec: Mapping[str, Any]) -> Sentence | None:
    rows = [row for row in _rows(facts, spec, estimator=MODELS, term=str(spec["term"]), effect_type="indirect")
            if number(row, "estimate") is not None]  # fmt: skip
    if not rows:
        return None
    values, unit = [number(row, "estimate") or 0.0 for row in rows], rows[0]["unit_of_measure"]
    apart = [row for row in rows if excludes_zero(row)]
    crossed = f"{len(apart)} of {len(rows)} intervals leave out zero" if apart else "no interval leaves out zero"
    text = (f"One unit more of {spec['label']} in every other {facts.unit} goes with {bare(min(values), unit)} to "
            f"{bare(max(values), unit)} {unit} of a {facts.unit}'s {_outcome(spec)}, by weights and model; {crossed}."
            f"{_detectable(facts, spec, unit)}")  # fmt: skip
    basis = f"indirect effects, {len(rows)} pairs of weights and model, {rows[0]['period']}, table T15; exploratory"
    return Sentence(text, basis=basis, caution=not apart)


def _detectable(facts: Facts, spec: Mapping[str, Any], unit: str) -> str:
    row = _main_row(facts, spec, term=str(spec["term"]), effect_type="indirect")
    mde = number(row, "mde") if row else None
    if mde is None:
        return ""
    power = facts.config["estimates"].get("design", {}).get("power", 0.8)
    return f" The smallest indirect effect that the main model sees with {power:.0%} power is {bare(mde, unit)}."


def _outcome(spec: Mapping[str, Any]) -> str:
    return {"log_income": "log income", "growth_pct": "growth"}.get(str(spec.get("outcome", "log_income")), "outcome")


def _serial(facts: Facts, spec: Mapping[str, Any]) -> Sentence | None:
    robust = _main_row(facts, spec, term=str(spec["term"]), effect_type="direct")
    naive = _main_row(facts, spec, "_observed", term=str(spec["term"]), effect_type="direct")
    serial = _main_row(facts, spec, term="residual autocorrelation")
    value = number(robust, "estimate") if robust else None
    if robust is None or naive is None or serial is None or value is None:
        return None
    text = (f"Residuals hang together over the years (correlation {fixed(number(serial, 'estimate') or 0.0)} with the "
            f"year before). For the {facts.unit} itself the coefficient is {bare(value, robust['unit_of_measure'])} "
            f"({interval_text(robust)}, which allows for that); an interval that takes years as independent would be "
            f"{interval_text(naive).partition('interval ')[2]}.")  # fmt: skip
    return Sentence(text, basis=f"{spec['model']}, {spec['weights']} weights, sandwich by {facts.unit}", caution=True)


def _rho(facts: Facts, spec: Mapping[str, Any]) -> Sentence | None:
    term = "lambda" if spec["model"] in ("SEM", "SDEM") else "rho"
    before = _main_row(facts, spec, term=term)
    after = [_main_row(facts, spec, f"_factors_{factors}", term=term) for factors in ("1", "2")]
    values = [number(row, "estimate") for row in (before, *after) if row is not None]
    if len(values) < 3 or None in values:
        return None
    shown = [fixed(value or 0.0, RHO_PLACES) for value in values]
    text = (f"Neighbours move together ({term} {shown[0]}); with one common factor taken out it is {shown[1]}, with "
            f"two {shown[2]}. Alone this is no evidence that zones reach the neighbours.")  # fmt: skip
    return Sentence(text, basis=f"{spec['model']}, {spec['weights']} weights, tables T14 and T15", caution=True)


def _bounds(facts: Facts, spec: Mapping[str, Any]) -> Sentence | None:
    ends = {row["w_id"] for row in _rows(facts, spec, estimator=MODELS, effect_type="coef")
            if "edge of its range" in row["warning"]}  # fmt: skip
    if not ends:
        return None
    named = " and ".join(name.replace("_", " ") for name in sorted(ends))
    return Sentence(
        f"With dense weights the likelihood rises to the end of the range ({count_word(len(ends))} of the weights: "
        f"{named}); nothing can be read from these.", basis="table T14",
    )  # fmt: skip
