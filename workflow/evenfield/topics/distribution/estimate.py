"""Distribution dynamics: Markov chains, spatial Markov chains, stochastic kernels and
modes of relative income.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt, model_validator

from evenfield.numerics.arrays import Array
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
from evenfield.numerics.spatial import Weights
from evenfield.shared.estimates import NAN, Fields, finite_or_nan
from evenfield.shared.rows import Results, stacked
from evenfield.shared.samples import joined
from evenfield.shared.settings import check_names
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.trajectories import matched, span_labels, window
from evenfield.study.study import Study
from evenfield.study.study_config import SPARED, PeriodName, TaxonomyName, WeightsName
from evenfield.topics.distribution.estimate_kernels import (
    Movement,
    densities,
    kernel_parts,
)

LABELS = "spec_id sample_id unit_scheme period kind step group x y".split()
NUMBERS = ["value", "count", "low", "high"]
# Transitions below which a row of a matrix is too thin to be read alone.
FEW = 20
BOOTSTRAP_DRAWS = 1999


class DistributionSpec(UnitsSpec):
    """One description of how the distribution of relative income moves."""

    period: PeriodName
    """Period of the config."""
    subperiods: list[PeriodName] = []
    """Periods between which the chain is compared."""
    classes: Literal["pooled", "yearly", "fixed"] = "pooled"
    """Quantiles of all years, of each year, or fixed cut-offs."""
    quantiles: int = Field(3, ge=2, le=100)
    """Number of quantile classes."""
    cutoffs: list[float] = []
    """Fixed cut-offs of relative income, rising."""
    relative_to: Literal["mean", "population_mean"] = "mean"
    """Mean over units, or total output over total population."""
    steps: list[PositiveInt] = Field([1], min_length=1)
    """Lengths of a transition in years."""
    weights: Annotated[WeightsName, SPARED] = ""
    """The primary spatial weights, for the chain given the neighbours; or none."""
    neighbour_classes: int = Field(0, ge=0, le=100)
    """Classes of the neighbours' average; 0 for as many as own."""
    kernel_steps: list[PositiveInt] = []
    """Lengths in years of the stochastic kernels."""
    taxonomy: TaxonomyName = ""
    """Taxonomy whose cells condition income; none when empty."""

    @model_validator(mode="after")
    def _cutoffs_rise(self) -> DistributionSpec:
        rising = bool((np.diff([0.0, *self.cutoffs]) > 0).all())
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


class Number(NamedTuple):
    """One number of a chain with its bootstrap draws."""

    term: str
    n: int  # transitions behind it
    value: float
    draws: Array  # (B,)
    cell: Fields  # where it stands in the series; empty for an index

    @property
    def kind(self) -> str:
        """The kind of its row."""
        if self.cell:
            return "share"
        return "half_life" if self.term == "half_life" else "index"


def estimate(study: Study) -> Results:
    """Describe how the distribution of relative income moves.

    Notes
    -----
    p_ij = n_ij / n_i. over all pairs of years one step apart, pi P = pi (Quah 1993;
    Bickenbach and Bode 2003); the chain given the neighbours after Rey (2001).
    """
    out = Results()
    parts = []
    for spec in read(Section, study.config, "distribution"):
        move = _movement(study, spec)
        densities(move)
        for years in spec.steps:
            _chain(move, years)
            if move.W is not None:
                _spatial(move, move.W, years)
        kernel_parts(move, study.table("cells", spec.unit_scheme))
        out.estimates += move.estimates
        labels = {**spec.labels, "period": spec.period}
        parts += [frame.assign(**labels) for frame in move.series]
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
        panel = study.table("panel", spec.unit_scheme)
        people = matched(panel, "population", data, where)
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
        primary = study.config.weights.primary
        check_names([spec.weights], [primary], f"{where}.weights")
        W, cut = study.weights(scheme=spec.unit_scheme).among(data.units)
    described = study.description(spec.unit_scheme)["periods"]
    spans = {item["period"]: (item["start"], item["end"]) for item in described}
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
        inference=study.config.inference,
    )


