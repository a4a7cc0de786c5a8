"""Errors in lists: their agreement, what two searches missed, and growth nearby if another
list is the right one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import numpy as np

from evenfield.models.list_error import (
    AT_RANDOM,
    LEAST_FACTOR,
    ListRegression,
    Pair,
    if_right,
    random_shrinkage,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import NAN, Estimate, Fields, asking, untested
from evenfield.shared.few_units import fields_of
from evenfield.topics.nearby.estimate_beside_spec import ListErrors
from evenfield.topics.nearby.estimate_case import FAMILY, Case, term_of

AGREEMENT = "first second both first_only second_only neither".split()
FACTORS = (
    "list term contrast truth factor factor_low factor_high bias units on_truth"
).split()
KAPPA = "kappa"
CAPTURE = "capture_recapture"
IF_RIGHT = "if_right"  # behind the estimator of the printed row
BOUND = "bound"
TOO_LITTLE = "one point prints as"
FOUND = ("exist", "recall_first", "recall_second", "recall_either")


class Factor(NamedTuple):
    """What one point prints if a list is the right one, or errors are at random."""

    truth: str
    factor: float
    bias: float
    low: float = NAN
    high: float = NAN
    on_truth: float = NAN  # units of the regression that are on it


class Printed(NamedTuple):
    """A row of growth near a list in hand, and what it prints by truth."""

    row: Estimate
    test: Tested
    units: int
    factors: list[Factor]


def stream_of_errors(name: str) -> str:
    """Return the name of the random stream of errors at random in a list."""
    return f"{FAMILY}:list_errors:{name}"


@dataclass(frozen=True)
class ErrorsOfLists:
    """The first list of a specification, and others that may be the right one."""

    case: Case
    asked: ListErrors

    @cached_property
    def first(self) -> str:
        """The list in hand, by its name among the lists."""
        return next(iter(self.case.spec.named.values()))

    @property
    def lists(self) -> list[str]:
        """The list in hand and the others."""
        return [self.first, *self.asked.lists]

    @property
    def level(self) -> float:
        """Level of intervals."""
        return float(self.case.cases.study.config.inference.level)

    def check(self) -> None:
        """Refuse lists that cannot be read, or that leave nothing to compare."""
        searched = {name for pair in self.asked.searches for name in pair}
        for name in sorted(searched):
            self.case.cases.members(name)
        for name in self.lists:
            self.in_hand(name)

    def agreement(self) -> list[Fields]:
        """Return how many units each two lists name, both and one alone."""
        return [
            {
                "first": pair.names[0],
                "second": pair.names[1],
                "both": pair.both,
                "first_only": pair.first_only,
                "second_only": pair.second_only,
                "neither": pair.neither,
            }
            for pair in [*self._pairs(), *self._searches()]
        ]

    def agreement_rows(self) -> list[Estimate]:
        """Return Cohen's kappa of each two lists."""
        return [
            self._of_pair(pair, KAPPA, KAPPA, pair.kappa(self.level))
            for pair in self._pairs()
        ]

    def search_rows(self) -> list[Estimate]:
        """Return how many units exist, and the share that each search and either found,
        if the two are independent of each other.
        """
        return [
            self._of_pair(pair, CAPTURE, term, row.test)
            for pair in self._searches()
            for term, row in zip(FOUND, pair.searched(self.level), strict=True)
        ]

    def rows_if_right(self, factors: list[Fields]) -> list[Estimate]:
        """Return growth near each list in hand if another list is the right one, and the
        bounds of the first; what one point prints is added to ``factors``.
        """
        rows = []
        for name in self.lists:
            for printed in self._printed(name):
                factors += [self._line(name, printed, one) for one in printed.factors]
                rows += [self._if_right(name, printed, one) for one in printed.factors]
                if name == self.first:
                    rows += self._bounds(printed)
        return rows

    def _pairs(self) -> Iterator[Pair]:
        for first, second in combinations(self.lists, 2):
            yield self._pair(first, second)

    def _searches(self) -> Iterator[Pair]:
        for first, second in self.asked.searches:
            yield self._pair(first, second)

    def _pair(self, first: str, second: str) -> Pair:
        members = self.case.cases.members
        return Pair.of((first, second), members(first), members(second))

    def _of_pair(self, pair: Pair, estimator: str, term: str, test: Tested) -> Estimate:
        """Return a number of two lists as a row; it is of all units."""
        asked = asking(lists=pair.names)
        said = untested(test.reason, asked) if test.reason else {"asked": asked}
        return Estimate(
            family=FAMILY,
            role="description",
            estimator=estimator,
            spec_id=self.case.spec.id,
            outcome="",
            term=term,
            effect_type="stat",
            unit_scheme=self.case.spec.unit_scheme,
            treatment_def="+".join(pair.names),
            n_obs=pair.units,
            n_units=pair.units,
            unit_of_measure="units" if term == FOUND[0] else "share 0 to 1",
            data_hash=self.case.data_hash,
            **said,
            **fields_of(test, NAN if test.reason else self.level),
        )

    def in_hand(self, name: str) -> Case:
        """Return the case with a list in the place of the first one."""
        spec = self.case.spec
        if name == self.first:
            return self.case
        others = dict(list(spec.named.items())[1:])
        lists = {name: name, **others}
        return self.case.cases.read(spec.model_copy(update={"lists": lists}))

    def _printed(self, name: str) -> list[Printed]:
        """Return growth near a list in hand, by itself and less that near the other list
        of the specification.
        """
        case = self.in_hand(name)
        spec = case.spec
        terms = [term_of(own, near=True) for own in spec.named]
        rows = [case.row(terms[0], "", near=True)]
        rows += [
            case.row(terms[0], f"{terms[0]} - {other}", near=True)
            for other in terms[1:]
        ]
        model = case.nearby.near_model(terms)
        try:
            design = case.design(model, [spec.deciding])
        except NumericsError as error:
            nothing = Tested(estimate=NAN, reason=str(error))
            return [Printed(row, nothing, len(model.rows), []) for row in rows]
        regression = ListRegression(design=design)
        factors = self._factors(regression, name)
        return [
            Printed(
                row,
                infer(
                    spec.deciding, design, model.weights(_combined(place)), self.level
                ),
                len(model.rows),
                factors[place],
            )
            for place, row in enumerate(rows)
        ]

    def _factors(self, regression: ListRegression, name: str) -> list[list[Factor]]:
        """Return what one point prints by truth, for each row of the regression."""
        truths = np.array([self.case.cases.members(one) for one in self.lists], float)
        found = regression.shrinkage(truths)
        compared = truths[:, regression.design.model.rows].sum(axis=1)
        factors = [
            [
                Factor(
                    truth=truth,
                    factor=float(found.factor[d, k]),
                    bias=float(found.bias[d, k]),
                    on_truth=float(compared[d]),
                )
                for d, truth in enumerate(self.lists)
            ]
            for k in range(len(regression.terms))
        ]
        if self.asked.at_random:
            for own, at_random in zip(
                factors, self._at_random(regression, name), strict=True
            ):
                own.append(at_random)
        return factors

    def _at_random(self, regression: ListRegression, name: str) -> list[Factor]:
        """Return the means over draws of right lists, for each row of a regression."""
        inference = self.case.cases.study.config.inference
        (drawn,), _ = random_shrinkage(
            [regression],
            self.asked.missing,
            self.asked.wrong,
            inference.permutations,
            generator_for(inference.seed, stream_of_errors(name)),
        )
        low, high = np.quantile(drawn.factor, AT_RANDOM, axis=0)
        factor, bias = drawn.factor.mean(axis=0), drawn.bias.mean(axis=0)
        return [
            Factor(
                truth=self.asked.at_random,
                factor=float(factor[k]),
                bias=float(bias[k]),
                low=float(low[k]),
                high=float(high[k]),
            )
            for k in range(len(factor))
        ]

    def _line(self, name: str, printed: Printed, one: Factor) -> Fields:
        """Return what one point prints as a line of the series."""
        return {
            "list": name,
            "term": printed.row.term,
            "contrast": printed.row.contrast,
            "truth": one.truth,
            "factor": one.factor,
            "factor_low": one.low,
            "factor_high": one.high,
            "bias": one.bias,
            "units": printed.units,
            "on_truth": one.on_truth,
        }

    def _if_right(self, name: str, printed: Printed, one: Factor) -> Estimate:
        """Return a printed row of the list in hand as growth near units of the list that
        may be right.
        """
        test = self._corrected(printed.test, one)
        row = replace(
            printed.row,
            role="robustness",
            estimator=f"{printed.row.estimator}_{IF_RIGHT}",
            treatment_def=f"{printed.row.treatment_def} if {one.truth}",
            asked=asking(printed.row.asked, in_hand=name, truth=one.truth),
            n_obs=printed.units,
            n_units=printed.units,
        )
        if np.isnan(test.estimate):
            return replace(row, warning=f"not defined: {test.reason}")
        return replace(row, **fields_of(test, self.level))

    def _corrected(self, test: Tested, one: Factor) -> Tested:
        """Return the test of the effect of the right list."""
        if one.factor < LEAST_FACTOR:
            reason = f"{TOO_LITTLE} {one.factor:.2f}"
            return Tested(estimate=NAN, reason=reason)
        taken_off = self.asked.own * one.bias
        # The test of the printed row is of a true spread of zero if nothing is off.
        tested = taken_off == 0

        def of_the_right(value: float, off: float = 0.0) -> float:
            return float(if_right(np.array(value), np.array(one.factor), off))

        return replace(
            test,
            estimate=of_the_right(test.estimate, taken_off),
            std_error=of_the_right(test.std_error),
            conf_low=of_the_right(test.conf_low, taken_off),
            conf_high=of_the_right(test.conf_high, taken_off),
            mde=of_the_right(test.mde),
            statistic=test.statistic if tested else NAN,
            p_value=test.p_value if tested else NAN,
        )

    def _bounds(self, printed: Printed) -> list[Estimate]:
        """Return the lowest and the highest end of the intervals over lists that may be
        right, the list in hand and errors at random among them.
        """
        always = [self.first, self.asked.at_random]
        rows = []
        for name, chosen in self.asked.bounds.items():
            among = [one for one in printed.factors if one.truth in (*always, *chosen)]
            tests = [self._corrected(printed.test, one) for one in among]
            # Where nothing can be said of one of them, nothing can be said of all.
            low = float(np.min([test.conf_low for test in tests], initial=np.inf))
            high = float(np.max([test.conf_high for test in tests], initial=-np.inf))
            nothing = [
                one.truth
                for one, test in zip(among, tests, strict=True)
                if np.isnan(test.conf_low)
            ]
            row = replace(
                printed.row,
                role="robustness",
                estimator=f"{printed.row.estimator}_{BOUND}",
                treatment_def=f"{printed.row.treatment_def} if {name}",
                n_obs=printed.units,
                n_units=printed.units,
            )
            if nothing or not among:
                why = f"nothing can be said if {', '.join(nothing)} is right"
                rows.append(replace(row, warning=f"not defined: {why}"))
                continue
            rows.append(
                replace(
                    row,
                    estimate=printed.test.estimate,
                    conf_low=low,
                    conf_high=high,
                    conf_level=self.level,
                )
            )
        return rows


def _combined(place: int) -> np.ndarray:
    """Return the first list, or it less one of the others, as a combination."""
    return np.array([1.0]) if not place else np.array([1.0, -1.0])
