"""Did the difference between regimes change at a date? Periods stacked, errors clustered by unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.ols import contrast_inference, cov_cr3, fit_ols
from evenfield.numerics.power import minimum_detectable_effect
from evenfield.topics.regime.estimate_data import INITIAL, INTERACTIONS, RegimeSection
from evenfield.topics.regime.estimate_inference import Numbers, null_spread
from evenfield.topics.regime.estimate_spec import RegimeSettings

Combinations = Callable[[Sequence[str]], dict[tuple[str, str], np.ndarray]]


def split_numbers(
    sections: Sequence[RegimeSection], split: int, combinations: Combinations, contrast: str, settings: RegimeSettings
) -> tuple[Numbers, str]:
    """Compare the mean difference of later periods with that of earlier ones."""
    late = np.array([int(section.period["start"]) >= split for section in sections], dtype=bool)
    names = ["+".join(s.name for s, is_late in zip(sections, late, strict=True) if is_late == side)
             for side in (True, False)]  # fmt: skip
    name = " less ".join(names)
    lost = next((f"{section.name}: {section.undefined}" for section in sections if section.undefined), "")
    if late.all() or not late.any():
        lost = f"no main period on one side of {split}"
    if lost:
        return Numbers(note=f"not defined: {lost}"), name
    try:
        return _stacked(sections, late, combinations, contrast, settings), name
    except NumericsError as error:
        return Numbers(note=f"no interval: {error}"), name


def _stacked(
    sections: Sequence[RegimeSection], late: np.ndarray, combinations: Combinations, contrast: str,
    settings: RegimeSettings,
) -> Numbers:  # fmt: skip
    k = len(sections[0].columns)
    c_one = combinations(sections[0].columns)[INTERACTIONS[0], contrast]
    share = np.where(late, 1 / late.sum(), -1 / (~late).sum())
    c = np.concatenate([weight * c_one for weight in share])
    X = np.zeros((sum(len(section.table) for section in sections), k * len(sections)))
    row = 0
    for j, section in enumerate(sections):
        X[row : row + len(section.table), j * k : (j + 1) * k] = section.X
        row += len(section.table)
    fit = fit_ols(np.concatenate([section.y for section in sections]), X)
    units = np.concatenate([section.table.index.to_numpy(str) for section in sections])
    df = effective_clusters(X, units, c) - 1
    found = contrast_inference(fit, cov_cr3(fit, units), c, df, settings.level)
    # ASSUME: for the minimum detectable change, growth varies around initial income as on average over the periods.
    spreads = [null_spread(section.y, section.table[INITIAL].to_numpy(float)) for section in sections]
    mde = float(np.sqrt(np.mean(np.square(spreads)))) * minimum_detectable_effect(
        X, c, settings.power, settings.level, df
    )
    return Numbers(found.estimate, found.std_error, found.statistic, df, found.p_value, found.conf_low,
                   found.conf_high, mde)  # fmt: skip
