"""Distribution dynamics: Markov chains, spatial Markov chains, stochastic kernels and
modes of relative income.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt, model_validator

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.markov import (
    bootstrap_counts,
    classes_of,
    ergodic_distribution,
    homogeneity_test,
    mobility_half_life,
    quantile_cutoffs,
    second_order_counts,
    second_root,
    shorrocks_index,
    spatial_markov_test,
    transition_counts,
    transition_matrix,
    yearly_classes,
)
from evenfield.shared.estimates import NAN
from evenfield.shared.rows import Results, stacked
from evenfield.shared.samples import joined
from evenfield.shared.settings import check_names
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.trajectories import matched, span_labels, window
from evenfield.study.study import Study
from evenfield.topics.distribution.estimate_kernels import Movement, kernel_parts

LABELS = "spec_id sample_id unit_scheme period kind step group x y".split()
NUMBERS = ["value", "count", "low", "high"]
FEW = 20
BOOTSTRAP_DRAWS = 1999


class DistributionSpec(UnitsSpec):
    """One description of how the distribution of relative income moves."""

    period: str = Field(description="Period of the config.")
    subperiods: list[str] = Field(
        [], description="Periods between which the chain is compared."
    )
    classes: Literal["pooled", "yearly", "fixed"] = Field(
        "pooled", description="Quantiles of all years, of each year, or fixed cut-offs."
    )
    quantiles: int = Field(3, ge=2, le=100, description="Number of quantile classes.")
    cutoffs: list[float] = Field(
        [], description="Fixed cut-offs of relative income, rising."
    )
    relative_to: Literal["mean", "population_mean"] = Field(
        "mean", description="Mean over units, or total output over total population."
    )
    steps: list[PositiveInt] = Field(
        [1], min_length=1, description="Lengths of a transition in years."
    )
    weights: str = Field(
        "",
        description=(
            "The primary spatial weights, for the chain given the neighbours; or none."
        ),
    )
    neighbour_classes: int = Field(
        0,
        ge=0,
        le=100,
        description="Classes of the neighbours' average; 0 for as many as own.",
    )
    kernel_steps: list[PositiveInt] = Field(
        [], description="Lengths in years of the stochastic kernels."
    )
    taxonomy: str = Field(
        "", description="Taxonomy whose cells condition income; none when empty."
    )

    @model_validator(mode="after")
    def _cutoffs_rise(self) -> DistributionSpec:
        rising = all(
            a < b for a, b in zip([0.0, *self.cutoffs], self.cutoffs, strict=False)
        )
        if self.classes == "fixed" and not (self.cutoffs and rising):
            raise ValueError(
                f"cutoffs holds {self.cutoffs}, which are no rising positive numbers"
            )
        return self

    @property
    def k(self) -> int:
        """Number of own classes."""
        return len(self.cutoffs) + 1 if self.classes == "fixed" else self.quantiles

    @property
    def m(self) -> int:
        """Number of classes of the neighbours' average."""
        return self.neighbour_classes or self.k


Section = list[DistributionSpec]


