"""T15: direct, indirect and total effects of spatial panels, by model and weights."""

from collections.abc import Iterator

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Row,
    Table,
    basis_note,
    cited,
    count,
    count_of,
    ends,
    fixed,
    in_words,
    is_missing,
    left,
    nothing_to_show,
    number,
    only,
    origin_note,
    pick,
)
from evenfield.study.files import Record

KINDS = ("direct", "indirect", "total")
NUMBERS = tuple(
    "estimate_id std_error conf_low conf_high p_value df g_star mde".split()
)
AT_BOUND = "the spatial parameter is at the edge of its range"
# Models with lags of the regressors: SAR forces the ratio of both effects, and SEM has
# no indirect ones.
MODELS = {
    "slx": "SLX: spatial lags of the regressors",
    "sdm": "SDM: spatial lags of outcome and regressors",
    "sdem": "SDEM: spatial lags of regressors, spatial errors",
}
NOTE = """
N = {units} (unit scheme {row[unit_scheme]}{sample}), T = {row[n_periods]} years ({years});
{outcome} on {regressors}; {effects} {approach}; maximum likelihood.

Weights row-standardised; effective neighbours: {neighbours}.

Effects of one unit more of the regressor: in the {results.words[unit_name]} itself (direct), in
all others (indirect), everywhere (total), averaged. Unit: {measure}; growth in percentage
points a year.

{results.level} intervals: sandwich by {results.words[unit_name]}, t(G* \u2212 1); errors of a
{results.words[unit_name]} may be correlated over all years and differ in variance. G*:
effective number behind the indirect effect. AR(1): correlation of residuals with those of the
year before; intervals that ignore it are too narrow.

How to read: (i) SAR forces one ratio of indirect to direct effects on all regressors. (ii) A
rho apart from zero alone is no evidence that a policy reached the neighbours. (iii) With few
units and dense weights read the effective neighbours first. (iv) Time effects come out first;
the replication package has what common factors leave of rho.
"""
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


def t15(results: StudyResults) -> Table:
    """Return the main specification by model and weights, then the others with main
    model and weights.
    """
    estimates = results.estimates()
    fit = results.fit()
    main = fit["specifications"][0]
    own = only(estimates, spec_id=main["id"])
    if own.empty:
        raise nothing_to_show(f"rows of specification {main['id']}")
    rows = [*_by_weights(own, fit), *_others(estimates, fit)]
    columns = [left("Weights or specification", "label")]
    # Effects, not coefficients: theta is no spillover where rho is not zero.
    for kind in KINDS:
        interval = (f"{kind} conf_low", f"{kind} conf_high")
        columns += [
            number(kind.capitalize(), kind, 4, "reason"),
            ends(f"{results.level} interval", *interval, 3, "reason"),
        ]
    columns += [
        number("G*", "indirect g_star", 1),
        number("AR(1)", "serial", 2),
        number("Effective neighbours", "neighbours", 1),
        count("N", "n_units"),
        count("T", "n_periods"),
    ]
    return Table.of(columns, rows, _note(results, own, fit))


TABLES = {"T15": t15}


def _by_weights(own: pd.DataFrame, fit: Record) -> Iterator[Row]:
    spec = fit["specifications"][0]
    for term in spec["regressors"]:
        for model, name in MODELS.items():
            for weights, neighbours in fit["effective_neighbours"].items():
                yield {
                    "spec_id": spec["id"],
                    "group": f"{fit['regressors'][term]}: {name}",
                    "label": _spaced(weights),
                    "neighbours": neighbours,
                    **_effects(own, model, weights, term),
                }


def _others(estimates: pd.DataFrame, fit: Record) -> Iterator[Row]:
    for spec in fit["specifications"][1:]:
        own = only(estimates, spec_id=spec["id"])
        weights = spec["weights"]
        model = spec["model"]
        # Weights of a sample are cut, so their effective neighbours are others.
        whole = spec["sample"] == "all"
        for term in spec["regressors"]:
            yield {
                "spec_id": spec["id"],
                "group": f"Other specifications: {model}, {_spaced(weights)} weights",
                "label": f"{_specification_name(spec)}: {fit['regressors'][term]}",
                "neighbours": fit["effective_neighbours"][weights] if whole else None,
                **_effects(own, model.lower(), weights, term),
            }


def _effects(own: pd.DataFrame, model: str, weights: str, term: str) -> Row:
    # The name of a model without suffix is its row with the sandwich by unit.
    rows = only(own, estimator=model, w_id=weights)
    serial = pick(rows, term="residual autocorrelation")
    row: Row = {
        "estimator": model,
        "w_id": weights,
        "term": term,
        **cited("serial", serial),
        "n_units": serial.get("n_units"),
        "n_periods": serial.get("n_periods"),
    }
    for kind in KINDS:
        effect = pick(rows, term=term, effect_type=kind)
        row[kind] = effect.get("estimate")
        for name in NUMBERS:
            row[f"{kind} {name}"] = effect.get(name)
    return {**row, "reason": AT_BOUND if is_missing(row["direct"]) else ""}


def _note(results: StudyResults, own: pd.DataFrame, fit: Record) -> tuple[str, ...]:
    row = pick(own)
    spec = fit["specifications"][0]
    measure = pick(own, effect_type="direct")["unit_of_measure"]
    about = results.description()
    neighbours = [
        f"{_spaced(name)} {fixed(value, 1)}"
        for name, value in fit["effective_neighbours"].items()
    ]
    sample = "" if spec["sample"] == "all" else f", sample {_spaced(spec['sample'])}"
    regressors = in_words([fit["regressors"][name] for name in spec["regressors"]])
    # Zones of unsure date enter some regressors; the note says how often.
    unsure = [
        f"{part}."
        for part in str(row["warning"]).split("; ")
        if part.startswith("GRADE C")
    ]
    sentences = results.text(
        NOTE,
        row=row,
        units=count_of(row["n_units"], results.words),
        sample=sample,
        years=f"{spec['years'][0]}\u2013{spec['years'][1]}",
        outcome=_outcome_name(spec),
        regressors=regressors,
        effects=EFFECTS[spec["effects"]],
        approach=APPROACHES[spec["approach"]],
        neighbours=in_words(neighbours),
        measure=measure or "that of the outcome",
    )
    origin = origin_note(about, results.config.inference.seed)
    return (*sentences, basis_note(about), EXPLORATORY, *unsure, origin)


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _outcome_name(spec: Record) -> str:
    return OUTCOMES.get(spec["outcome"], _spaced(spec["outcome"]))


def _specification_name(spec: Record) -> str:
    """Say what sets a specification apart."""
    first, last = spec["years"]
    parts = (
        _outcome_name(spec),
        f"{first}\u2013{last}",
        "" if spec["sample"] == "all" else _spaced(spec["sample"]),
        "direct approach" if spec["approach"] == "direct" else "",
    )
    return ", ".join(filter(None, parts))
