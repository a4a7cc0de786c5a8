"""Markov chains of income classes: where units move, where the chain would settle, how
mobile it is, and whether it differs by what the neighbours have.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from evenfield.models.rows import NAN, Row, undefined
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import Tested
from evenfield.numerics.markov import (
    SpatialMarkov,
    bootstrap_counts,
    classes_of,
    ergodic_distribution,
    mobility_half_life,
    quantile_cutoffs,
    second_root,
    shorrocks_index,
    spatial_markov_test,
    transition_counts,
    transition_matrix,
    yearly_classes,
)
from evenfield.numerics.spatial import Weights

# Transitions below which a row of a matrix is too thin to be read alone.
FEW = 20


def income_classes(
    x: Array, k: int, rule: str = "pooled", cutoffs: Sequence[float] = ()
) -> np.ndarray:
    """Return the class of every unit at every date, from zero on; x (N, T), the rule
    pooled, yearly or fixed, and the upper bounds of fixed classes (k - 1,).
    """
    # Pooled bounds stay put, and general growth lifts units; yearly ones move along and
    # show moves of rank alone.
    match rule:
        case "yearly":
            return yearly_classes(x, k)
        case "pooled":
            return classes_of(x, quantile_cutoffs(x, k))
    return classes_of(x, np.array(cutoffs))


class Number(NamedTuple):
    """One number of a chain; its interval is that of samples of whole trajectories."""

    term: str
    n: int  # transitions behind it
    test: Tested
    notes: tuple[str, ...]
    kind: str = ""  # transition or ergodic; empty for an index of the whole chain
    x: int = 0  # classes from one on, of what is no index
    y: int = 0
    moves: int = 0  # how often it was seen


class Conditional(NamedTuple):
    """The chains given the class of the neighbours, and whether they are one."""

    test: SpatialMarkov | None = None
    reason: str = ""  # why there are none

    @property
    def counts(self) -> np.ndarray:
        """Transitions by class of the neighbours, (m, k, k)."""
        if self.test is None:
            raise NumericsError(self.reason)
        return self.test.counts

    @property
    def matrices(self) -> Array:
        """Probabilities by class of the neighbours, (m, k, k)."""
        return transition_matrix(self.counts)

    def rows(self) -> list[Row]:
        """Return Pearson's statistic and the likelihood ratio."""
        test = self.test
        if test is None:
            return undefined(["q", "lr"], self.reason)
        # By permutation: chi-squared rejects a true null in over half of all samples.
        law = f"trajectories change places on the map, {test.draws} draws"
        found = {"q": (test.q, test.q_p), "lr": (test.lr, test.lr_p)}
        rows = []
        for term, (value, p) in found.items():
            tested = Tested(
                estimate=value,
                statistic=value,
                df=test.df,
                p_value=p,
                p_type=law,
            )
            rows.append(Row(term, tested))
        return rows


