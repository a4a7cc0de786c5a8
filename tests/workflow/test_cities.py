"""The study of cities: config and tables in order, and the main result by another
program.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

ROOT = Path(__file__).parents[2]
CITIES = ROOT / "examples" / "china-cities"


def test_config_and_tables_are_in_order():
    command = [sys.executable, str(ROOT / "run"), "check", "--directory", str(CITIES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zones_went_to_cities_that_were_richer_in_their_province():
    units = pd.read_csv(CITIES / "data" / "units.csv")
    panel = pd.read_csv(CITIES / "data" / "panel.csv").query("year == 2000")
    policies = pd.read_csv(CITIES / "data" / "policies.csv")
    cities = units.merge(panel, on="unit").dropna(subset=["pop_census_10k"])
    cities = cities[cities["zone_by_2000"] == 0]
    per_head = cities["gdp_revised_100m_cny"] / cities["pop_line_10k"]
    cities = cities.assign(level=np.log(per_head))
    for kind in ("zone", "cluster_list"):
        own = policies.loc[policies["kind"] == kind, "unit"]
        cities[kind] = cities["unit"].isin(own).astype(int)
    fit = smf.ols("level ~ zone + cluster_list + C(province)", cities).fit()
    # The page says 41 % above others of the same province.
    assert fit.params["zone"] == pytest.approx(np.log(1.413), abs=1e-3)
    assert fit.pvalues["zone"] < 0.001
