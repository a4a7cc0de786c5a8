"""T15: direct, indirect and total effects of spatial panels, by model and weights."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    is_missing,
    whole,
    with_decimals,
)
from evenfield.shared.tables.rows import Row, only, pick
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.units import count_of, in_words

KINDS = ("direct", "indirect", "total")
NUMBERS = tuple("std_error conf_low conf_high p_value df g_star mde".split())
AT_BOUND = "the spatial parameter is at the edge of its range"
MODELS = {
    "slx": "SLX: spatial lags of the regressors",
    "sdm": "SDM: spatial lags of outcome and regressors",
    "sdem": "SDEM: spatial lags of regressors, spatial errors",
}
RULES = (
    "How to read: (i) SAR forces one ratio of indirect to direct effects on all"
    " regressors. (ii) A rho apart from zero alone is no evidence that a policy reached"
    " the neighbours. (iii) With few units and dense weights read the effective"
    " neighbours first. (iv) Time effects come out first; what common factors leave of"
    " rho stands in results/estimates/spatial_panel/estimates.csv."
)
APPROACHES = {
    "lee_yu": "transformed away (Lee-Yu)",
    "direct": "estimated (direct approach, biased with dense weights)",
}
EFFECTS = {
    "two_way": "unit and year effects",
    "unit": "unit effects",
    "time": "year effects",
    "pooled": "one constant",
}
OUTCOMES = {"log_income": "log income", "growth_pct": "growth, pp a year"}
EXPLORATORY = (
    "Exploratory: no row decides a hypothesis. Associations given the effects removed;"
    " not causal."
)


def t15(facts: Facts) -> Table:
    """Return the main specification by model and weights, then the others with main
    model and weights.
    """
    estimates = facts.estimates()
    fit = facts.fit()
    unit = facts.words["unit_name"]
    main = fit["specifications"][0]
    main_rows = only(estimates, spec_id=main["id"])
    if main_rows.empty:
        raise nothing_to_show(
            f"rows of specification {main['id']}", "spatial_panel", "T15"
        )
    rows = [*_by_weights(main_rows, fit), *_others(estimates, fit)]
    outcome_unit = (
        pick(main_rows, effect_type="direct")["unit_of_measure"]
        or "that of the outcome"
    )
    sample, weights, *ends = _notes(facts, pick(main_rows), fit)
    note = (
        sample,
        weights,
        (
            f"Effects of one unit more of the regressor: in the {unit} itself (direct),"
            " in all others (indirect), everywhere (total), averaged. Unit:"
            f" {outcome_unit}; growth in percentage points a year."
        ),
        (
            f"{facts.level} intervals: sandwich by {unit}, t(G* \u2212 1); errors of a"
            f" {unit} may hang together over all years and differ in variance. G*:"
            " effective number behind the indirect effect. AR(1): correlation of"
            " residuals with those of the year before; intervals that ignore it are"
            " too narrow."
        ),
        *ends,
    )
    shown = []
    for kind in KINDS:
        ends_of = (f"{kind} conf_low", f"{kind} conf_high")
        shown.append(
            right(
                kind.capitalize(), kind, show=with_decimals(fixed, 4), reason="reason"
            )
        )
        shown.append(
            right(
                f"{facts.level} interval",
                *ends_of,
                show=with_decimals(interval, 3),
                reason="reason",
            )
        )
    columns = (
        Column(names=("label",), header="Weights or specification"),
        *shown,
        right("G*", "indirect g_star", show=with_decimals(fixed, 1)),
        right("AR(1)", "serial", show=with_decimals(fixed, 2)),
        right("Effective neighbours", "neighbours", show=with_decimals(fixed, 1)),
        right("N", "n_units", show=whole),
        right("T", "n_periods", show=whole),
    )
    return Table(
        id="T15", note=note, columns=columns, frame=pd.DataFrame(rows), group="group"
    )


TABLES = {"T15": t15}


def _by_weights(main_rows: pd.DataFrame, fit: Mapping[str, Any]) -> Iterator[Row]:
    spec = fit["specifications"][0]
    for term in spec["regressors"]:
        for model, name in MODELS.items():
            for weights, neighbours in fit["effective_neighbours"].items():
                group = f"{fit['regressors'][term]}: {name}"
                labels = {
                    "spec_id": spec["id"],
                    "group": group,
                    "label": _spaced(weights),
                    "neighbours": neighbours,
                }
                yield {**labels, **_effects(main_rows, model, weights, term)}


def _others(estimates: pd.DataFrame, fit: Mapping[str, Any]) -> Iterator[Row]:
    for spec in fit["specifications"][1:]:
        spec_rows = only(estimates, spec_id=spec["id"])
        weights = spec["weights"]
        group = f"Other specifications: {spec['model']}, {_spaced(weights)} weights"
        neighbours = (
            fit["effective_neighbours"][weights] if spec["sample"] == "all" else None
        )
        for term in spec["regressors"]:
            label = f"{_specification_name(spec)}: {fit['regressors'][term]}"
            labels = {
                "spec_id": spec["id"],
                "group": group,
                "label": label,
                "neighbours": neighbours,
            }
            yield {
                **labels,
                **_effects(spec_rows, spec["model"].lower(), weights, term),
            }


def _effects(spec_rows: pd.DataFrame, model: str, weights: str, term: str) -> Row:
    model_rows = only(spec_rows, estimator=model, w_id=weights)
    serial = pick(model_rows, term="residual autocorrelation")
    row: Row = {
        "estimator": model,
        "w_id": weights,
        "term": term,
        "serial": serial.get("estimate"),
    }
    row |= {name: serial.get(name) for name in ("n_units", "n_periods")}
    for kind in KINDS:
        cell = pick(model_rows, term=term, effect_type=kind)
        row |= {
            kind: cell.get("estimate"),
            **{f"{kind} {name}": cell.get(name) for name in NUMBERS},
        }
    return {**row, "reason": AT_BOUND if is_missing(row["direct"]) else ""}


def _notes(facts: Facts, row: Row, fit: Mapping[str, Any]) -> tuple[str, ...]:
    spec = fit["specifications"][0]
    _, *ends = facts.note()
    neighbours = [
        f"{_spaced(name)} {fixed(value, 1)}"
        for name, value in fit["effective_neighbours"].items()
    ]
    sample = "" if spec["sample"] == "all" else f", sample {_spaced(spec['sample'])}"
    regressors = in_words([fit["regressors"][name] for name in spec["regressors"]])
    unsure = [
        part for part in str(row["warning"]).split("; ") if part.startswith("GRADE C")
    ]
    return (
        (
            f"N = {count_of(int(row['n_units']), facts.words)} (unit scheme"
            f" {row['unit_scheme']}{sample}), T = {int(row['n_periods'])} years"
            f" ({spec['years'][0]}\u2013{spec['years'][1]}); {_outcome_name(spec)} on"
            f" {regressors}; {EFFECTS[spec['effects']]} {APPROACHES[spec['approach']]};"
            " maximum likelihood."
        ),
        f"Weights row-standardised; effective neighbours: {in_words(neighbours)}.",
        RULES,
        ends[0],
        EXPLORATORY,
        *(f"{part}." for part in unsure),
        ends[1],
    )


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _outcome_name(spec: Mapping[str, Any]) -> str:
    return OUTCOMES.get(spec["outcome"], _spaced(spec["outcome"]))


def _specification_name(spec: Mapping[str, Any]) -> str:
    """Say what sets a specification apart."""
    first, last = spec["years"]
    sample = [] if spec["sample"] == "all" else [_spaced(spec["sample"])]
    direct = ["direct approach"] if spec["approach"] == "direct" else []
    return ", ".join([_outcome_name(spec), f"{first}\u2013{last}", *sample, *direct])
