"""What every model returns: rows, each of them a test or the reason why there is none."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from evenfield.numerics.inference.methods import Design, Tested
from evenfield.numerics.ols import OlsFit

NAN = float("nan")
# What inferences need beside a fit (units, clusters, places, draws), put around it.
DesignOf = Callable[[OlsFit], Design]


class Row(NamedTuple):
    """One number of a result."""

    term: str
    test: Tested
    method: str = ""  # of the registry of inferences; empty for what has one law


def undefined(terms: Iterable[str], reason: object) -> list[Row]:
    """Return rows without a number that say why."""
    test = Tested(estimate=NAN, reason=str(reason))
    return [Row(term, test) for term in terms]
