"""How far the key difference moves over taxonomies and weights, and how many of them share its sign."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.exposure.estimate_contrasts import ALL

RANGE_COLUMNS = [
    "spec_id", "period", "output_basis", "over", "estimates", "undefined", "lowest", "median", "highest", "same_sign",
    "off_zero", "smallest_mde", "sesoi",
]  # fmt: skip
TAXONOMIES, WEIGHTS, PAIRS = "taxonomies", "weights", "taxonomies and weights"


def ranges(rows: Iterable[Estimate], deciding: list[Estimate]) -> tuple[pd.DataFrame, list[Estimate]]:
    """Summarise the difference of each period over other taxonomies, other weights, and both."""
    wanted = {(row.spec_id, row.period, row.contrast) for row in deciding}
    chosen = [row for row in rows if row.estimator == "slx" and row.sample_id == ALL
              and (row.spec_id, row.period, row.contrast) in wanted]  # fmt: skip
    lines, evidence = [], []
    for base in deciding:
        pool = [row for row in chosen if (row.spec_id, row.period) == (base.spec_id, base.period)]
        families = {TAXONOMIES: [row for row in pool if row.w_id == base.w_id],
                    WEIGHTS: [row for row in pool if row.treatment_def == base.treatment_def], PAIRS: pool}  # fmt: skip
        lines += [_line(base, name, found) for name, found in families.items()]
        evidence.append(_share(base, pool))
    return pd.DataFrame(lines, columns=RANGE_COLUMNS), evidence


def _line(base: Estimate, over: str, found: list[Estimate]) -> dict[str, Any]:
    defined = [row for row in found if np.isfinite(row.estimate)]
    values = np.array([row.estimate for row in defined] or [np.nan])
    return {
        "spec_id": base.spec_id, "period": base.period, "output_basis": base.output_basis, "over": over,
        "estimates": len(defined), "undefined": len(found) - len(defined), "lowest": values.min(),
        "median": float(np.median(values)), "highest": values.max(), "same_sign": _same(base, defined),
        "off_zero": sum(row.conf_low > 0 or row.conf_high < 0 for row in defined),
        "smallest_mde": min((row.mde for row in defined if np.isfinite(row.mde)), default=np.nan), "sesoi": base.sesoi,
    }  # fmt: skip


def _same(base: Estimate, defined: list[Estimate]) -> int:
    return sum(np.sign(row.estimate) == np.sign(base.estimate) for row in defined)


def _share(base: Estimate, pool: list[Estimate]) -> Estimate:
    defined = [row for row in pool if np.isfinite(row.estimate)]
    share = _same(base, defined) / len(defined) if defined else NAN
    return replace(base, role="robustness", estimator="specification_curve", effect_type="share", estimate=share,
                   std_error=NAN, se_type="", statistic=NAN, df=NAN, p_value=NAN, p_type="", conf_low=NAN,
                   conf_high=NAN, conf_level=NAN, sesoi=NAN, mde=NAN, unit_of_measure="share",
                   n_obs=len(defined), warning="share over all pairs of a taxonomy and weights")  # fmt: skip
