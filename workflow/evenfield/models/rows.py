"""What every model returns: rows, each of them a test or the reason why there is none."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

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


def rows_of(term: str, method: str = "", **columns: Any) -> list[Row]:
    """Return a row for each element of the fields of ``Tested``, each an array (J,) or
    the same for all.
    """
    lines = zip(*np.broadcast_arrays(*columns.values()), strict=True)
    tests = [Tested(**dict(zip(columns, line, strict=True))) for line in lines]
    return [Row(term, test, method) for test in tests]


def undefined(terms: Iterable[str], reason: object) -> list[Row]:
    """Return rows without a number that say why."""
    test = Tested(estimate=NAN, reason=str(reason))
    return [Row(term, test) for term in terms]
