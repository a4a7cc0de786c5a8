"""Relative incomes of one distribution specification, and the labels of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.windows import Span, Window, matched, panel_window, span_named
from evenfield.topics.distribution.estimate_spec import DistributionSpec

DISTRIBUTION_SERIES = (
    "spec_id", "sample_id", "unit_scheme", "period", "kind", "step", "group", "x", "y", "value", "count", "low", "high",
)  # fmt: skip


@dataclass(frozen=True)
class Movement:
    """Relative incomes of one specification and everything that labels its rows."""

    spec: DistributionSpec  # settings
    window: Window  # units and years
    values: np.ndarray  # (N, T) relative incomes
    base: dict[str, Any]  # shared labels of the rows
    inference: InferenceSpec  # confidence level, draws, seed

    def draw_id(self, what: str, step: int) -> str:
        """Return the id of the draws for one number."""
        spec = self.spec
        return f"distribution:{spec.id}:{spec.unit_scheme}:{spec.sample}:{spec.period}:{step}:{what}"

    def lag(self, years: int) -> int:
        """Return a step in periods."""
        if years % self.window.step:
            raise NumericsError(f"observations lie {self.window.step} years apart, none lie {years} years apart")
        return years // self.window.step


def movement_of(
    panel: pd.DataFrame, spans: Mapping[str, Span], scheme: SchemeInfo, spec: DistributionSpec, inference: InferenceSpec
) -> Movement:
    """Return relative incomes of a specification, matched by unit id."""
    where = f"estimates.distribution.{spec.id}"
    window = panel_window(panel, "log_income", span_named(spans, spec.period, where), scheme, spec.sample, where)
    income = np.exp(window.values)
    if spec.relative_to == "population_mean":
        people = matched(panel, "population", window, where)
        mean = (income * people).sum(axis=0) / people.sum(axis=0)
    else:
        mean = income.mean(axis=0)
    base = {
        "family": "distribution",
        "spec_id": spec.id,
        "outcome": f"income / {spec.relative_to.replace('_', ' ')}",
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "period": spec.period,
        "n_units": len(income),
        "n_periods": len(window.years),
        "output_basis": window.basis,
        "data_hash": window.data_hash,
    }
    return Movement(spec, window, income / mean, base, inference)


def labelled(move: Movement, rows: list[dict[str, Any]], years: int) -> pd.DataFrame:
    """Put the names of the specification on rows of the series."""
    spec = move.spec
    frame = pd.DataFrame(rows).reindex(columns=list(DISTRIBUTION_SERIES))
    names = {"spec_id": spec.id, "sample_id": spec.sample, "unit_scheme": spec.unit_scheme, "period": spec.period}
    frame = frame.assign(**names, step=years)
    numbers = dict.fromkeys(("x", "y", "value", "count", "low", "high"), float)
    return frame.astype({"group": object}).fillna({"group": ""}).astype(numbers)