@dataclass(frozen=True)
class Chain:
    """A chain of k classes over pairs of dates, overlapping ones too."""

    classes: np.ndarray  # (N, T)
    by_unit: np.ndarray  # (N, k, k) transitions
    step: int  # dates that a transition takes
    years: float  # and years

    @cached_property
    def counts(self) -> np.ndarray:
        """Transitions of all units, (k, k)."""
        return np.asarray(self.by_unit.sum(axis=0))

    @cached_property
    def matrix(self) -> Array:
        """Probabilities p_ij = n_ij / n_i., (k, k); Bickenbach and Bode (2003)."""
        return transition_matrix(self.counts)

    @property
    def ergodic(self) -> Array:
        """Where the chain would settle, pi P = pi; (k,)."""
        return ergodic_distribution(self.matrix)

    @property
    def std_errors(self) -> Array:
        """Errors of the probabilities, each row a multinomial sample; (k, k)."""
        P = self.matrix
        totals = self.counts.sum(axis=1, keepdims=True)
        # var(p) = p (1 - p) / n, of no class without a row.
        unknown = np.full(P.shape, NAN)
        variances = np.divide(P * (1 - P), totals, out=unknown, where=totals > 0)
        return np.asarray(np.sqrt(variances))

    @property
    def indices(self) -> dict[str, Callable[[Array], Array]]:
        """What sums a chain up, by name: P (..., k, k) -> (...)."""
        return {
            "shorrocks": shorrocks_index,
            "second_root": second_root,
            "half_life": partial(mobility_half_life, years=self.years),
        }

    def index(self, name: str) -> float:
        """Return one of the indices of this chain."""
        return float(self.indices[name](self.matrix))

    def numbers(
        self, rng: np.random.Generator, draws: int, level: float
    ) -> Iterator[Number]:
        """Yield every number of the chain with percentiles over samples of units."""
        # The years of a unit hang together, so whole trajectories are drawn; cut-offs
        # stay as they are.
        drawn = transition_matrix(bootstrap_counts(self.by_unit, rng, draws))
        n = int(self.counts.sum())
        for (i, j), p in np.ndenumerate(self.matrix):
            # A probability rests on the transitions of its row alone.
            starts = int(self.counts[i].sum())
            few = f"only {starts} transitions start in this class"
            test, (absent, *others) = _sampled(p, drawn[:, i, j], level)
            yield Number(
                term=f"p_{i + 1}_{j + 1}",
                n=starts,
                test=test,
                notes=(absent, few if starts < FEW else "", *others),
                kind="transition",
                x=i + 1,
                y=j + 1,
                moves=int(self.counts[i, j]),
            )
        shares = ergodic_distribution(drawn)
        for i, share in enumerate(self.ergodic):
            found = _sampled(share, shares[:, i], level)
            yield Number(f"ergodic_{i + 1}", n, *found, "ergodic", i + 1, i + 1)
        for term, index in self.indices.items():
            yield Number(term, n, *_sampled(self.index(term), index(drawn), level))

    def given_neighbours(
        self, x: Array, W: Weights, m: int, rng: np.random.Generator, draws: int
    ) -> Conditional:
        """Test whether the chain differs by the class of the neighbours' average; x (N,
        T), W (N, N), m classes of neighbours.

        Notes
        -----
        Rey (2001); whole trajectories change places on the map.
        """
        try:
            test = spatial_markov_test(
                x,
                self.classes,
                W,
                k=len(self.counts),
                m=m,
                rng=rng,
                draws=draws,
                step=self.step,
            )
        except NumericsError as error:
            return Conditional(reason=str(error))
        return Conditional(test)


def income_chain(classes: np.ndarray, k: int, step: int, years: float) -> Chain:
    """Count the moves between k classes over so many dates, and years; classes (N, T)."""
    return Chain(classes, transition_counts(classes, k, step), step, years)


def _sampled(
    value: float, draws: Array, level: float
) -> tuple[Tested, tuple[str, ...]]:
    """Return a number with percentiles of its draws (B,), and what is said of them."""
    low, high, *notes = _interval(value, draws, level)
    absent = ""
    if not np.isfinite(value):
        unsettled = "infinite: the chain does not settle"
        absent = unsettled if np.isinf(value) else "not defined"
    test = Tested(
        estimate=value,
        conf_low=low,
        conf_high=high,
        se_type="bootstrap of whole trajectories",
    )
    return test, (absent, *notes)


def _interval(
    value: float, draws: Array, level: float
) -> tuple[float, float, str, str]:
    # A move never seen cannot be drawn: a width of zero would look like certainty.
    if bool((draws == value).all()):
        return NAN, NAN, "alike in every sample: resampling gives no interval", ""
    defined = draws[~np.isnan(draws)]
    # Percentiles over a minority of samples would describe those that happen to settle.
    if len(defined) < len(draws) / 2:
        return NAN, NAN, "interval not defined in most samples", ""
    # A percentile that is a draw stays defined where draws are infinite.
    ends = [0.5 - level / 2, 0.5 + level / 2]
    low, high = np.quantile(defined, ends, method="inverted_cdf")
    absent = len(draws) - len(defined)
    undefined_in = f"not defined in {absent} of {len(draws)} samples" if absent else ""
    unbounded = "interval unbounded above" if np.isinf(high) else ""
    return float(low), float(high), undefined_in, unbounded
