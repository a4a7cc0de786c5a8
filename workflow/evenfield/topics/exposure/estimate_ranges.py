"""Ranges over choices: how far the deciding difference moves over other lists and other
weights, and how often it keeps its sign.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from evenfield.shared.estimates import NAN, Estimate, Fields
from evenfield.topics.exposure.estimate_contrasts import ALL

# A share over choices is a count without an error of its own: these stay blank.
UNTESTED = (
    "std_error statistic df p_value conf_low conf_high conf_level sesoi mde".split()
)
RANGES = """
    spec_id period output_basis over estimates undefined lowest median highest same_sign
    off_zero smallest_mde sesoi
""".split()


def ranges(rows: Iterable[Estimate], deciding: list[Estimate]) -> pd.DataFrame:
    """Summarise the difference of each period over other taxonomies, other weights, and
    both.
    """
    lines = []
    for base in deciding:
        pool = _pool(rows, base)
        # The deciding row is in each pool, so no range is empty.
        over = {
            "taxonomies": [row for row in pool if row.w_id == base.w_id],
            "weights": [row for row in pool if row.treatment_def == base.treatment_def],
            "taxonomies and weights": pool,
        }
        lines += [
            {"over": name, **_range(base, chosen)} for name, chosen in over.items()
        ]
    return pd.DataFrame(lines, columns=RANGES)


def range_rows(rows: Iterable[Estimate], deciding: list[Estimate]) -> list[Estimate]:
    """Return the share of all pairs of a taxonomy and weights whose difference has the
    sign of the deciding one.
    """
    untested: Fields = dict.fromkeys(UNTESTED, NAN)
    out = []
    for base in deciding:
        # A list that holds nearly every unit defines nothing and is not counted.
        defined = _defined(_pool(rows, base))
        share = _same_sign(base, defined) / len(defined) if defined else NAN
        out.append(
            replace(
                base,
                **untested,
                role="robustness",
                estimator="specification_curve",
                effect_type="share",
                estimate=share,
                se_type="",
                p_type="",
                n_obs=len(defined),
                unit_of_measure="share",
                warning="share over all pairs of a taxonomy and weights",
            )
        )
    return out


def _pool(rows: Iterable[Estimate], base: Estimate) -> list[Estimate]:
    """Return the same difference under every list and all weights."""
    wanted = (base.spec_id, base.period, base.contrast, "slx", ALL)
    return [
        row
        for row in rows
        if (row.spec_id, row.period, row.contrast, row.estimator, row.sample_id)
        == wanted
    ]


def _defined(rows: list[Estimate]) -> list[Estimate]:
    return [row for row in rows if np.isfinite(row.estimate)]


def _range(base: Estimate, rows: list[Estimate]) -> Fields:
    defined = _defined(rows)
    values = np.array([row.estimate for row in defined] or [np.nan])
    detectable = [row.mde for row in defined if np.isfinite(row.mde)]
    return {
        "spec_id": base.spec_id,
        "period": base.period,
        "output_basis": base.output_basis,
        "estimates": len(defined),
        "undefined": len(rows) - len(defined),
        "lowest": values.min(),
        "median": float(np.median(values)),
        "highest": values.max(),
        "same_sign": _same_sign(base, defined),
        # Not corrected for looking so often.
        "off_zero": sum(row.conf_low > 0 or row.conf_high < 0 for row in defined),
        "smallest_mde": min(detectable, default=np.nan),
        "sesoi": base.sesoi,
    }


def _same_sign(base: Estimate, defined: list[Estimate]) -> int:
    return sum(np.sign(row.estimate) == np.sign(base.estimate) for row in defined)
