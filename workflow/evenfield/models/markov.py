"""Markov chains of income classes: where units move, where the chain would settle, how
mobile it is, and whether it differs by what the neighbours have.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from evenfield.models.rows import NAN, Row, undefined
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.markov import (
    HomogeneityTest,
    SpatialMarkov,
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

# Transitions below which a row of a matrix is too thin to be read alone.
FEW = 20


def average_income(
    income: Array, relative_to: str = "mean", people: Array | None = None
) -> Array:
    """Return the income that those of each date are held to, (T,); income (N, T) above
    zero, people (N, T) for ``population_mean``.

    Notes
    -----
    ``mean`` is sum_i y_i / N, ``population_mean`` sum_i L_i y_i / sum_i L_i, ``log_mean``
    the geometric mean exp(sum_i ln y_i / N) (Evans and Karras 1996), ``median`` the
    income of the unit in the middle.
    """
    match relative_to:
        case "population_mean":
            if people is None:
                raise NumericsError("a mean over people needs their numbers")
            return np.asarray((income * people).sum(axis=0) / people.sum(axis=0))
        case "log_mean":
            return np.asarray(np.exp(np.log(income).mean(axis=0)))
        case "median":
            return np.asarray(np.median(income, axis=0))
    return np.asarray(income.mean(axis=0))


def income_classes(
    x: Array, k: int, rule: str = "pooled", cutoffs: Sequence[float] = ()
) -> np.ndarray:
    """Return the class of every unit at every date, from zero on; x (N, T), the rule
    pooled, yearly or fixed, and the upper bounds of fixed classes (k - 1,).

    Notes
    -----
    Pooled bounds are quantiles of all dates together: they stay put, and growth of all
    units lifts them into higher classes. Yearly bounds are quantiles of each date: they
    move along, and only a change of rank is a move.
    """
    match rule:
        case "yearly":
            return yearly_classes(x, k)
        case "pooled":
            return classes_of(x, quantile_cutoffs(x, k))
    return classes_of(x, np.array(cutoffs))


class Number(NamedTuple):
    """One number of a chain; its interval is that of samples of whole trajectories."""

    term: str  # "p_1_2", "ergodic_1" or the name of an index
    n: int  # transitions behind it
    test: Tested
    notes: tuple[str, ...]  # what is said beside it, empty ones too
    kind: str = ""  # transition or ergodic; empty for an index of the whole chain
    x: int = 0  # class of origin, from one on; zero for an index
    y: int = 0  # class of destination; of an ergodic share its class once more
    moves: int = 0  # how often a transition was seen


class Conditional(NamedTuple):
    """The chains given the class of the neighbours, and the test that they are one."""

    test: SpatialMarkov | None = None  # for m classes of neighbours
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
        """Return Pearson's statistic and the likelihood ratio of one chain for all.

        Notes
        -----
        With n_ij|s the moves from i to j beside neighbours of class s, n_i|s their sum
        over j, and p_ij the probability of all units:
        Q = sum_sij (n_ij|s - n_i|s p_ij)^2 / (n_i|s p_ij),
        LR = 2 sum_sij n_ij|s ln(n_ij|s / (n_i|s p_ij)); Anderson and Goodman (1957),
        Bickenbach and Bode (2003).
        """
        test = self.test
        if test is None:
            return undefined(["q", "lr"], self.reason)
        # By permutation: chi-squared rejects a true null in over half of all samples.
        p_type = f"trajectories change places on the map, {test.draws} draws"
        statistics = {"q": (test.q, test.q_p), "lr": (test.lr, test.lr_p)}
        rows = []
        for term, (statistic, p_value) in statistics.items():
            homogeneity = Tested(
                estimate=statistic,
                statistic=statistic,
                df=test.df,
                p_value=p_value,
                p_type=p_type,
            )
            rows.append(Row(term, homogeneity))
        return rows


@dataclass(frozen=True)
class Chain:
    """A chain of k classes over all pairs of dates t and t + step, which overlap where
    the step is more than one date.
    """

    classes: np.ndarray  # (N, T) from zero on
    by_unit: np.ndarray  # (N, k, k) transitions of each unit, from and to
    step: int  # dates that a transition takes
    years: float  # years that a transition takes

    @cached_property
    def counts(self) -> np.ndarray:
        """Transitions n_ij of all units, (k, k)."""
        return np.asarray(self.by_unit.sum(axis=0))

    @cached_property
    def matrix(self) -> Array:
        """Probabilities p_ij = n_ij / n_i, with n_i the sum of row i, (k, k); Bickenbach
        and Bode (2003).
        """
        return transition_matrix(self.counts)

    @property
    def ergodic(self) -> Array:
        """Shares pi of classes that the chain would settle at, pi'P = pi'; (k,)."""
        return ergodic_distribution(self.matrix)

    @property
    def std_errors(self) -> Array:
        """Standard errors of the probabilities, each row a multinomial sample; (k, k)."""
        P = self.matrix
        starts = self.counts.sum(axis=1, keepdims=True)
        # var(p_ij) = p_ij (1 - p_ij) / n_i; not a number where no transition starts.
        unknown = np.full(P.shape, NAN)
        variances = np.divide(P * (1 - P), starts, out=unknown, where=starts > 0)
        return np.asarray(np.sqrt(variances))

    @property
    def indices(self) -> dict[str, Callable[[Array], Array]]:
        """Indices of mobility by name, each P (..., k, k) -> (...).

        Notes
        -----
        Shorrocks (1978): (k - tr P) / (k - 1), one where origins do not matter. The
        second root is |lambda_2|, the share of a deviation from the ergodic shares that
        a transition leaves in the long run; half of it is left after
        years * ln(1/2) / ln |lambda_2|.
        """
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
        yield from self._probabilities(drawn, level)
        yield from self._ergodic_shares(drawn, level)
        yield from self._indices(drawn, level)

    def _probabilities(self, drawn: Array, level: float) -> Iterator[Number]:
        """Yield the transition probabilities; drawn matrices (B, k, k)."""
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

    def _ergodic_shares(self, drawn: Array, level: float) -> Iterator[Number]:
        """Yield the ergodic share of each class; drawn matrices (B, k, k)."""
        n = int(self.counts.sum())
        drawn_shares = ergodic_distribution(drawn)
        for i, share in enumerate(self.ergodic):
            test, notes = _sampled(share, drawn_shares[:, i], level)
            yield Number(
                term=f"ergodic_{i + 1}",
                n=n,
                test=test,
                notes=notes,
                kind="ergodic",
                x=i + 1,
                y=i + 1,
            )

    def _indices(self, drawn: Array, level: float) -> Iterator[Number]:
        """Yield the indices of mobility; drawn matrices (B, k, k)."""
        n = int(self.counts.sum())
        for name, index in self.indices.items():
            test, notes = _sampled(self.index(name), index(drawn), level)
            yield Number(term=name, n=n, test=test, notes=notes)

    def over_time(self, spans: Mapping[str, np.ndarray]) -> HomogeneityTest:
        """Test whether spans of dates share one chain; positions of the dates of each
        span by its name.

        Notes
        -----
        LR = 2 sum n_lij ln(p_lij / p_ij) over tables l (Anderson and Goodman 1957).
        """
        k = len(self.counts)
        tables = []
        for name, dates in spans.items():
            if len(dates) <= self.step:
                raise NumericsError(f"{name} holds no transition")
            part = income_chain(self.classes[:, dates], k, self.step, self.years)
            tables.append(part.counts)
        return homogeneity_test(np.array(tables))

    @property
    def memory(self) -> HomogeneityTest:
        """The test that the class one step before adds nothing: table l holds the
        transitions of units that were in class l then.
        """
        by_unit = second_order_counts(self.classes, len(self.counts), self.step)
        return homogeneity_test(by_unit.sum(axis=0))

    def given_neighbours(
        self, x: Array, W: Weights, m: int, rng: np.random.Generator, draws: int
    ) -> Conditional:
        """Test whether the chain differs by the class of the neighbours' average; x (N,
        T), W (N, N), m classes of neighbours.

        Notes
        -----
        Rey (2001): the neighbours' average is the spatial lag Wx. For p-values whole
        trajectories change places on the map.
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
    """Return the chain of k classes whose transitions take ``step`` dates, which are so
    many years; classes (N, T).
    """
    return Chain(
        classes=classes,
        by_unit=transition_counts(classes, k, step),
        step=step,
        years=years,
    )


