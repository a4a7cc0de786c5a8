"""Who carries an estimate: it again without each unit, without each pair, without
groups of units.
"""

from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import (
    ClusterProducts,
    cluster_products,
    solve_without,
)
from evenfield.numerics.ols import OlsFit

Group = tuple[str, ...]


class LeaveOut(NamedTuple):
    """An estimate without each of several groups of units."""

    estimate: float  # with all units
    left_out: tuple[Group, ...]  # groups
    estimates: (
        np.ndarray
    )  # (L,) without each group; not a number where the combination is then not defined
    sign_flips: int  # groups without which the sign is another
    undefined: int  # groups without which the combination is not defined
    most_influential: Group  # group whose omission changes the estimate most
    largest_change: float  # by how much: without minus with


def leave_one_out(fit: OlsFit, c: np.ndarray, units: np.ndarray) -> LeaveOut:
    """Estimate c'beta without each unit in turn; c (K,), units (N,)."""
    products = cluster_products(fit, c, units)
    return _leave_out(products, [(str(name),) for name in products.names])


def leave_pair_out(fit: OlsFit, c: np.ndarray, units: np.ndarray) -> LeaveOut:
    """Estimate c'beta without each pair of units; c (K,), units (N,)."""
    products = cluster_products(fit, c, units)
    return _leave_out(
        products, list(combinations([str(name) for name in products.names], 2))
    )


def leave_groups_out(
    fit: OlsFit, c: np.ndarray, units: np.ndarray, groups: Iterable[Iterable[str]]
) -> LeaveOut:
    """Estimate c'beta without each of some groups of units, {Jiangsu, Zhejiang} for
    example; c (K,), units (N,).
    """
    return _leave_out(
        cluster_products(fit, c, units), [tuple(group) for group in groups]
    )


def _leave_out(products: ClusterProducts, groups: list[Group]) -> LeaveOut:
    cluster_of_name = {str(name): g for g, name in enumerate(products.names)}
    unknown = sorted(
        {name for group in groups for name in group} - set(cluster_of_name)
    )
    if unknown or not groups:
        raise NumericsError(
            f"nothing to leave out: {len(groups)} groups, unknown units {unknown[:1]}"
        )
    estimates = np.array(
        [
            _without(products, [cluster_of_name[name] for name in group])
            for group in groups
        ]
    )
    changes = estimates - products.estimate
    if np.isnan(changes).all():
        raise NumericsError("without any of the groups the combination is not defined")
    worst = int(np.nanargmax(np.abs(changes)))
    return LeaveOut(
        estimate=products.estimate,
        left_out=tuple(groups),
        estimates=estimates,
        sign_flips=int((estimates * products.estimate < 0).sum()),
        undefined=int(np.isnan(estimates).sum()),
        most_influential=groups[worst],
        largest_change=float(changes[worst]),
    )


def _without(products: ClusterProducts, positions: list[int]) -> float:
    M = products.M[positions].sum(axis=0)
    m = products.m[positions].sum(axis=0)
    try:
        return float(solve_without(M, products.d, "left out") @ (products.theta - m))
    except NumericsError:
        return float("nan")
