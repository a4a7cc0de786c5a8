"""Small made-up frames in the layouts that the lower floors write."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

CELLS = ("both", "cluster only", "SEZ only", "neither")


@pytest.fixture
def study() -> dict[str, str]:
    return {"unit_name": "region", "units_name": "regions"}


@pytest.fixture
def periods() -> dict[str, dict[str, object]]:
    return {
        "P1": {"start": 1980, "end": 1990, "label": "1980-90", "role": "main"},
        "P2": {"start": 1990, "end": 2000, "label": "1990-2000", "role": "main"},
        "S": {"start": 1980, "end": 2000, "label": "1980-2000", "role": "span", "spliced": True},
    }


@pytest.fixture
def description() -> dict[str, object]:
    return {
        "unit_scheme": "all", "units": units_of(8), "years": list(range(1980, 2001)), "income_unit": "money per head",
        "data_hash": "0123456789abcdef0123", "merged": {},
        "basis_years": {"proxy": [1980, 1989], "official": [1990, 2000]},
    }  # fmt: skip


def units_of(number: int) -> list[str]:
    return [f"XX-{chr(65 + i // 26)}{chr(65 + i % 26)}" for i in range(number)]


@pytest.fixture
def units() -> pd.DataFrame:
    return made_units(8)


def made_units(number: int) -> pd.DataFrame:
    names = units_of(number)
    place = np.arange(number)
    return pd.DataFrame({"unit": names, "name": [f"Region {n[3:]}" for n in names], "tile_row": place // 4,
                         "tile_col": place % 4, "lat": 30.0 + place // 4, "lon": 100.0 + place % 4})  # fmt: skip


@pytest.fixture
def cells() -> pd.DataFrame:
    return made_cells(8, CELLS)


def made_cells(number: int, kinds: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        {"taxonomy": "t", "unit": unit, "period": period, "cell": kinds[i % len(kinds)],
         "cluster": int(kinds[i % len(kinds)] in ("both", "cluster only")),
         "sez": int(kinds[i % len(kinds)] in ("both", "SEZ only"))}
        for period in ("P1", "P2", "S") for i, unit in enumerate(units_of(number))
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def cases() -> pd.DataFrame:
    return pd.DataFrame({"case": ["a-b", "c-d"], "place": ["Aton", "Beton"], "unit": ["XX-AA", "XX-AA"],
                         "industry": ["tiles", "very long and winding name of an industry"], "lat": [30.2, 30.3],
                         "lon": [100.2, 100.3]})  # fmt: skip


@pytest.fixture
def beta_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    return made_beta(8)


def made_beta(number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(1)
    parts, rows = [], []
    for period, basis in (("P1", "proxy"), ("P2", "official"), ("S", "spliced")):
        x = np.sort(rng.normal(8, 0.4, number))
        y = 20 - 2 * x + rng.normal(0, 0.5, number)
        parts.append(pd.DataFrame({"kind": "unit", "unit": units_of(number), "log_income_start": x,
                                   "growth_pct_per_year": y, "period": period}))  # fmt: skip
        grid = np.linspace(x.min(), x.max(), 11)
        parts.append(pd.DataFrame({"kind": "line", "unit": "", "log_income_start": grid, "fitted": 20 - 2 * grid,
                                   "conf_low": 19 - 2 * grid, "conf_high": 21 - 2 * grid,
                                   "period": period}))  # fmt: skip
        shared = {"spec_id": "absolute", "sample_id": "all", "unit_scheme": "all", "period": period,
                  "output_basis": basis, "n_units": number, "controls_id": "none",
                  "warning": "PROXY output"}  # fmt: skip
        rows += [
            {**shared, "estimator": "ols", "term": "log_income_start", "effect_type": "coef", "estimate": -0.02,
             "std_error": 0.004, "p_value": 0.0001},
            {**shared, "estimator": "ols", "term": "speed", "effect_type": "lambda", "estimate": 2.2, "conf_low": -1.0,
             "conf_high": 3.5},
            {**shared, "estimator": "ols", "term": "half_life", "effect_type": "half_life", "estimate": np.nan,
             "conf_low": 20.0, "warning": "PROXY output; half-life unbounded"},
            {**shared, "estimator": "description", "term": "sigma_start", "effect_type": "stat", "estimate": 0.5},
            {**shared, "estimator": "description", "term": "sigma_end", "effect_type": "stat", "estimate": 0.4},
        ]  # fmt: skip
    columns = ["std_error", "p_value", "conf_low", "conf_high"]
    estimates = pd.DataFrame(rows).astype(dict.fromkeys(columns, float))
    return pd.concat(parts, ignore_index=True).assign(spec_id="absolute"), estimates


@pytest.fixture
def doses() -> pd.DataFrame:
    rows = [
        {"unit": unit, "year": year, "zone_type": kind, "zones": int(year >= 1984 + 2 * i)}
        for i, unit in enumerate(units_of(8)) for year in range(1980, 2001) for kind in ("sez", "etdz", "hidz", "state")
    ]  # fmt: skip
    return pd.DataFrame(rows)
