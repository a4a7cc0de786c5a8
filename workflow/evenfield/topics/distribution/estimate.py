"""Distribution dynamics: Markov chains, spatial Markov chains, stochastic kernels and modes of relative income."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.markov import (
    bootstrap_counts,
    ergodic_distribution,
    mobility_half_life,
    second_root,
    shorrocks_index,
    transition_counts,
    transition_matrix,
)
from evenfield.numerics.markov_homogeneity import HomogeneityTest, homogeneity_test, second_order_counts
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_markov import spatial_markov_test
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import joined, not_defined
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.windows import Span, span_named, weights_among
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.distribution.estimate_kernels import kernel_parts
from evenfield.topics.distribution.estimate_movement import DISTRIBUTION_SERIES, Movement, labelled, movement_of
from evenfield.topics.distribution.estimate_spec import DistributionSpec, own_classes

FEW = 20


@dataclass(frozen=True)
class DistributionResults:
    """Estimates, drawable series and a summary of the distribution family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


def estimate_distribution(
    panels: Mapping[str, pd.DataFrame],
    cells: Mapping[str, pd.DataFrame],
    weights: Mapping[str, Mapping[str, SpatialWeights]],
    schemes: Mapping[str, SchemeInfo],
    spans: Mapping[str, Mapping[str, Span]],
    specs: Sequence[DistributionSpec],
    inference: InferenceSpec,
) -> DistributionResults:
    """Describe how the distribution of relative income moves."""
    estimates: list[Estimate] = []
    parts: list[pd.DataFrame] = []
    for spec in specs:
        where = f"estimates.distribution.{spec.id}"
        own = spans[spec.unit_scheme]
        move = movement_of(panels[spec.unit_scheme], own, schemes[spec.unit_scheme], spec, inference)
        if spec.weights:
            matrix, note = weights_among(weights[spec.unit_scheme], spec.weights, move.window.units, where)
        for years in spec.steps:
            rows, frame = _chain(move, years, [span_named(own, name, where) for name in spec.subperiods])
            estimates += rows
            parts.append(frame)
            if spec.weights:
                rows, frame = _spatial(move, years, matrix, note)
                estimates += rows
                parts.append(frame)
        rows, frames = kernel_parts(move, cells[spec.unit_scheme], matrix if spec.weights else None, where)
        estimates += rows
        parts += frames
    filled = [part.reindex(columns=list(DISTRIBUTION_SERIES)) for part in parts if len(part)]
    series = pd.concat(filled) if filled else pd.DataFrame(columns=list(DISTRIBUTION_SERIES))
    keys = ["spec_id", "unit_scheme", "kind", "step", "group", "x", "y"]
    fit = {spec.id: {"classes": spec.k, "kind": spec.classes, "cutoffs": list(spec.cutoffs)} for spec in specs}
    return DistributionResults(estimates, series.sort_values(keys, ignore_index=True), fit)


# --- the chain ----------------------------------------------------------------------------------------------


def _chain(move: Movement, years: int, subperiods: list[Span]) -> tuple[list[Estimate], pd.DataFrame]:
    labels = {**move.base, "estimator": "markov", "contrast": f"{years} years", "role": move.spec.role}
    empty = pd.DataFrame(columns=list(DISTRIBUTION_SERIES))
    try:
        step = move.lag(years)
        classes = own_classes(move.values, move.spec)
        counts = transition_counts(classes, move.spec.k, step)
    except NumericsError as error:
        row = {**labels, "term": "shorrocks", "effect_type": "stat", "unit_of_measure": "index"}
        return not_defined([row], move.window.note, error), empty
    draw_id = move.draw_id("bootstrap", years)
    rng = generator_for(move.inference.seed, draw_id)
    drawn = transition_matrix(bootstrap_counts(counts, rng, min(move.inference.permutations, 1999)))
    labels = {**labels, "seed": f"{move.inference.seed}:{draw_id}", "se_type": "bootstrap of whole trajectories",
              "conf_level": move.inference.conf_level}  # fmt: skip
    total = counts.sum(axis=0)
    rows, numbers = _chain_rows(move, labels, total, drawn, years)
    rows += _homogeneity_rows(move, classes, counts, step, years, subperiods)
    return rows, _chain_series(move, years, total, numbers)


