"""What the section on neighbours prints: how alike they are, in how many years more than
chance gives, and where rich and poor units stand together.

Code, because it names the units of local clusters, colours the map by them, and holds
years against bands of the series.
"""

import numpy as np
import pandas as pd

from evenfield.shared.sections import MapLayer, Shown, cell, shown, tested
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, bare_name, listed, only, pick, sample_heading
from evenfield.topics.moran.figure import INCOME, NONE

SERIES = "estimates/moran/series.csv"
ESTIMATES = "estimates/moran/estimates.csv"
# In the order of the key.
NEAR = {
    "HH": "rich among rich",
    "LL": "poor among poor",
    "HL": "rich among poor",
    "LH": "poor among rich",
}


def section(results: StudyResults) -> Row:
    """Return Moran's I of income in the first and the last year, and the units of local
    clusters in the last.
    """
    spec = results.primary()
    series = only(results.series(), spec_id=spec["id"])
    income = only(series, kind="moran", variable=INCOME, controls=NONE)
    if income.empty:
        return {}
    first, last = (int(year) for year in (income["year"].min(), income["year"].max()))
    rows = only(results.estimates(), spec_id=spec["id"], estimator="moran")
    plain = only(rows, outcome=INCOME, controls_id=NONE)
    above = income["value"].gt(income["band_high"])
    below = income["value"].lt(income["band_low"])
    net = rows[rows["outcome"].eq(INCOME) & ~rows["controls_id"].isin([NONE])]
    growth = only(rows, outcome="growth", controls_id=NONE)
    others = [
        _other(results, spec, str(last))
        for spec in results.specs()
        if spec["id"] != results.primary()["id"]
    ]
    return {
        "first": str(first),
        "last": str(last),
        "start": shown(pick(plain, period=str(first)), "0.00"),
        "end": shown(pick(plain, period=str(last)), "0.00"),
        "side": _side(above, below, income["year"].eq(last)),
        "years_above": cell(above.sum(), "0", SERIES),
        "years_below": cell(below.sum(), "0", SERIES),
        "years_all": cell(len(income), "0", SERIES),
        "net": shown(pick(net, period=str(last)), "0.00"),
        "net_of": bare_name(spec.get("regions", "")),
        "growth": shown(pick(growth, period=str(last)), "0.00"),
        "over_all": _tested_over_all(pick(plain, period=str(last))),
        "alone": _side_alone(results, pick(plain, period=str(last))),
        "growth_side": _side_over_all(results, pick(growth, period=str(last))),
        "growth_side_alone": _side_alone(results, pick(growth, period=str(last))),
        **_growth_years(results, growth),
        **_local(results, spec, series, last),
        "others": [item for item in others if item],
    }


def _other(results: StudyResults, spec: Row, year: str) -> Row:
    """Return Moran's I of income in one year by another specification, with what sets
    it apart.
    """
    rows = results.estimates(spec_id=spec["id"], estimator="moran", outcome=INCOME)
    row = pick(rows, controls_id=NONE, period=year)
    index = tested(row, "0.00")
    if index is None:
        return {}
    label = sample_heading(row, results, results.config.weights.primary)
    alike = "more" if row["estimate"] > 0 else "less"
    return {
        "id": spec["id"],
        "label": label,
        "index": index,
        "alike": alike if _clear(results, row) else "no more and no less",
    }


def _side(above: pd.Series, below: pd.Series, chosen: pd.Series) -> str:
    """Say where a year stands to the band that holds over all years."""
    if above[chosen].any():
        return "above"
    return "below" if below[chosen].any() else "inside"


def _clear(results: StudyResults, row: Row, p: str = "p_value") -> bool:
    return bool(row.get(p, np.nan) <= 1 - results.config.inference.level)


def _side_alone(results: StudyResults, row: Row) -> str:
    """Say where a year tested alone stands to chance."""
    if not _clear(results, row):
        return "inside"
    return "above" if row["estimate"] > 0 else "below"


def _side_over_all(results: StudyResults, row: Row) -> str:
    """Say where a year stands to what chance gives over all years at once."""
    return _side_alone(results, row) if _clear(results, row, "p_adjusted") else "inside"


def _tested_over_all(row: Row) -> Shown | None:
    """Return a year's statistic with its p over all years at once."""
    return tested({**row, "p_value": row.get("p_adjusted", np.nan)}, "0.00")


def _growth_years(results: StudyResults, growth: pd.DataFrame) -> Row:
    """Count the dates at which growth was alike among neighbours, each tested alone."""
    if growth.empty:
        return {}
    clear = growth["p_value"].le(1 - results.config.inference.level)
    alike = int((clear & growth["estimate"].gt(0)).sum())
    return {
        "growth_alike": cell(alike, "0", ESTIMATES),
        "growth_dates": cell(len(growth), "0", ESTIMATES),
    }


def _local(results: StudyResults, spec: Row, series: pd.DataFrame, last: int) -> Row:
    local = only(series, kind="local", variable=INCOME, year=last)
    clear = local[local["q_value"].le(spec["discovery_rate"])]
    parts: Row = {}
    for name, quadrant in {"rich": "HH", "poor": "LL"}.items():
        units = only(clear, quadrant=quadrant)["unit"]
        parts[name] = cell(len(units), "0", SERIES)
        parts[f"{name}_names"] = listed(sorted(map(results.name, units)))
    others = clear["quadrant"].isin(["HL", "LH"])
    return {**parts, "apart": cell(int(others.sum()), "0", SERIES)}


def map_layer(results: StudyResults) -> MapLayer | None:
    """Return where each unit stands among its neighbours, by year, as far as it can be
    told from chance.
    """
    spec = results.primary()
    series = results.series()
    local = only(series, spec_id=spec["id"], kind="local", variable=INCOME)
    if local.empty:
        return None
    numbers = {quadrant: number for number, quadrant in enumerate(NEAR, 1)}
    clear = local["q_value"].le(spec["discovery_rate"])
    number = local["quadrant"].map(numbers).where(clear).fillna(len(NEAR) + 1)
    frame = local.assign(number=number.astype(int))
    keys = {f"q{quadrant}": words for quadrant, words in NEAR.items()}
    return MapLayer(
        "Neighbours",
        {**keys, "q0": "not distinguishable from chance"},
        frame.pivot(index="unit", columns="year", values="number"),
    )
