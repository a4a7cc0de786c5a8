"""Distribution dynamics: Markov chains, spatial Markov chains, stochastic kernels and
modes of relative income.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from evenfield.models.markov import (
    FEW,
    Chain,
    Conditional,
    average_income,
    income_chain,
    income_classes,
)
from evenfield.models.rows import NAN
from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError
from evenfield.shared.estimates import asking
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
KIND = {"half_life": "half_life", "shorrocks": "index", "second_root": "index"}
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
    relative_to: Literal["mean", "population_mean", "log_mean", "median"] = "mean"
    """Mean over units, total output over total population, mean of logarithms over units
    (the geometric mean), or the unit in the middle."""
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
    movement(study, spec)


def estimate(study: Study) -> Results:
    """Describe how the distribution of relative income moves.

    Notes
    -----
    p_ij = n_ij / n_i. over all pairs of years one step apart, pi P = pi (Quah 1993;
    Bickenbach and Bode 2003); the chain given the neighbours after Rey (2001).
    """
    out = Results()
    parts = []
    for spec in told(read(Section, study.config, "distribution"), "specifications"):
        move = movement(study, spec)
        densities(move)
        for years in spec.steps:
            _chain(move, years)
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


def movement(study: Study, spec: DistributionSpec) -> Movement:
    """Return relative incomes of a specification, and what labels its rows."""
    where = f"estimates.distribution.{spec.id}"
    data, info = window(study, spec, spec.period, where)
    income = np.exp(data.values)
    people = None
    if spec.relative_to == "population_mean":
        panel = study.table("panel", spec.unit_scheme)
        people = matched(panel, "population", data, where)
    # ASSUME: income of a year is held to one average of that year, so that growth of all
    # units alike moves none of them.
    average = average_income(income, spec.relative_to, people)
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
        values=income / average,
        step=info.step,
        spans={name: spans[name] for name in spec.subperiods},
        W=W,
        cut=cut,
        labels=labels,
        note=note,
        inference=study.config.inference,
    )


def _chain(move: Movement, years: int) -> None:
    """Add the chain of one step with its intervals, the tests of its conditions, and
    whether it differs by what the neighbours have.
    """
    spec = move.spec
    rows = move.step_rows(years)
    try:
        step = move.lag(years)
        classes = income_classes(move.values, spec.k, spec.classes, spec.cutoffs)
        chain = income_chain(classes, spec.k, step, years)
    except NumericsError as error:
        rows.undefined(["index"], error, role=spec.role)
        return _spatial(move, years, None, str(error))
    rng, seed = move.stream("bootstrap", years)
    draws = min(move.inference.permutations, BOOTSTRAP_DRAWS)
    level = move.inference.level
    cells = []
    for number in chain.numbers(rng, draws, level):
        # Classes of origin and destination, for what is of a class
        of_class = {"kind": number.kind, "classes": [number.x, number.y]}
        rows.add_test(
            KIND.get(number.term, "share"),
            number.test,
            level,
            *number.notes,
            term=number.term,
            role=spec.role,
            n_obs=number.n,
            seed=seed,
            asked=asking(**of_class if number.kind else {}),
        )
        # Indices of the chain have no cell in the matrix and are rows alone.
        if number.kind:
            cells.append(
                {
                    "kind": number.kind,
                    "x": number.x,
                    "y": number.y,
                    "count": number.moves,
                    "value": number.test.estimate,
                    "low": number.test.conf_low,
                    "high": number.test.conf_high,
                }
            )
    move.draw(cells, years)
    _homogeneity(move, chain, years)
    return _spatial(move, years, chain)


def _homogeneity(move: Movement, chain: Chain, years: int) -> None:
    """Test whether subperiods share one chain, and whether the class before last adds
    nothing.
    """
    count = int(chain.counts.sum())
    rows = move.step_rows(years, n_obs=count)
    caution = (
        "chi-squared p is right only for independent first-order chains: description"
    )
    for term in ("time", "first_order") if len(move.spans) > 1 else ("first_order",):
        try:
            by_date = term == "time"
            test = chain.over_time(dates_of(move)) if by_date else chain.memory
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


def dates_of(move: Movement) -> dict[str, np.ndarray]:
    """Return the positions of the dates of each subperiod, by its name."""
    return {
        name: np.flatnonzero((move.years >= start) & (move.years <= end))
        for name, (start, end) in move.spans.items()
    }


def _spatial(move: Movement, years: int, chain: Chain | None, reason: str = "") -> None:
    """Test whether the chain differs by what the neighbours have."""
    if move.W is None:
        return None
    spec = move.spec
    rng, seed = move.stream(f"spatial:{spec.weights}", years)
    rows = move.step_rows(years, w_id=spec.weights, seed=seed)
    rows.note = joined(move.note, move.cut)
    given = Conditional(reason=reason)
    if chain is not None:
        draws = move.inference.permutations
        given = chain.given_neighbours(move.values, move.W, spec.m, rng, draws)
    if given.reason:
        return rows.undefined(["q", "lr"], given.reason, role=spec.role)
    # n_li: transitions that start in class i while the neighbours are in class l.
    sizes = given.counts.sum(axis=2)
    thin = int(((sizes < FEW) & (sizes > 0)).sum())
    conditional = f"{thin} of {spec.k * spec.m} conditional rows"
    labels = {
        "role": spec.role,
        "n_obs": int(given.counts.sum()),
        "warning": f"{conditional} hold under {FEW} transitions" if thin else "",
    }
    rows.add_tests(given.rows(), NAN, {"q": labels, "lr": labels})
    P = given.matrices
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