def _chain_rows(
    move: Movement, labels: dict[str, Any], total: np.ndarray, drawn: np.ndarray, years: int
) -> tuple[list[Estimate], dict[str, tuple[float, float, float]]]:
    P = transition_matrix(total)
    k = len(P)
    number = {f"p_{i + 1}_{j + 1}": (P[i, j], drawn[:, i, j]) for i in range(k) for j in range(k)}
    ergodic, ergodic_drawn = ergodic_distribution(P), ergodic_distribution(drawn)
    number |= {f"ergodic_{i + 1}": (ergodic[i], ergodic_drawn[:, i]) for i in range(k)}
    number |= {
        "shorrocks": (float(shorrocks_index(P)), shorrocks_index(drawn)),
        "second_root": (float(second_root(P)), second_root(drawn)),
        "half_life": (float(mobility_half_life(P, years)), mobility_half_life(drawn, years)),
    }
    rows, numbers = [], {}
    for term, (value, draws) in number.items():
        low, high, note = _interval(value, draws, move.inference.conf_level)
        few = _few_note(term, total)
        infinite = "infinite: the chain does not settle" if np.isinf(value) else ""
        undefined = "not defined" if np.isnan(value) else ""
        rows.append(
            Estimate(**labels, term=term, effect_type=_kind(term), unit_of_measure=_measure(term),
                     estimate=float(value) if np.isfinite(value) else NAN, conf_low=low, conf_high=high,
                     n_obs=_row_total(term, total), warning=joined(move.window.note, undefined, infinite, few, note))
        )  # fmt: skip
        numbers[term] = (float(value), low, high)
    return rows, numbers


def _kind(term: str) -> str:
    return "share" if term.startswith(("p_", "ergodic_")) else "half_life" if term == "half_life" else "stat"


def _measure(term: str) -> str:
    return "years" if term == "half_life" else "share" if term.startswith(("p_", "ergodic_")) else "index"


def _row_total(term: str, total: np.ndarray) -> int:
    return int(total[int(term.split("_")[1]) - 1].sum()) if term.startswith("p_") else int(total.sum())


def _few_note(term: str, total: np.ndarray) -> str:
    count = _row_total(term, total)
    return f"only {count} transitions start in this class" if term.startswith("p_") and count < FEW else ""


def _interval(value: float, draws: np.ndarray, level: float) -> tuple[float, float, str]:
    if bool((draws == value).all()):
        return NAN, NAN, "alike in every sample: resampling gives no interval"
    defined = draws[~np.isnan(draws)]
    if len(defined) < len(draws) / 2:
        return NAN, NAN, "interval not defined in most samples"
    low, high = np.quantile(defined, [0.5 - level / 2, 0.5 + level / 2], method="inverted_cdf")
    lost = len(draws) - len(defined)
    note = f"not defined in {lost} of {len(draws)} samples" if lost else ""
    if np.isinf(high):
        return float(low) if np.isfinite(low) else NAN, NAN, joined(note, "interval unbounded above")
    return float(low), float(high), note


def _homogeneity_rows(
    move: Movement, classes: np.ndarray, counts: np.ndarray, step: int, years: int, subperiods: list[Span]
) -> list[Estimate]:
    shared = {**move.base, "estimator": "anderson_goodman", "contrast": f"{years} years", "effect_type": "stat",
              "role": "description", "unit_of_measure": "likelihood ratio", "n_obs": int(counts.sum())}  # fmt: skip
    caution = "chi-squared p is right only for independent first-order chains: description"
    rows = []
    tests: dict[str, Callable[[], np.ndarray]] = {
        "time": lambda: _by_subperiod(move, classes, step, subperiods),
        "first_order": lambda: second_order_counts(classes, move.spec.k, step).sum(axis=0),
    }
    for term, tables in tests.items():
        if term == "time" and len(subperiods) < 2:
            continue
        try:
            test: HomogeneityTest = homogeneity_test(tables())
        except NumericsError as error:
            rows += not_defined([{**shared, "term": term}], move.window.note, error)
            continue
        rows.append(Estimate(**shared, term=term, estimate=test.lr, statistic=test.lr, df=test.df, p_value=test.lr_p,
                             p_type="chi-squared", warning=joined(move.window.note, caution)))  # fmt: skip
    return rows