def check_data(study: Study, _: Section, spec: DistributionSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    _movement(study, spec)


def estimate(study: Study) -> Results:
    """Describe how the distribution of relative income moves."""
    out = Results()
    parts = []
    for spec in read(Section, study.config, "distribution"):
        move = _movement(study, spec)
        for years in spec.steps:
            _chain(move, years)
            if move.W is not None:
                _spatial(move, years)
        kernel_parts(move, study.table("cells", spec.unit_scheme, ("taxonomy", "cell")))
        out.estimates += move.estimates
        names = ("spec_id", "sample_id", "unit_scheme", "period")
        parts += [
            frame.assign(**{name: move.labels[name] for name in names})
            for frame in move.series
        ]
        out.fit[spec.id] = {
            "classes": spec.k,
            "kind": spec.classes,
            "cutoffs": spec.cutoffs,
        }
    out.series["series"] = stacked(parts, LABELS, NUMBERS)
    return out


def _movement(study: Study, spec: DistributionSpec) -> Movement:
    where = f"estimates.distribution.{spec.id}"
    data, info = window(study, spec, spec.period, where)
    income = np.exp(data.values)
    mean = income.mean(axis=0)
    if spec.relative_to == "population_mean":
        people = matched(
            study.table("panel", spec.unit_scheme, ("basis",)),
            "population",
            data,
            where,
        )
        mean = (income * people).sum(axis=0) / people.sum(axis=0)
    labels, note = span_labels("distribution", spec, data, info)
    labels |= {
        "period": spec.period,
        "outcome": f"income / {spec.relative_to.replace('_', ' ')}",
        "n_obs": 0,
    }
    W = None
    cut = ""
    if spec.weights:
        check_names(
            [spec.weights], [study.config["weights"]["primary"]], f"{where}.weights"
        )
        W, cut = study.weights(scheme=spec.unit_scheme).among(data.units)
    spans = {
        item["period"]: (item["start"], item["end"])
        for item in study.description(spec.unit_scheme)["periods"]
    }
    check_names(spec.subperiods, spans, f"{where}.subperiods")
    return Movement(
        spec=spec,
        units=data.units,
        years=data.years,
        values=income / mean,
        step=info.step,
        spans={name: spans[name] for name in spec.subperiods},
        W=W,
        cut=cut,
        labels=labels,
        note=note,
        inference=study.config["inference"],
    )


def _classes(move: Movement) -> np.ndarray:
    spec = move.spec
    values = move.values
    if spec.classes == "yearly":
        return yearly_classes(values, spec.k)
    return classes_of(
        values,
        (
            np.array(spec.cutoffs)
            if spec.classes == "fixed"
            else quantile_cutoffs(values, spec.k)
        ),
    )


def _chain(move: Movement, years: int) -> None:
    spec = move.spec
    rows = move.rows(contrast=f"{years} years")
    try:
        step = move.lag(years)
        classes = _classes(move)
        counts = transition_counts(classes, spec.k, step)
    except NumericsError as error:
        rows.undefined(["index"], error, role=spec.role)
        return move.estimates.extend(rows.estimates)
    stream, seed = move.stream("bootstrap", years)
    draws = min(move.inference["permutations"], BOOTSTRAP_DRAWS)
    drawn = transition_matrix(bootstrap_counts(counts, stream, draws))
    total = counts.sum(axis=0)
    P = transition_matrix(total)
    level = move.inference["conf_level"]
    labels = {
        "seed": seed,
        "se_type": "bootstrap of whole trajectories",
        "conf_level": level,
        "role": spec.role,
    }
    cells = []
    for term, (value, sample) in _numbers(P, drawn, years).items():
        low, high, note = _interval(value, sample, level)
        kind, *at = term.split("_") if term.startswith(("p_", "ergodic_")) else (term,)
        quantile_positions = [int(position) for position in at]
        n = (
            int(total[quantile_positions[0] - 1].sum())
            if kind == "p"
            else int(total.sum())
        )
        few = (
            f"only {n} transitions start in this class"
            if kind == "p" and n < FEW
            else ""
        )
        lost = (
            "infinite: the chain does not settle"
            if np.isinf(value)
            else "not defined"
            if np.isnan(value)
            else ""
        )
        row = {
            "term": term,
            "estimate": value if not lost else NAN,
            "conf_low": low,
            "conf_high": high,
            "n_obs": n,
        }
        rows.add(
            "share"
            if quantile_positions
            else "half_life"
            if term == "half_life"
            else "index",
            lost,
            few,
            note,
            **labels,
            **row,
        )
        if quantile_positions:
            count = (
                int(total[quantile_positions[0] - 1, quantile_positions[1] - 1])
                if kind == "p"
                else 0
            )
            cell = {
                "kind": "transition" if kind == "p" else "ergodic",
                "x": quantile_positions[0],
                "y": quantile_positions[-1],
            }
            cells.append(
                cell | {"value": value, "count": count, "low": low, "high": high}
            )
    move.draw(cells, years)
    _homogeneity(move, classes, counts, step, years)
    return move.estimates.extend(rows.estimates)


def _numbers(
    P: np.ndarray, drawn: np.ndarray, years: int
) -> dict[str, tuple[float, np.ndarray]]:
    """Return every number of a chain with its bootstrap draws; P (k, k), drawn (B, k,
    k).
    """
    k = len(P)
    shares = ergodic_distribution(P)
    shares_drawn = ergodic_distribution(drawn)
    out = {
        f"p_{i + 1}_{j + 1}": (float(P[i, j]), drawn[:, i, j])
        for i in range(k)
        for j in range(k)
    }
    out |= {
        f"ergodic_{i + 1}": (float(shares[i]), shares_drawn[:, i]) for i in range(k)
    }
    out["shorrocks"] = float(shorrocks_index(P)), shorrocks_index(drawn)
    out["second_root"] = float(second_root(P)), second_root(drawn)
    out["half_life"] = (
        float(mobility_half_life(P, years)),
        mobility_half_life(drawn, years),
    )
    return out


def _interval(
    value: float, draws: np.ndarray, level: float
) -> tuple[float, float, str]:
    if bool((draws == value).all()):
        return NAN, NAN, "alike in every sample: resampling gives no interval"
    defined = draws[~np.isnan(draws)]
    if len(defined) < len(draws) / 2:
        return NAN, NAN, "interval not defined in most samples"
    low, high = np.quantile(
        defined, [0.5 - level / 2, 0.5 + level / 2], method="inverted_cdf"
    )
    lost = len(draws) - len(defined)
    note = f"not defined in {lost} of {len(draws)} samples" if lost else ""
    if np.isinf(high):
        return (
            float(low) if np.isfinite(low) else NAN,
            NAN,
            joined(note, "interval unbounded above"),
        )
    return float(low), float(high), note


def _homogeneity(
    move: Movement, classes: np.ndarray, counts: np.ndarray, step: int, years: int
) -> None:
    rows = move.rows(contrast=f"{years} years", n_obs=int(counts.sum()))
    caution = (
        "chi-squared p is right only for independent first-order chains: description"
    )
    for term in ("time", "first_order") if len(move.spans) > 1 else ("first_order",):
        try:
            if term == "time":
                tables = _by_subperiod(move, classes, step)
            else:
                tables = second_order_counts(classes, move.spec.k, step).sum(axis=0)
            test = homogeneity_test(tables)
        except NumericsError as error:
            rows.undefined(["homogeneity"], error, term=term)
            continue
        numbers = {
            "estimate": test.lr,
            "statistic": test.lr,
            "df": test.df,
            "p_value": test.lr_p,
        }
        rows.add("homogeneity", caution, term=term, p_type="chi-squared", **numbers)
    move.estimates.extend(rows.estimates)


def _by_subperiod(move: Movement, classes: np.ndarray, step: int) -> np.ndarray:
    tables = []
    for name, (start, end) in move.spans.items():
        inside = np.flatnonzero((move.years >= start) & (move.years <= end))
        if len(inside) <= step:
            raise NumericsError(f"{name} holds no transition inside {move.spec.period}")
        tables.append(
            transition_counts(classes[:, inside], move.spec.k, step).sum(axis=0)
        )
    return np.array(tables)


def _spatial(move: Movement, years: int) -> None:
    """Test whether the chain differs by what the neighbours have."""
    spec = move.spec
    draws = move.inference["permutations"]
    W = move.W
    assert W is not None
    stream, seed = move.stream(f"spatial:{spec.weights}", years)
    rows = move.rows(contrast=f"{years} years", w_id=spec.weights, seed=seed)
    rows.note = joined(move.note, move.cut)
    try:
        classes = _classes(move)
        step = move.lag(years)
        test = spatial_markov_test(
            move.values,
            classes,
            W,
            k=spec.k,
            m=spec.m,
            step=step,
            rng=stream,
            draws=draws,
        )
    except NumericsError as error:
        rows.undefined(["q", "lr"], error, role=spec.role)
        return move.estimates.extend(rows.estimates)
    sizes = test.counts.sum(axis=2)
    thin = int(((sizes < FEW) & (sizes > 0)).sum())
    sparse = (
        f"{thin} of {spec.k * spec.m} conditional rows hold under {FEW} transitions"
        if thin
        else ""
    )
    labels = {
        "df": test.df,
        "p_type": f"trajectories change places on the map, {test.draws} draws",
        "role": spec.role,
    }
    for term, value, p in (("q", test.q, test.q_p), ("lr", test.lr, test.lr_p)):
        rows.add(
            term,
            sparse,
            estimate=value,
            statistic=value,
            p_value=p,
            n_obs=int(test.counts.sum()),
            **labels,
        )
    P = transition_matrix(test.counts)
    lag, x, y = (index.ravel() for index in np.indices(P.shape))
    frame = pd.DataFrame(
        {"x": x + 1, "y": y + 1, "value": P.ravel(), "count": sizes[lag, x]}
    )
    move.draw(
        frame.assign(
            kind="spatial", group=[f"neighbours in class {i + 1}" for i in lag]
        ),
        years,
    )
    return move.estimates.extend(rows.estimates)
