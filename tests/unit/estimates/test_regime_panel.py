"""The yearly panel by regime on frames: units of the rows, alignment, reasons."""

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.dynamic_panel.regime_scores import regime_roots
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.topics.regime.estimate_panel import regime_panel_rows
from evenfield.topics.regime.estimate_spec import RegimeSettings, RegimeSpec, parse_regime_specs

N, YEARS = 24, range(1980, 2006)
UNITS = [f"u{i:02d}" for i in range(N)]
DESCRIBED = {"unit_scheme": "u", "periods": [
    {"period": "P1", "label": "1980-2005", "start": 1980, "end": 2005, "role": "main", "basis": "official"},
    {"period": "P2", "label": "2003-05", "start": 2003, "end": 2005, "role": "main", "basis": "official"}]}  # fmt: skip
SPEC = RegimeSpec("s", "t", "w", draws=49, role="primary")
NUMBERS = ["estimate", "std_error", "p_value", "conf_low", "conf_high", "mde"]


def study():
    rng = np.random.default_rng(3)
    exposure = rng.uniform(0, 1, (N, 2))
    rho, y, rows = 0.8 + exposure @ np.array([-0.2, 0.1]), rng.normal(8, 0.4, N), []
    for year in YEARS:
        rows.append(pd.DataFrame({"unit": UNITS, "year": year, "basis": "official", "log_income": y}))
        y = 8 + rho * (y - 8) + rng.normal(0, 0.05, N)
    panel = pd.concat(rows, ignore_index=True)
    parts, shares = [], []
    for item in DESCRIBED["periods"]:
        ends = panel.pivot(index="unit", columns="year", values="log_income")[[item["start"], item["end"]]]
        first, last = ends.to_numpy().T
        parts.append(pd.DataFrame({"unit": UNITS, "period": item["period"], "log_income_start": first,
                                   "growth_pct_per_year": 100 * (last - first)}))  # fmt: skip
        shares.append(pd.DataFrame({"unit": UNITS, "period": item["period"], "weights": "w", "taxonomy": "t",
                                    "own_cluster": 0.0, "own_sez": 0.0, "exposure_cluster": exposure[:, 0],
                                    "exposure_sez": exposure[:, 1]}))  # fmt: skip
    place = pd.DataFrame({"unit": UNITS, "lat": rng.uniform(20, 40, N), "lon": rng.uniform(80, 120, N)})
    return panel, pd.concat(parts), pd.concat(shares), place


def run(data, spec=SPEC):
    return regime_panel_rows(*data, DESCRIBED, [spec], RegimeSettings())


def test_rows_are_percentage_points_of_speed_and_the_difference_is_the_difference():
    data = study()
    rows = {(row.estimator, row.term, bool(row.contrast)): row for row in run(data) if row.period == "P1"}
    wide = data[0].pivot(index="unit", columns="year", values="log_income")
    Z = np.column_stack([np.ones(N), data[2].iloc[:N][["exposure_cluster", "exposure_sez"]]])
    theta = regime_roots(wide.to_numpy(), Z).theta[0]
    cluster = rows["regime_bc_fe", "initial_x_exposure_cluster", False]
    sez = rows["regime_bc_fe", "initial_x_exposure_sez", False]
    gap = rows["regime_bc_fe", "initial_x_exposure_cluster", True]
    assert cluster.estimate == pytest.approx(-100 * theta[1], rel=1e-6)
    assert gap.estimate == pytest.approx(cluster.estimate - sez.estimate)
    assert (gap.hypothesis, gap.role, gap.conf_level) == ("H11", "robustness", 0.95)
    assert gap.conf_low < gap.estimate < gap.conf_high


def test_a_period_that_is_too_short_says_so_and_without_draws_there_are_no_rows():
    data = study()
    short = [row for row in run(data) if row.period == "P2"]
    assert len(short) == 3
    assert all("this estimator needs at least 4" in row.warning for row in short)
    assert run(data, RegimeSpec("s", "t", "w")) == []


def test_rows_and_names_of_units_do_not_matter():
    data = study()
    names = dict(zip(UNITS, sorted(UNITS, reverse=True), strict=True))
    mixed = [frame.sample(frac=1, random_state=1).assign(unit=lambda f: f["unit"].map(names)) for frame in data]
    ours, theirs = (estimates_frame(run(d))[NUMBERS].to_numpy(float) for d in (data, mixed))
    np.testing.assert_allclose(ours, theirs, rtol=1e-7)


def test_missing_income_and_bad_draws_are_refused():
    panel, *rest = study()
    with pytest.raises(EstimateError, match="log_income is missing"):
        run((panel.iloc[1:], *rest))
    with pytest.raises(EstimateError, match="draws is -1"):
        parse_regime_specs([{"id": "s", "taxonomy": "t", "weights": "w", "draws": -1}], ["t"], ["w"])
