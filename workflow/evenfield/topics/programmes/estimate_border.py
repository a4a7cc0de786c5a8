"""Neighbours on two sides of a programme's line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_quantile
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import border_difference, border_pairs, border_permutation
from evenfield.shared.contrasts.group_study import GroupStudy
from evenfield.shared.estimates import NAN, Estimate

SAMPLE = "border pairs"


def border_rows(study: GroupStudy, row: Estimate, outcome: pd.Series, member: pd.Series) -> list[Estimate]:
    """Return the mean difference across the line, by two-way clusters and by permutation."""
    row = replace(row, sample_id=SAMPLE, estimator="border_pairs", se_type="two-way cluster by unit")
    units = outcome.sort_index().index
    y, held = outcome.loc[units].to_numpy(float), member.loc[units].to_numpy(bool)
    try:
        pairs = border_pairs(held, _touching(units, study.links))
        found = border_difference(y, pairs, study.settings.level)
    except NumericsError as error:
        return [replace(row, estimate=NAN, warning="; ".join(p for p in (row.warning, f"not defined: {error}") if p))]
    inside, outside = len(np.unique(pairs.inside)), len(np.unique(pairs.outside))
    row = replace(row, n_obs=len(pairs.inside), n_units=inside + outside, n_treated=inside)
    mde = (t_quantile(0.5 + study.settings.level / 2, found.df) + t_quantile(study.settings.power, found.df)) * (
        found.std_error
    )
    weak = f"UNDERPOWERED: mde {mde:.3g} above sesoi {row.sesoi:g} pp/yr" if mde > row.sesoi else ""
    filled = replace(
        row, estimate=found.estimate, std_error=found.std_error, statistic=found.statistic, df=found.df,
        p_value=found.p_value, p_type="t, smaller side minus one", conf_low=found.conf_low, conf_high=found.conf_high,
        conf_level=study.settings.level, mde=float(mde), warning="; ".join(p for p in (row.warning, weak) if p),
    )  # fmt: skip
    stream = generator_for(study.settings.seed, f"border:{row.spec_id}:{row.period}")
    p_value = border_permutation(y, pairs, study.settings.permutations, stream)
    drawn = replace(row, role="ladder", estimator="border_pairs_permutation", estimate=found.estimate, se_type="",
                    p_value=p_value, p_type="free permutation of outcomes")  # fmt: skip
    return [filled, drawn]


def _touching(units: pd.Index, links: pd.DataFrame) -> np.ndarray:
    position = {unit: i for i, unit in enumerate(units)}
    touching = np.zeros((len(units), len(units)), dtype=bool)
    for a, b in links[["unit_i", "unit_j"]].itertuples(index=False):
        if a in position and b in position:
            touching[position[a], position[b]] = touching[position[b], position[a]] = True
    return touching