def _by_subperiod(move: Movement, classes: np.ndarray, step: int, subperiods: list[Span]) -> np.ndarray:
    tables = []
    for span in subperiods:
        inside = [place for place, year in enumerate(move.window.years) if span.start <= year <= span.end]
        if len(inside) <= step:
            raise NumericsError(f"{span.name} holds no transition inside {move.spec.period}")
        tables.append(transition_counts(classes[:, inside], move.spec.k, step).sum(axis=0))
    return np.array(tables)


def _chain_series(
    move: Movement, years: int, total: np.ndarray, numbers: Mapping[str, tuple[float, float, float]]
) -> pd.DataFrame:
    rows = []
    for term, (value, low, high) in numbers.items():
        if not term.startswith(("p_", "ergodic_")):
            continue
        places = [int(part) for part in term.split("_")[1:]]
        count = int(total[places[0] - 1, places[1] - 1]) if len(places) == 2 else 0
        rows.append({"kind": "transition" if len(places) == 2 else "ergodic", "x": places[0], "y": places[-1],
                     "value": value, "count": count, "low": low, "high": high})  # fmt: skip
    return labelled(move, rows, years)


# --- the chain given the neighbours -------------------------------------------------------------------------


def _spatial(move: Movement, years: int, W: np.ndarray, note: str) -> tuple[list[Estimate], pd.DataFrame]:
    spec, inference = move.spec, move.inference
    draw_id = move.draw_id(f"spatial:{spec.weights}", years)
    labels = {**move.base, "estimator": "spatial_markov", "contrast": f"{years} years", "effect_type": "stat",
              "role": spec.role, "w_id": spec.weights, "seed": f"{inference.seed}:{draw_id}"}  # fmt: skip
    measures = {"q": "Pearson", "lr": "likelihood ratio"}
    terms = [{**labels, "term": term, "unit_of_measure": measure} for term, measure in measures.items()]
    try:
        classes = own_classes(move.values, spec)
        rng, draws = generator_for(inference.seed, draw_id), inference.permutations
        step = move.lag(years)
        test = spatial_markov_test(move.values, classes, W, k=spec.k, m=spec.m, step=step, rng=rng, draws=draws)
    except NumericsError as error:
        return not_defined(terms, joined(move.window.note, note), error), labelled(move, [], years)
    thin = int(((test.counts.sum(axis=2) < FEW) & (test.counts.sum(axis=2) > 0)).sum())
    sparse = f"{thin} of {spec.k * spec.m} conditional rows hold under {FEW} transitions" if thin else ""
    warning = joined(move.window.note, note, sparse)
    p_type = f"trajectories change places on the map, {test.draws} draws"
    rows = [
        Estimate(**term, estimate=value, statistic=value, df=test.df, p_value=p, p_type=p_type,
                 n_obs=int(test.counts.sum()), warning=warning)
        for term, value, p in zip(terms, (test.q, test.lr), (test.q_p, test.lr_p), strict=True)
    ]  # fmt: skip
    P = transition_matrix(test.counts)
    cells = [
        {"kind": "spatial", "group": f"neighbours in class {lag + 1}", "x": i + 1, "y": j + 1, "value": P[lag, i, j],
         "count": int(test.counts[lag, i].sum())}
        for lag in range(spec.m) for i in range(spec.k) for j in range(spec.k)
    ]  # fmt: skip
    return rows, labelled(move, cells, years)
