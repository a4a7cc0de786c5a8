"""Figures that lie far off those of the years beside them: a slip of a decimal point, a
change of unit or of currency.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evenfield.study.errors import counted, first_examples

# ASSUME: nobody's income is 30 times that of the year before, beyond what all others'
# is; where all are, the unit or the currency has changed.
FAR = 30.0


def jumps(panel: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """Return sentences that name figures 30 times or more off the year before; ``panel``
    has ``unit``, ``year`` and ``income``, ``names`` the name of each unit.
    """
    income = panel.pivot(index="year", columns="unit", values="income")
    levels = pd.DataFrame(np.log(income.where(income > 0).astype(float)))
    # ln(y_t / y_t-1), of the last year that is known before each.
    steps = levels.ffill().diff().iloc[1:].fillna(0.0)
    common = steps.median(axis=1)
    far_of_all = common.abs() >= np.log(FAR)
    sentences = [
        f"figures of all units are {_times(step)} from {year} on, as in another unit or"
        " currency"
        for year, step in common[far_of_all].items()
    ]
    own = steps.sub(common, axis=0)
    far = own.abs() >= np.log(FAR)
    alone = far & (far.shift(-1) & (own * own.shift(-1)).lt(0)).fillna(False)
    back = alone.shift(1).fillna(False).astype(bool)
    lasting = far & ~alone & ~back
    cells = [
        f"{names.get(unit, unit)} {year} ({income.loc[year, unit]:,.6g})"
        for unit in sorted(own.columns[alone.any()])
        for year in own.index[alone[unit]]
    ]
    if cells:
        lie = "lies" if len(cells) == 1 else "lie"
        sentences.append(
            f"{counted(len(cells), 'figure')} {lie} {FAR:.0f} times or more off those of"
            f" the years beside: {first_examples(cells)}"
        )
    shifts = [
        f"{names.get(unit, unit)} is {_times(own.loc[year, unit])} from {year} on"
        for unit in sorted(own.columns[lasting.any()])
        for year in own.index[lasting[unit]]
    ]
    if shifts:
        sentences.append(
            f"{counted(len(shifts), 'unit')} with figures of another size from some year"
            f" on: {first_examples(shifts)}"
        )
    return sentences


def _times(step: float) -> str:
    """Return a step of a logarithm in words."""
    factor = float(np.exp(abs(step)))
    return f"{float(f'{factor:.3g}'):,.0f} times {'higher' if step > 0 else 'lower'}"
