"""The columns that most tables have: a heading of rows, counts, numbers, estimates with
their standard errors, intervals and p-values, each with the reason why a cell is blank.
"""

from collections.abc import Mapping

from evenfield.shared.tables.numbers import (
    Formatter,
    fixed,
    interval,
    p_value,
    text,
    whole,
    with_decimals,
    with_error,
)
from evenfield.shared.tables.table import Column, right


def left(
    header: str, *names: str, show: Formatter = text, width_cm: float = 0.0
) -> Column:
    """Return a column of text, aligned at the left."""
    return Column(
        names=names,
        header=header,
        show=show,
        width_cm=width_cm,
    )


def count(header: str, name: str) -> Column:
    """Return a column of whole numbers."""
    return right(header, name, show=whole)


def number(header: str, name: str, decimals: int | str, reason: str = "") -> Column:
    """Return a column of numbers, with so many decimals or those that another column
    names in each row.
    """
    if isinstance(decimals, str):
        return right(header, name, decimals, show=fixed, reason=reason)
    return right(header, name, show=with_decimals(fixed, decimals), reason=reason)


def estimate(
    header: str, value: str, error: str, decimals: int, reason: str = ""
) -> Column:
    """Return a column of estimates with standard errors in parentheses."""
    show = with_decimals(with_error, decimals)
    return right(header, value, error, show=show, reason=reason)


def ends(
    header: str, low: str, high: str, decimals: int | str, reason: str = ""
) -> Column:
    """Return a column of intervals, with so many decimals or those that another column
    names in each row.
    """
    if isinstance(decimals, str):
        return right(header, low, high, decimals, show=interval, reason=reason)
    show = with_decimals(interval, decimals)
    return right(header, low, high, show=show, reason=reason)


def probability(header: str, name: str, reason: str = "") -> Column:
    """Return a column of p-values."""
    return right(header, name, show=p_value, reason=reason)


def with_test(
    heading: Column,
    measured: str,
    level: str,
    decimals: int | str,
    *,
    p_values: Mapping[str, str] | None = None,
    explained: bool = False,
) -> tuple[Column, ...]:
    """Return the heading of rows, what is measured with its interval and p, further
    p-values by their headers, and the smallest value that is detected.

    A blank estimate has its reason; where ``explained`` a blank interval and p have it
    too, else what has no interval, such as a permutation, leaves them blank.
    """
    reason = "reason" if explained else ""
    return (
        heading,
        number(measured, "estimate", decimals, "reason"),
        ends(f"{level} interval", "conf_low", "conf_high", decimals, reason),
        probability("p", "p_value", reason),
        *(probability(*named) for named in (p_values or {}).items()),
        number("Detectable", "mde", decimals),
    )
