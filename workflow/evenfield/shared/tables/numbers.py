"""How numbers look in tables and figures: one place for decimals, signs, intervals and
p-values.
"""

import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any

Formatter = Callable[..., str]

MINUS = "\u2212"
UNBOUNDED = "unbounded"
SMALL_P = 0.001  # below it only that it is below
LONG_YEARS = 1000  # half-lives beyond it are without end
# Decimals by unit of measure: the last digit printed is about a tenth of a typical
# standard error.
UNIT_DECIMALS = {
    "pp/yr": 2,
    "pp per year": 2,
    "pp/yr per period": 2,
    "pp/yr per s.d.": 2,
    "pp/yr per exposure 0 to 1": 2,
    "pp/yr of speed per exposure 0 to 1": 1,
    "percent": 0,
    "percentage points": 1,
    "percentage points a year": 2,
    "percentage points a year per park": 2,
    "elasticity": 2,
    "elasticity per s.d. of the moderator": 3,
    "log points x 100 per year of schooling": 1,
    "years of schooling a year per unit of the quotient": 3,
    "s.d. of the other provinces": 1,
    "%/yr": 2,
    "percent per year": 2,
    "years": 0,
    "log points": 3,
    "log points per period": 3,
    "log points per decade": 3,
    "log": 3,
    "share": 3,
    "share per period": 3,
    "correlation": 2,
    "s": 2,
    "count": 0,
    "statistic": 2,
    "s.d.": 2,
    "ratio": 2,
    "change of a ratio": 2,
    "units": 0,
}


def is_missing(value: Any) -> bool:
    """Say whether a cell holds nothing: None, NaN, pandas NA or empty text."""
    if isinstance(value, str):
        return value == ""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return math.isnan(value)


def text(value: Any) -> str:
    """Return a cell as text, empty when missing."""
    return "" if is_missing(value) else str(value)


def fixed(value: Any, decimals: int = 2) -> str:
    """Write a number with fixed decimals and a real minus sign, never a negative zero."""
    if is_missing(value):
        return ""
    plain = f"{float(value):,.{decimals}f}"
    if plain.startswith("-") and not plain.strip("-0.,"):
        plain = plain[1:]
    return plain.replace("-", MINUS)


def decimals_of(form: str) -> int:
    """Return the decimals of a form such as ``0.00``."""
    return len(form.partition(".")[2])


def form_with_decimals(form: str, decimals: int) -> str:
    """Return a form such as ``+0.0`` with other decimals."""
    whole = form.partition(".")[0]
    return f"{whole}.{'0' * decimals}" if decimals else whole


MORE_DECIMALS = 3  # that a number may have beyond those of its form


def decimals_to_show_nonzero(value: float, decimals: int) -> int:
    """Return the fewest decimals, from ``decimals`` to MORE_DECIMALS more, that do not
    print a value other than zero as zero; ``decimals`` if none do.
    """
    for more in range(MORE_DECIMALS + 1):
        if value == 0 or re.search("[1-9]", fixed(value, decimals + more)):
            return decimals + more
    return decimals


def decimals_to_tell_apart(low: Any, high: Any, decimals: int) -> int:
    """Return the fewest decimals, from ``decimals`` to MORE_DECIMALS more, that do not
    print two different values alike; ``decimals`` if none do.
    """
    for more in range(MORE_DECIMALS + 1):
        if low == high or fixed(low, decimals + more) != fixed(high, decimals + more):
            return decimals + more
    return decimals


def significant(value: Any, digits: int = 3) -> str:
    """Write a number with significant digits, without an exponent."""
    if is_missing(value):
        return ""
    number = float(value)
    if number == 0:
        return "0"
    rounded = float(f"{number:.{digits - 1}e}")
    exponent = math.floor(math.log10(abs(rounded)))
    return fixed(rounded, max(0, digits - 1 - exponent))


def whole(value: object) -> str:
    """Write a count or a quantity without decimals, thousands separated."""
    return fixed(value, 0)


def year(value: Any) -> str:
    """Write a year."""
    return "" if is_missing(value) else str(int(value))


def by_unit(value: object, unit: str) -> str:
    """Write a number with the decimals that its unit of measure asks for."""
    decimals = UNIT_DECIMALS.get(unit)
    return significant(value) if decimals is None else fixed(value, decimals)


def with_interval(value: Any, low: Any, high: Any, unit: str) -> tuple[str, str]:
    """Write an estimate and its interval as exactly as the interval knows it: two digits
    of the longer arm; what has none keeps two decimals at most.
    """
    if is_missing(value):
        return "", ""
    decimals = interval_decimals(value, low, high, unit)
    return fixed(value, decimals), interval(low, high, decimals)


def interval_decimals(value: Any, low: Any, high: Any, unit: str) -> int:
    """Return with how many decimals an estimate and its interval are written; two where
    there is no estimate.
    """
    if is_missing(value):
        return 2
    arms = [abs(end - value) for end in (low, high) if not is_missing(end)]
    if UNIT_DECIMALS.get(unit) == 0 or value == 0:
        return 0
    if any(arms):
        return max(0, 1 - _exponent(max(arms)))
    if 0.1 <= abs(value) < 10:
        return 2
    return max(0, 1 - _exponent(value))


def _exponent(value: float) -> int:
    """Return the power of ten of the first of two digits."""
    return math.floor(math.log10(float(f"{abs(value):.1e}")))


def p_value(value: Any) -> str:
    """Write a p-value: three decimals, no leading zero, tails as inequalities."""
    if is_missing(value):
        return ""
    if float(value) < SMALL_P:
        return "< .001"
    if float(value) > 1 - SMALL_P:
        return "> .999"
    return f"{float(value):.3f}"[1:]


def years(value: Any) -> str:
    """Write a number of years; beyond a thousand only that it is beyond."""
    if not is_missing(value) and float(value) > LONG_YEARS:
        return f"> {LONG_YEARS:,}"
    return whole(value)


def years_interval(low: Any, high: Any) -> str:
    """Write an interval of years; an end that does not exist or lies beyond a thousand
    is said in words.
    """
    if is_missing(low) and is_missing(high):
        return ""
    # A rate of convergence near zero has a half-life without an upper end.
    beyond = not is_missing(high) and float(high) > LONG_YEARS
    right = UNBOUNDED if beyond else years(high) or UNBOUNDED
    return f"[{years(low) or UNBOUNDED}, {right}]"


def interval(low: Any, high: Any, decimals: int = 2, *, sides: bool = False) -> str:
    """Write an interval; an end that does not exist is said in words. ``sides`` adds the
    decimals that show on which side of zero an end lies.
    """
    if is_missing(low) and is_missing(high):
        return ""
    of_low = decimals_to_show_nonzero(low, decimals) if sides else decimals
    of_high = decimals_to_show_nonzero(high, decimals) if sides else decimals
    return f"[{end_of(low, of_low)}, {end_of(high, of_high)}]"


def end_of(value: Any, decimals: int) -> str:
    """Write an end of an interval; one that does not exist is said in words."""
    return fixed(value, decimals) or UNBOUNDED


def with_error(value: object, error: object, decimals: int = 2) -> str:
    """Write an estimate with its standard error in parentheses."""
    if is_missing(value) or is_missing(error):
        return fixed(value, decimals)
    return f"{fixed(value, decimals)} ({fixed(error, decimals)})"


def with_decimals(formatter: Callable[..., str], number: int) -> Formatter:
    """Fix the decimals of ``fixed``, ``interval`` or ``with_error`` for a column."""
    return partial(formatter, decimals=number)
