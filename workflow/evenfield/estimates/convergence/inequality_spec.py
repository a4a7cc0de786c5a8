"""Settings of the inequality family and the numbers that it reads from the panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.contracts.errors import EstimateError
from evenfield.estimates.convergence.common import SchemeInfo, check_names, checked_items, placed
from evenfield.estimates.convergence.windows import Span, Window, grouping, matched, panel_window
from evenfield.numerics.inequality import THEIL_L, THEIL_T

INEQUALITY_KEYS = (
    "id", "periods", "sample", "unit_scheme", "role", "hypothesis", "sesoi", "weighting", "groupings", "taxonomies",
    "nested", "aversion", "weights", "revision_sd",
)  # fmt: skip
LISTS = ("periods", "groupings", "taxonomies", "aversion")
POPULATION, UNWEIGHTED = "population", "unweighted"
MEASURES = (THEIL_T, THEIL_L)
CELL_GROUPS = ("cell", "cluster", "sez")


@dataclass(frozen=True, slots=True)
class InequalitySpec:
    """One decomposition of inequality between units.

    Attributes
    ----------
    id, sample, unit_scheme, role : str
        As in the other families.
    periods : tuple of str
        Periods whose ends are compared.
    hypothesis : str
        Hypothesis that the change of Theil T speaks to; empty for none.
    sesoi : float
        Smallest change of interest; NaN for none.
    weighting : str
        ``population``, or ``unweighted`` where a study has none.
    groupings : tuple of str
        Columns of the units, such as ``region4``.
    taxonomies : tuple of str
        Each adds the groupings ``cell``, ``cluster`` and ``sez`` of its cells.
    nested : tuple of tuple of str
        Pairs of an outer and an inner grouping; ``cell`` is that of the first taxonomy.
    aversion : tuple of float
        Inequality aversions of the Atkinson index.
    weights : str
        Spatial weights whose links say which groups are connected; empty for none.
    revision_sd : tuple of float
        Standard deviations of revisions of log output and log population; zeros for none.
    """

    id: str
    sample: str
    unit_scheme: str
    role: str = "robustness"
    periods: tuple[str, ...] = ()
    hypothesis: str = ""
    sesoi: float = float("nan")
    weighting: str = POPULATION
    groupings: tuple[str, ...] = ()
    taxonomies: tuple[str, ...] = ()
    nested: tuple[tuple[str, str], ...] = ()
    aversion: tuple[float, ...] = (0.5, 1.0, 2.0)
    weights: str = ""
    revision_sd: tuple[float, float] = (0.0, 0.0)


def parse_inequality_specs(
    section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str
) -> tuple[InequalitySpec, ...]:
    """Read ``estimates.inequality`` of the config.

    Parameters
    ----------
    section : list of mapping
        Keys as the attributes of ``InequalitySpec``; ``id`` and ``periods`` are needed, ``revision_sd`` is a
        mapping with ``output`` and ``population``.
    schemes : mapping of str to SchemeInfo
        Unit schemes with their samples.
    default_scheme : str
        Unit scheme of specifications that name none.

    Returns
    -------
    tuple of InequalitySpec

    Raises
    ------
    EstimateError
        If a key, name or number is not valid, or an id is used twice.
    """
    specs = []
    for item in checked_items(section, INEQUALITY_KEYS, "estimates.inequality"):
        where = f"estimates.inequality.{item['id']}"
        lists: dict[str, Any] = {key: tuple(item[key]) for key in LISTS if key in item}
        revision = item.get("revision_sd", {})
        lists["revision_sd"] = float(revision.get("output", 0.0)), float(revision.get("population", 0.0))
        lists["nested"] = tuple((str(outer), str(inner)) for outer, inner in item.get("nested", ()))
        filled: dict[str, Any] = {**item, **placed(item, schemes, default_scheme, where), **lists}
        spec = InequalitySpec(**filled)
        check_names([spec.weighting], (POPULATION, UNWEIGHTED), f"{where}.weighting")
        _check(spec, where)
        specs.append(spec)
    return tuple(specs)


def _check(spec: InequalitySpec, where: str) -> None:
    if not spec.periods or min(spec.aversion, default=1.0) <= 0 or min(spec.revision_sd) < 0:
        raise EstimateError(
            f"{where} holds periods {list(spec.periods)}, aversion {list(spec.aversion)}, revisions {spec.revision_sd}",
            "at least one period, positive aversions, revisions of zero or more",
            "correct it in config.yaml",
        )
    known = {*spec.groupings, *(CELL_GROUPS if spec.taxonomies else ())}
    check_names([name for pair in spec.nested for name in pair], known, f"{where}.nested")


@dataclass(frozen=True)
class Ends:
    """Incomes, weights and groupings of one period, matched by unit.

    Attributes
    ----------
    window : Window
        Log incomes; all years of the period.
    income, weights : ndarray, shape (N, T)
        Income per head and population (or ones).
    output : ndarray, shape (N, T), or None
        Output at constant prices; None where the panel has none.
    groups : dict of str to (codes, names)
        ``region4`` and so on; taxonomies as ``seed2011: cell``.
    """

    window: Window
    income: np.ndarray
    weights: np.ndarray
    output: np.ndarray | None
    groups: dict[str, tuple[np.ndarray, list[str]]]


def read_ends(
    panel: pd.DataFrame,
    units: pd.DataFrame,
    cells: pd.DataFrame,
    span: Span,
    scheme: SchemeInfo,
    spec: InequalitySpec,
) -> Ends:
    """Collect what a decomposition of one period needs.

    Parameters
    ----------
    panel : DataFrame
        ``unit``, ``year``, ``log_income``, and ``population`` and ``output_real`` where the study has them.
    units : DataFrame
        ``unit`` and the groupings.
    cells : DataFrame
        ``taxonomy``, ``unit``, ``period``, ``cluster``, ``sez``, ``cell``.
    span : Span
        Period.
    scheme : SchemeInfo
        Samples of the unit scheme.
    spec : InequalitySpec
        Settings.

    Returns
    -------
    Ends

    Raises
    ------
    EstimateError
        If a number or a group is missing.
    """
    where = f"estimates.inequality.{spec.id} {span.name}"
    window = panel_window(panel, "log_income", span, scheme, spec.sample, where)
    income = np.exp(window.values)
    weights = np.ones_like(income)
    if spec.weighting == POPULATION:
        weights = matched(panel, "population", window, where)
    has_output = "output_real" in panel and bool(panel["output_real"].notna().any())
    output = matched(panel, "output_real", window, where) if has_output else None
    return Ends(window, income, weights, output, _groups(units, cells, span, window, spec, where))


def _groups(
    units: pd.DataFrame, cells: pd.DataFrame, span: Span, window: Window, spec: InequalitySpec, where: str
) -> dict[str, tuple[np.ndarray, list[str]]]:
    check_names(spec.groupings, units.columns, f"{where} groupings")
    check_names(spec.taxonomies, cells["taxonomy"].unique(), f"{where} taxonomies")
    out = {}
    for name in spec.groupings:
        out[name] = grouping(dict(zip(units["unit"], units[name], strict=True)), window.units, name, where)
    for taxonomy in spec.taxonomies:
        chosen = cells[(cells["taxonomy"] == taxonomy) & (cells["period"] == span.name)]
        for name in CELL_GROUPS:
            values = dict(zip(chosen["unit"], chosen[name], strict=True))
            out[f"{taxonomy}: {name}"] = grouping(values, window.units, name, f"{where} {taxonomy}")
    return out
