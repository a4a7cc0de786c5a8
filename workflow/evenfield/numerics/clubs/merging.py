"""Merging of convergence clubs, and of divergent units with clubs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from evenfield.numerics.clubs.groups import Club, Clubs, GroupTests
from evenfield.numerics.errors import NumericsError

PHILLIPS_SUL, VON_LYNCKER, NONE = "phillips_sul", "von_lyncker_thoennessen", "none"
MERGES = (PHILLIPS_SUL, VON_LYNCKER, NONE)


def merge_clubs(tests: GroupTests, found: Clubs, method: str = PHILLIPS_SUL) -> Clubs:
    """Join neighbouring clubs that converge together.

    Notes
    -----
    Phillips and Sul (2009); von Lyncker and Thoennessen (2017), algorithm 1.
    """
    if method not in MERGES:
        raise NumericsError(f"clubs are merged by one of {', '.join(MERGES)}, not {method!r}")
    groups = [[number] for number in range(len(found.clubs))]
    if method == PHILLIPS_SUL:
        groups = _joined_downwards(tests, found, groups)
    elif method == VON_LYNCKER:
        groups = _joined_by_peaks(tests, found, groups)
    return Clubs(tuple(_club(tests, found, group) for group in groups), found.divergent)


def adopt_divergent(tests: GroupTests, found: Clubs, critical: float | None = None) -> Clubs:
    """Let divergent units join the club with which they converge best.

    Notes
    -----
    Von Lyncker and Thoennessen (2017), algorithm 2.
    """
    bar = tests.critical if critical is None else critical
    clubs, left = list(found.clubs), np.array(found.divergent, dtype=int)
    while len(left) and clubs:
        if len(left) > 1 and float(tests.group(left).t[0]) > bar:
            clubs.append(tests.club(left))
            left = left[:0]
            break
        t = np.array([tests.additions(np.array(club.members), left) for club in clubs])
        best = float(np.nanmax(t, initial=-np.inf))
        if not best > bar:
            break
        club, unit = np.unravel_index(int(np.nanargmax(t)), t.shape)
        old = clubs[club]
        clubs[club] = tests.club(np.array([*old.members, left[unit]]), old.sieve, old.merged_from)
        left = np.delete(left, unit)
    return Clubs(tuple(clubs), tuple(sorted(left.tolist())))


def _rows(found: Clubs, group: Sequence[int]) -> np.ndarray:
    return np.concatenate([np.array(found.clubs[number].members) for number in group])


def _union_t(tests: GroupTests, found: Clubs, group: Sequence[int]) -> float:
    return float(tests.group(np.sort(_rows(found, group))).t[0])


def _joined_downwards(tests: GroupTests, found: Clubs, groups: list[list[int]]) -> list[list[int]]:
    out: list[list[int]] = []
    for group in groups:
        if out and _union_t(tests, found, [*out[-1], *group]) > tests.critical:
            out[-1] = [*out[-1], *group]
        else:
            out.append(group)
    return out


def _joined_by_peaks(tests: GroupTests, found: Clubs, groups: list[list[int]]) -> list[list[int]]:
    while len(groups) > 1:
        t = [_union_t(tests, found, [*a, *b]) for a, b in pairwise(groups)]
        following = [*t[1:], -np.inf]
        peaks = [k for k, (own, after) in enumerate(zip(t, following, strict=True)) if tests.critical < own > after]
        if not peaks:
            break
        first = peaks[0]
        groups = [*groups[:first], [*groups[first], *groups[first + 1]], *groups[first + 2 :]]
    return groups


def _club(tests: GroupTests, found: Clubs, group: list[int]) -> Club:
    if len(group) == 1:
        return found.clubs[group[0]]
    return tests.club(_rows(found, group), merged_from=tuple(number + 1 for number in group))