def _sampled(
    value: float, drawn: Array, level: float
) -> tuple[Tested, tuple[str, ...]]:
    """Return a number with the percentiles of its draws (B,) as interval, and notes: why
    it is no number, what the interval lacks, and whether it has an upper end.
    """
    low, high, *of_interval = _percentiles(value, drawn, level)
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
    return test, (absent, *of_interval)


def _percentiles(
    value: float, drawn: Array, level: float
) -> tuple[float, float, str, str]:
    """Return both ends of the percentile interval of draws (B,), a note of what it lacks
    and one of an end that is infinite; ends are NaN where there is no interval.
    """
    # A move never seen cannot be drawn: a width of zero would look like certainty.
    if bool((drawn == value).all()):
        return NAN, NAN, "alike in every sample: resampling gives no interval", ""
    defined = drawn[~np.isnan(drawn)]
    # Percentiles over a minority of samples would describe those that happen to settle.
    if len(defined) < len(drawn) / 2:
        return NAN, NAN, "interval not defined in most samples", ""
    # Percentiles (1 - level) / 2 and (1 + level) / 2. Each is a draw: a value between two
    # draws is not defined where one of them is infinite.
    ends = [0.5 - level / 2, 0.5 + level / 2]
    low, high = np.quantile(defined, ends, method="inverted_cdf")
    undefined_draws = len(drawn) - len(defined)
    lacking = ""
    if undefined_draws:
        lacking = f"not defined in {undefined_draws} of {len(drawn)} samples"
    unbounded = "interval unbounded above" if np.isinf(high) else ""
    return float(low), float(high), lacking, unbounded
