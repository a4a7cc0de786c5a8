"""What was estimated, from which rows, under which assumptions: ``fit.explain()``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from textwrap import fill
from typing import Any, Protocol

import pandas as pd

from evenfield.numerics.inference.methods import METHODS


class Fit(Protocol):
    """What is read of a fit here, in ``interpret`` and in ``figures``."""

    @property
    def title(self) -> str:
        """Estimator."""

    @property
    def page(self) -> str:
        """Page of the estimator in docs/library."""

    @property
    def model(self) -> str:
        """Formula or outcome."""

    @property
    def nobs(self) -> int:
        """Observations."""

    @property
    def rows_given(self) -> int:
        """Rows of the data."""

    @property
    def notes(self) -> Mapping[str, Any]:
        """Numbers of the whole fit."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Further tables."""

    @property
    def params(self) -> pd.Series:
        """Estimates."""

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance of the parameters by the first inference, or empty."""

    @property
    def raw(self) -> Any:
        """What the numerics returned."""

    @property
    def _drawn(self) -> Mapping[str, Any]:
        """What the picture shows and nothing else holds."""

    def conf_int(self) -> pd.DataFrame:
        """Return the ends of their intervals."""

    def to_frame(self) -> pd.DataFrame:
        """Return tidy rows."""


@cache
def guide() -> dict[str, Any]:
    """Return what is assumed by estimator, and by inferences that are no record."""
    return tomllib.loads(files("evenfield.api").joinpath("guide.toml").read_text())


def explanation(fit: Fit) -> str:
    """Return a paragraph each on estimate, rows, inference and limits of a fit."""
    about = guide()["estimator"][fit.page]
    inferences = [name for name in fit.to_frame()["inference"].unique() if name]
    lines = [
        f"{fit.title}: {fit.model}",
        _line("Estimated", about["estimates"]),
        _line("Rows", _rows(fit)),
    ]
    for kind in inferences:
        lines.append(_line(f"Inference by {kind}", _assumption(kind)))
    lines += [_line("Assumed", sentence) for sentence in about["assumes"]]
    lines.append(_line("When not to use it", about["not_for"]))
    lines.append(f"More: docs/library/{fit.page}.md")
    return "\n".join(lines)


def _assumption(kind: str) -> str:
    """Return what an inference assumes: of the registry, or of one estimator alone."""
    if kind in METHODS:
        return METHODS[kind].assumes
    return str(guide()["inference"][kind])


def _line(head: str, sentence: str) -> str:
    closed = sentence if sentence.endswith(".") else f"{sentence}."
    return fill(f"{head}: {closed}", 88, subsequent_indent="  ")


def _rows(fit: Fit) -> str:
    """Say how many rows there were and how many observations were made of them."""
    counted = f"{fit.nobs:,} observations"
    if "units" in fit.notes:
        counted += f" of {fit.notes['units']:,} units"
    if fit.rows_given in (0, fit.nobs):
        return counted
    return f"{counted}, made of {fit.rows_given:,} rows of data"
