"""Settings of the distribution family: classes, steps, neighbours, kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenfield.numerics.markov import classes_of, quantile_cutoffs, yearly_classes
from evenfield.shared.settings import SchemeInfo, check_names, checked_items, placed
from evenfield.study.errors import EstimateError

DISTRIBUTION_KEYS = (
    "id", "period", "subperiods", "sample", "unit_scheme", "role", "classes", "quantiles", "cutoffs", "relative_to",
    "steps", "weights", "neighbour_classes", "kernel_steps", "taxonomy",
)  # fmt: skip
LISTS = ("subperiods", "cutoffs", "steps", "kernel_steps")
POOLED, YEARLY, FIXED = "pooled", "yearly", "fixed"
CLASSES = (POOLED, YEARLY, FIXED)
MEANS = ("mean", "population_mean")


@dataclass(frozen=True, slots=True)
class DistributionSpec:
    """One description of how the distribution of relative income moves."""

    id: str  # as in the other families
    period: str
    sample: str
    unit_scheme: str
    role: str = "robustness"
    subperiods: tuple[str, ...] = ()  # periods between which the chain is compared
    classes: str = POOLED  # ``pooled`` quantiles of all years, ``yearly`` quantiles, or ``fixed`` cut-offs
    quantiles: int = 3  # number of quantile classes
    cutoffs: tuple[float, ...] = ()  # fixed cut-offs of relative income
    relative_to: str = "mean"  # ``mean`` over units, or ``population_mean``, total output over total population
    steps: tuple[int, ...] = (1,)  # lengths of a transition in years
    weights: str = ""  # spatial weights of the conditional chain; empty for none
    neighbour_classes: int = 0  # classes of the neighbours' average; zero for as many as own quantile classes
    kernel_steps: tuple[int, ...] = ()  # lengths in years of the stochastic kernels
    taxonomy: str = ""  # taxonomy whose cells condition income; empty for none

    @property
    def k(self) -> int:
        """Number of own classes."""
        return len(self.cutoffs) + 1 if self.classes == FIXED else self.quantiles

    @property
    def m(self) -> int:
        """Number of classes of the neighbours' average."""
        return self.neighbour_classes or self.k


def parse_distribution_specs(
    section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str
) -> tuple[DistributionSpec, ...]:
    """Read ``estimates.distribution`` of the config."""
    specs = []
    for item in checked_items(section, DISTRIBUTION_KEYS, "estimates.distribution"):
        where = f"estimates.distribution.{item['id']}"
        lists: dict[str, Any] = {key: tuple(item[key]) for key in LISTS if key in item}
        filled: dict[str, Any] = {"period": "", **item, **placed(item, schemes, default_scheme, where), **lists}
        spec = DistributionSpec(**filled)
        check_names([spec.classes], CLASSES, f"{where}.classes")
        check_names([spec.relative_to], MEANS, f"{where}.relative_to")
        _check(spec, where)
        specs.append(spec)
    return tuple(specs)


def _check(spec: DistributionSpec, where: str) -> None:
    rising = all(a < b for a, b in zip(spec.cutoffs, spec.cutoffs[1:], strict=False))
    if spec.classes == FIXED and not (spec.cutoffs and rising and spec.cutoffs[0] > 0):
        raise EstimateError(f"{where}.cutoffs holds {list(spec.cutoffs)}", "rising positive cut-offs",
                            "correct it in config.yaml")  # fmt: skip
    if spec.k < 2 or not spec.steps or min((*spec.steps, *spec.kernel_steps)) < 1:
        raise EstimateError(f"{where} holds {spec.k} classes and steps {list(spec.steps)}",
                            "at least two classes and steps of at least one year",
                            "correct it in config.yaml")  # fmt: skip


def own_classes(values: np.ndarray, spec: DistributionSpec) -> np.ndarray:
    """Sort relative incomes into the classes of a specification; values (N, T) -> (N, T)."""
    if spec.classes == YEARLY:
        return yearly_classes(values, spec.k)
    cutoffs = np.array(spec.cutoffs) if spec.classes == FIXED else quantile_cutoffs(values, spec.k)
    return classes_of(values, cutoffs)
