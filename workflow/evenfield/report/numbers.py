"""How numbers look in running text: decimals by unit, real minus signs, p-values without a leading zero."""

from __future__ import annotations

MINUS = "\u2212"
# Decimals by unit of measure: about a tenth of a typical standard error.
DECIMALS = {
    "pp/yr": 2, "pp/yr per exposure 0 to 1": 2, "pp/yr per s.d. of exposure": 2,
    "pp per year": 2, "%/yr": 2, "percent per year": 2, "% per year": 2,
    "years": 0, "log points": 3, "log": 3, "share": 2,
    "pp/yr per period": 2, "log points per period": 3, "log points per decade": 3, "share per period": 3, "ratio": 2,
    "s.d.": 2,
    "correlation": 2, "s": 2, "sd of outcome": 2, "count": 0, "units": 0, "statistic": 2,
    "elasticity": 3, "elasticity per s.d. of the moderator": 3,
}  # fmt: skip
UNIT_WORDS = {
    "pp/yr": "percentage points a year", "pp/yr per exposure 0 to 1": "percentage points a year",
    "pp/yr per s.d. of exposure": "percentage points a year per standard deviation of exposure",
    "pp per year": "percentage points a year", "%/yr": "% a year",
    "percent per year": "% a year", "% per year": "% a year", "log": "log points",
    "pp/yr per period": "percentage points a year, per period", "s.d.": "standard deviations",
    "share per period": "per period",
    "s": "standard deviations of the outcome",
    "sd of outcome": "standard deviations of the outcome",
    "correlation": "", "share": "", "count": "", "statistic": "", "ratio": "",
    "elasticity": "", "elasticity per s.d. of the moderator": "",
}  # fmt: skip


def fixed(value: float, places: int = 2) -> str:
    """Write a number with fixed decimals, a real minus sign and no negative zero."""
    plain = f"{value:,.{places}f}"
    if plain.startswith("-") and not plain.strip("-0.,"):
        plain = plain[1:]
    return plain.replace("-", MINUS)


def in_unit(value: float, unit: str) -> str:
    """Write a number with the decimals and the words of its unit."""
    words = UNIT_WORDS.get(unit, unit)
    gap = "" if not words else "" if words.startswith("%") else " "
    return f"{bare(value, unit)}{gap}{words}"


def bare(value: float, unit: str) -> str:
    """Write a number with the decimals of its unit, without the unit."""
    places = DECIMALS.get(unit)
    return fixed(value, places) if places is not None else f"{value:.3g}".replace("-", MINUS)


def p_text(value: float) -> str:
    """Write a p-value as a statement."""
    if value < 0.001:
        return "p\u00a0<\u00a0.001"
    if value > 0.999:
        return "p\u00a0>\u00a0.999"
    return f"p\u00a0=\u00a0{f'{value:.3f}'[1:]}"


def listing(items: list[str]) -> str:
    """Join words as a list in running text."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def count_word(count: int) -> str:
    """Write a small count as a word."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[count] if count < len(words) else str(count)
