"""What the families of the policy wing hand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from evenfield.shared.estimates import Estimate


@dataclass(frozen=True)
class PolicyResults:
    """Everything that one family writes."""

    estimates: list[Estimate]  # rows of the tidy layout
    series: pd.DataFrame  # what a figure or a table needs beside them
    fit: dict[str, Any]  # equation, conventions, and what was left out with the reason
