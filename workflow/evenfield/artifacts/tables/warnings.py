"""Warnings of the estimates as the reasons that tables print for blank cells."""

from __future__ import annotations

from typing import Any

from evenfield.artifacts.numbers import text

# Said elsewhere in every table: in the period's mark and in the column of detectable effects.
SAID_ELSEWHERE = ("PROXY", "SPLICED", "UNDERPOWERED")


def reason(warning: Any) -> str:
    """Return the part of a warning that explains a missing number.

    Parameters
    ----------
    warning : str
        Parts joined by semicolons.

    Returns
    -------
    str
        The parts that no other column says, joined by semicolons.
    """
    parts = [part.strip() for part in text(warning).split(";")]
    return "; ".join(part for part in parts if part and not part.startswith(SAID_ELSEWHERE))
