"""Settings of the inequality family and the numbers that it reads from the panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.inequality import THEIL_L, THEIL_T
from evenfield.shared.settings import SchemeInfo, check_names, checked_items, placed
from evenfield.shared.windows import Span, Window, grouping, matched, panel_window
from evenfield.study.errors import EstimateError

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
    """One decomposition of inequality between units."""

    id: str  # as in the other families
    sample: str
    unit_scheme: str
    role: str = "robustness"
    periods: tuple[str, ...] = ()  # periods whose ends are compared
    hypothesis: str = ""  # hypothesis that the change of Theil T speaks to; empty for none
    sesoi: float = float("nan")  # smallest change of interest; NaN for none
    weighting: str = POPULATION  # ``population``, or ``unweighted`` where a study has none
    groupings: tuple[str, ...] = ()  # columns of the units, such as ``region4``
    taxonomies: tuple[str, ...] = ()  # each adds the groupings ``cell``, ``cluster`` and ``sez`` of its cells
    nested: tuple[tuple[str, str], ...] = ()  # pairs of an outer and an inner grouping
    aversion: tuple[float, ...] = (0.5, 1.0, 2.0)  # inequality aversions of the Atkinson index
    weights: str = ""  # spatial weights whose links say which groups are connected; empty for none
    revision_sd: tuple[float, float] = (0.0, 0.0)  # standard deviations of revisions of log output and log population


def parse_inequality_specs(
    section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str
) -> tuple[InequalitySpec, ...]:
    """Read ``estimates.inequality`` of the config."""
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
    """Incomes, weights and groupings of one period, matched by unit."""

    window: Window  # log incomes; all years of the period
    income: np.ndarray  # (N, T) income per head and population (or ones)
    weights: np.ndarray
    output: np.ndarray | None  # (N, T) output at constant prices; None where the panel has none
    groups: dict[str, tuple[np.ndarray, list[str]]]  # ``region4`` and so on; taxonomies as ``seed2011: cell``


def read_ends(
    panel: pd.DataFrame, units: pd.DataFrame, cells: pd.DataFrame, span: Span, scheme: SchemeInfo, spec: InequalitySpec
) -> Ends:
    """Collect what a decomposition of one period needs."""
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
