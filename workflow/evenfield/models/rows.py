"""What every model returns: rows, each of them a test or the reason why there is none."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from evenfield.numerics.inference.cluster_robust import RobustInference
from evenfield.numerics.inference.design import NUMBERS, Design, Tested
from evenfield.numerics.ols import Inference, OlsFit

NAN = float("nan")
# What inferences need beside a fit (units, clusters, places, draws), put around it.
DesignOf = Callable[[OlsFit], Design]


class Row(NamedTuple):
    """One number of a result."""

    term: str
    test: Tested
    method: str = ""  # of the registry of inferences; empty for what has one law
    notes: tuple[str, ...] = ()  # what is said beside it; empty ones are left out


def rows_of(term: str, method: str = "", **columns: Any) -> list[Row]:
    """Return a row for each element of the fields of ``Tested``, each an array (J,) or
    the same for all.
    """
    lines = zip(*np.broadcast_arrays(*columns.values()), strict=True)
    tests = [Tested(**dict(zip(columns, line, strict=True))) for line in lines]
    return [Row(term, test, method) for test in tests]


def tested(
    test: Inference | RobustInference, se_type: str, p_type: str, **more: Any
) -> Tested:
    """Return a t test with the words for its error and its law, and ``more`` fields."""
    numbers: dict[str, Any] = {name: getattr(test, name) for name in NUMBERS}
    return Tested(**numbers, se_type=se_type, p_type=p_type, **more)


def undefined(terms: Iterable[str], reason: object) -> list[Row]:
    """Return rows without a number that say why."""
    test = Tested(estimate=NAN, reason=str(reason))
    return [Row(term, test) for term in terms]


def scaled(row: Row, factor: float) -> Row:
    """Return a row in another unit of measure, such as percent for a share."""
    names = ("estimate", "std_error", "conf_low", "conf_high", "mde")
    numbers = {name: factor * getattr(row.test, name) for name in names}
    return row._replace(test=replace(row.test, **numbers))
