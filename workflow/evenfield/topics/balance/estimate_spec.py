"""Specifications of the urban-rural comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from evenfield.study.errors import EstimateError


@dataclass(frozen=True, slots=True)
class BalanceSpec:
    """One way to compare the urban-rural gap of cluster and zone regions."""

    id: str  # name, role of the difference, sample
    role: str
    sample: str
    urban: str  # columns of income per head
    rural: str
    windows: tuple[tuple[int, int], ...]  # first and last years; no change is ever taken from one window to the next
    given: tuple[str, ...]  # held fixed


def parse_balance_specs(items: list[Mapping[str, Any]]) -> list[BalanceSpec]:
    """Read the specifications from the config."""
    return [
        BalanceSpec(item["id"], item["role"], item["sample"], item["urban"], item["rural"],
                    checked_windows(item["windows"], f"balance {item['id']}"), tuple(item["given"]))
        for item in items
    ]  # fmt: skip


def checked_windows(windows: list[list[int]], where: str) -> tuple[tuple[int, int], ...]:
    """Return windows in order of time."""
    ordered = sorted((start, end) for start, end in windows)
    wrong = [window for window in ordered if window[0] >= window[1]]
    wrong += [two for one, two in pairwise(ordered) if two[0] < one[1]]
    if wrong:
        raise EstimateError(f"window {wrong[0][0]}-{wrong[0][1]} of {where} ends too early or overlaps another",
                            "windows that follow each other", "mend it in config.yaml")  # fmt: skip
    return tuple(ordered)