def _classes(move: Movement) -> Array:
    """Return the class of every unit in every year; shape (N, T)."""
    spec = move.spec
    if spec.classes == "yearly":
        return yearly_classes(move.values, spec.k)
    # Pooled cut-offs show the drift of the whole distribution, yearly ones moves of
    # rank alone.
    cutoffs = np.array(spec.cutoffs)
    if spec.classes == "pooled":
        cutoffs = quantile_cutoffs(move.values, spec.k)
    return classes_of(move.values, cutoffs)


def _chain(move: Movement, years: int) -> None:
    """Add the chain of one step with its intervals, and the tests of its conditions."""
    spec = move.spec
    rows = move.rows(contrast=f"{years} years")
    try:
        step = move.lag(years)
        classes = _classes(move)
        # All pairs of years one step apart, overlapping ones too, by unit: (N, k, k).
        counts = transition_counts(classes, spec.k, step)
    except NumericsError as error:
        return rows.undefined(["index"], error, role=spec.role)
    # The years of a unit hang together, so whole trajectories are drawn.
    rng, seed = move.stream("bootstrap", years)
    draws = min(move.inference.permutations, BOOTSTRAP_DRAWS)
    # Cut-offs stay as they are: only units are drawn, with their whole path.
    drawn = transition_matrix(bootstrap_counts(counts, rng, draws))
    level = move.inference.level
    cells = []
    for number in _numbers(counts.sum(axis=0), drawn, years):
        low, high, note = _interval(number.value, number.draws, level)
        # A probability from few transitions is printed with their number.
        thin = number.cell.get("kind") == "transition" and number.n < FEW
        rows.add(
            number.kind,
            _absent(number.value),
            f"only {number.n} transitions start in this class" if thin else "",
            note,
            term=number.term,
            role=spec.role,
            estimate=finite_or_nan(number.value),
            conf_low=low,
            conf_high=high,
            conf_level=level,
            n_obs=number.n,
            se_type="bootstrap of whole trajectories",
            seed=seed,
        )
        cells.append(
            {
                **number.cell,
                "value": number.value,
                "low": low,
                "high": high,
            }
        )
    frame = pd.DataFrame(cells)
    # Indices of the chain have no cell in the matrix and are rows of estimates alone.
    move.draw(frame[frame["kind"].notna()], years)
    return _homogeneity(move, classes, counts, step, years)


def _absent(value: float) -> str:
    if np.isinf(value):
        return "infinite: the chain does not settle"
    return "not defined" if np.isnan(value) else ""


def _numbers(total: Array, drawn: Array, years: int) -> Iterator[Number]:
    """Yield every number of a chain; total (k, k) transitions, drawn (B, k, k)."""
    P = transition_matrix(total)
    n = int(total.sum())
    for (i, j), p in np.ndenumerate(P):
        cell = {
            "kind": "transition",
            "x": i + 1,
            "y": j + 1,
            "count": total[i, j],
        }
        # p_ij = n_ij / n_i.: a probability rests on the transitions of its row alone.
        starts = int(total[i].sum())
        yield Number(f"p_{i + 1}_{j + 1}", starts, p, drawn[:, i, j], cell)
    shares_drawn = ergodic_distribution(drawn)
    for i, share in enumerate(ergodic_distribution(P)):
        cell = {
            "kind": "ergodic",
            "x": i + 1,
            "y": i + 1,
            "count": 0,
        }
        yield Number(f"ergodic_{i + 1}", n, share, shares_drawn[:, i], cell)
    indices: dict[str, Callable[[Array], Array]] = {
        "shorrocks": shorrocks_index,
        "second_root": second_root,
        "half_life": partial(mobility_half_life, years=years),
    }
    for term, index in indices.items():
        yield Number(term, n, float(index(P)), index(drawn), {})


