"""One clustering of a window, and the same under every other choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evenfield.numerics.clubs.clustering import find_clubs
from evenfield.numerics.clubs.groups import Clubs, group_tests
from evenfield.numerics.clubs.merging import adopt_divergent, merge_clubs
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.logt import discarded_periods, regression_periods
from evenfield.topics.clubs.estimate_spec import ClubsSpec, trend_of

SHARES = (0.2, 0.25, 1 / 3)


@dataclass(frozen=True)
class Clustering:
    """Trends in levels, the periods of the regression, and the clubs before and after merging."""

    levels: np.ndarray
    periods: np.ndarray
    found: Clubs
    merged: Clubs


def cluster(y: np.ndarray, spec: ClubsSpec, step: int, left_out: int | None = None) -> Clustering:
    """Filter log incomes and sort the units into clubs; y (N, T)."""
    trend = trend_of(y, spec, step)
    # ASSUME: levels of relative income; the trend is taken of logs first and the exponential after, so that a
    # change of the currency unit multiplies every path by one number and cancels.
    levels = np.exp(trend - trend.mean())
    periods = regression_periods(levels.shape[1], discarded_periods(levels.shape[1], spec.discard))
    if left_out is not None:
        periods = np.delete(periods, left_out)
    found = find_clubs(levels, periods, variance=spec.variance, sort_share=spec.sort_share, sieve=spec.sieve)
    tests = group_tests(levels, periods, spec.variance)
    merged = merge_clubs(tests, found, spec.merge)
    return Clustering(levels, periods, found, adopt_divergent(tests, merged) if spec.divergent == "adopt" else merged)


def variant_labels(y: np.ndarray, spec: ClubsSpec, step: int) -> Iterator[tuple[str, np.ndarray]]:
    """Cluster again under every other choice, one change at a time, and without each year of the regression."""
    changes: list[dict[str, Any]] = [{}]
    changes += [{"discard": share} for share in SHARES]
    changes += [{"variance": name} for name in ("fqsb", "aqsb")]
    changes += [{"filter": name} for name in ("hp", "boosted_hp", "hamilton")] + [{"smoothing": 6.25}]
    changes += [{"sort_share": share} for share in (0.0, 1 / 3)]
    changes += [{"merge": name} for name in ("phillips_sul", "von_lyncker_thoennessen")]
    changes += [{"sieve_step": number} for number in (0.0, 0.05)] + [{"sieve_cap": 3.0}]
    for change in (change for change in changes if not _is_own(change, spec)):
        name = " ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                        for key, value in change.items())  # fmt: skip
        try:
            clustering = cluster(y, replace(spec, **change), step)
        except NumericsError:
            continue
        yield name or "own", clustering.merged.labels(len(y))
    for place, period in enumerate(cluster(y, spec, step).periods.tolist()):
        yield f"without period {period}", cluster(y, spec, step, place).merged.labels(len(y))


def _is_own(change: Mapping[str, Any], spec: ClubsSpec) -> bool:
    return bool(change) and all(getattr(spec, key) == value for key, value in change.items())
