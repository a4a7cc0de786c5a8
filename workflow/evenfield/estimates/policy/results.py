"""What the families of the policy wing hand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from evenfield.contracts.estimates import Estimate


@dataclass(frozen=True)
class PolicyResults:
    """Everything that one family writes.

    Attributes
    ----------
    estimates : list of Estimate
        Rows of the tidy layout.
    series : DataFrame
        What a figure or a table needs beside them.
    fit : dict
        Equation, conventions, and what was left out with the reason.
    """

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any]