def _interval(value: float, draws: Array, level: float) -> tuple[float, float, str]:
    """Return percentiles of the draws, and what they leave out."""
    # A move never seen cannot be drawn: a width of zero would look like certainty.
    if bool((draws == value).all()):
        return NAN, NAN, "alike in every sample: resampling gives no interval"
    defined = draws[~np.isnan(draws)]
    # Percentiles over a minority of samples would describe those that happen to settle.
    if len(defined) < len(draws) / 2:
        return NAN, NAN, "interval not defined in most samples"
    # A percentile that is a draw stays defined where draws are infinite.
    ends = [0.5 - level / 2, 0.5 + level / 2]
    low, high = np.quantile(defined, ends, method="inverted_cdf")
    absent = len(draws) - len(defined)
    note = f"not defined in {absent} of {len(draws)} samples" if absent else ""
    if np.isinf(high):
        note = joined(note, "interval unbounded above")
    return finite_or_nan(low), finite_or_nan(high), note


def _homogeneity(
    move: Movement, classes: Array, counts: Array, step: int, years: int
) -> None:
    """Test whether subperiods share one chain, and whether the class before last adds
    nothing.

    Notes
    -----
    LR = 2 sum n_lij ln(p_lij / p_ij) over tables l (Anderson and Goodman 1957).
    """
    rows = move.rows(contrast=f"{years} years", n_obs=int(counts.sum()))
    caution = (
        "chi-squared p is right only for independent first-order chains: description"
    )
    for term in ("time", "first_order") if len(move.spans) > 1 else ("first_order",):
        try:
            if term == "time":
                tables = _by_subperiod(move, classes, step)
            else:
                # Table l: transitions of units that were in class l one step before.
                tables = second_order_counts(classes, move.spec.k, step).sum(axis=0)
            test = homogeneity_test(tables)
        except NumericsError as error:
            rows.undefined(["homogeneity"], error, term=term)
            continue
        rows.add(
            "homogeneity",
            caution,
            term=term,
            estimate=test.lr,
            statistic=test.lr,
            df=test.df,
            p_value=test.lr_p,
            p_type="chi-squared",
        )


def _by_subperiod(move: Movement, classes: Array, step: int) -> Array:
    tables = []
    for name, (start, end) in move.spans.items():
        inside = np.flatnonzero((move.years >= start) & (move.years <= end))
        if len(inside) <= step:
            raise NumericsError(f"{name} holds no transition inside {move.spec.period}")
        counts = transition_counts(classes[:, inside], move.spec.k, step)
        tables.append(counts.sum(axis=0))
    return np.array(tables)


def _spatial(move: Movement, W: Weights, years: int) -> None:
    """Test whether the chain differs by what the neighbours have."""
    spec = move.spec
    rng, seed = move.stream(f"spatial:{spec.weights}", years)
    rows = move.rows(
        contrast=f"{years} years",
        w_id=spec.weights,
        seed=seed,
    )
    rows.note = joined(move.note, move.cut)
    try:
        test = spatial_markov_test(
            move.values,
            _classes(move),
            W,
            k=spec.k,
            m=spec.m,
            step=move.lag(years),
            rng=rng,
            draws=move.inference.permutations,
        )
    except NumericsError as error:
        return rows.undefined(["q", "lr"], error, role=spec.role)
    # n_li: transitions that start in class i while the neighbours are in class l.
    sizes = test.counts.sum(axis=2)
    thin = int(((sizes < FEW) & (sizes > 0)).sum())
    conditional = f"{thin} of {spec.k * spec.m} conditional rows"
    sparse = f"{conditional} hold under {FEW} transitions" if thin else ""
    # By permutation: chi-squared rejects a true null in over half of all samples.
    tests = {"q": (test.q, test.q_p), "lr": (test.lr, test.lr_p)}
    for term, (value, p) in tests.items():
        rows.add(
            term,
            sparse,
            role=spec.role,
            estimate=value,
            statistic=value,
            df=test.df,
            p_value=p,
            p_type=f"trajectories change places on the map, {test.draws} draws",
            n_obs=int(test.counts.sum()),
        )
    P = transition_matrix(test.counts)
    lag, x, y = (index.ravel() for index in np.indices(P.shape))
    cells = {
        "kind": "spatial",
        "group": [f"neighbours in class {i + 1}" for i in lag],
        "x": x + 1,
        "y": y + 1,
        "value": P.ravel(),
        "count": sizes[lag, x],
    }
    return move.draw(cells, years)
