"""Group labels of a taxonomy and the comparisons that the config names in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evenfield.contracts.errors import EstimateError

LABELS = ("cluster", "sez")


@dataclass(frozen=True)
class Comparison:
    """A combination of the coefficients of group labels.

    Attributes
    ----------
    term : str
        The first label.
    contrast : str
        As written in the config; empty for a label alone.
    labels : tuple of str
        Labels that enter the regression, the first one first.
    weights : mapping of str to float
        Weights of their coefficients.
    """

    term: str
    contrast: str
    labels: tuple[str, ...]
    weights: Mapping[str, float]


def parse_comparison(text: str) -> Comparison:
    """Read a comparison written as ``cluster``, ``sez - cluster`` or ``sez given cluster``.

    Parameters
    ----------
    text : str
        A label, a difference of two, or a label with another one held fixed.

    Returns
    -------
    Comparison

    Raises
    ------
    EstimateError
        If it is none of these.
    """
    for separator, weight in ((" - ", -1.0), (" given ", 0.0), ("", 0.0)):
        parts = tuple(text.split(separator)) if separator else (text,)
        if len(parts) == (2 if separator else 1) and set(parts) <= set(LABELS) and len(set(parts)) == len(parts):
            return Comparison(parts[0], text if separator else "", parts,
                              dict(zip(parts, (1.0, weight), strict=False)))  # fmt: skip
    raise EstimateError(f"the comparison '{text}'", "for example cluster, sez - cluster or sez given cluster",
                        "correct it in the config")  # fmt: skip


def group_labels(cells: pd.DataFrame, taxonomy: str, period: str) -> pd.DataFrame:
    """Return the labels of each unit in one period of one taxonomy.

    Parameters
    ----------
    cells : DataFrame
        ``taxonomy``, ``unit``, ``period``, ``cluster``, ``sez``.
    taxonomy, period : str
        Names of the config.

    Returns
    -------
    DataFrame
        ``LABELS`` as numbers, indexed by unit, sorted.

    Raises
    ------
    EstimateError
        If the table has no such taxonomy and period.
    """
    found = cells[cells["taxonomy"].eq(taxonomy) & cells["period"].eq(period)]
    if found.empty:
        raise EstimateError(f"no cells of taxonomy {taxonomy} in period {period}", "both in cells.csv",
                            "add them to taxonomy.all and periods")  # fmt: skip
    return found.set_index("unit")[list(LABELS)].astype(float).sort_index()
