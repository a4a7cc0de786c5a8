"""Two one-sided tests of a group contrast, by the same method that tests it against zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from evenfield.shared.contrasts.contrasts import ContrastSettings, GroupContrast, contrast_rows
from evenfield.shared.estimates import NAN, Estimate


def equivalence_rows(
    contrasts: list[GroupContrast], units: pd.DataFrame, links: pd.DataFrame, settings: ContrastSettings
) -> list[Estimate]:
    """Test whether contrasts lie within their smallest effect of interest.

    Notes
    -----
    Moving the outcome by sesoi along the labels moves the null from zero to -/+ sesoi; half the two-sided p-value on
    the side of the estimate is then one-sided. Schuirmann (1987).
    """
    wide = replace(settings, level=2 * settings.level - 1)
    shifted = ([_plain(contrast, shift) for contrast in contrasts] for shift in (0.0, 1.0, -1.0))
    found = [contrast_rows(made, units, links, wide) for made in shifted]
    together = zip(contrasts, *found, strict=True)
    return [_row(contrast, plain, above, below, wide.level) for contrast, plain, above, below in together]


def _plain(contrast: GroupContrast, shift: float) -> GroupContrast:
    c = np.array([contrast.weights.get(name, 0.0) for name in contrast.labels])
    along = contrast.table[list(contrast.labels)].to_numpy(float) @ c / (c @ c)
    moved = contrast.table[contrast.outcome] + shift * contrast.row.sesoi * along
    row = replace(contrast.row, role="robustness", sesoi=NAN)
    return replace(contrast, row=row, table=contrast.table.assign(**{contrast.outcome: moved}))


def _row(contrast: GroupContrast, plain: Estimate, above: Estimate, below: Estimate, level: float) -> Estimate:
    p_above = _one_sided(above.p_value, above.estimate)
    p_below = _one_sided(below.p_value, -below.estimate)
    p_value = float(max(p_above, p_below))
    p_type = f"two one-sided tests, {plain.p_type}" if np.isfinite(p_value) else ""
    plain = replace(plain, estimator="equivalence", effect_type="tost", role=contrast.row.role, statistic=NAN, mde=NAN)
    level = level if np.isfinite(plain.conf_low) else NAN
    return replace(plain, p_value=p_value, p_type=p_type, sesoi=contrast.row.sesoi, conf_level=level)


def _one_sided(p_value: float, estimate: float) -> float:
    return p_value / 2 if estimate > 0 else 1 - p_value / 2
