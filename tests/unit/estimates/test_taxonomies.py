"""Comparison of taxonomies: closed forms, a planted interaction wins, no interaction does not, alignment."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.prediction_error import leave_one_out_mse, predictor, schwarz_criterion, upper_p_value
from evenfield.shared.estimates import estimates_frame
from evenfield.topics.taxonomies.estimate import estimate_taxonomies
from evenfield.topics.taxonomies.estimate_spec import parse_taxonomies_specs
from unit.estimates.group_design import CLUSTER, NAMES, SEZ, N, make_study, renamed, shuffled

SPEC = {"id": "growth", "role": "primary", "sample": "all", "endogenous": "count", "exogenous": "state"}
CLUSTERS = pd.DataFrame({"unit": NAMES, "measure": "count", "value": np.arange(N) % 7})
DOSES = pd.DataFrame([{"unit": u, "year": y, "zone_type": "state", "zones": (i % 4) + (y > 1999)}
                      for i, u in enumerate(NAMES) for y in (1995, 2005)])  # fmt: skip
NONE = CLUSTERS.iloc[:0]


def periods_of(both: float) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    rows = []
    for period, basis in (("P1", "proxy"), ("P2", "official")):
        growth = 5 + CLUSTER + 0.5 * SEZ + both * (CLUSTER & SEZ) + 0.5 * rng.normal(size=N)
        rows.append(pd.DataFrame({"unit": NAMES, "period": period, "basis": basis, "growth_pct_per_year": growth}))
    return pd.concat(rows, ignore_index=True)


def frame(study, periods, clusters=CLUSTERS, doses=DOSES, **changes):
    results = estimate_taxonomies(study, periods, clusters, doses, parse_taxonomies_specs([{**SPEC, **changes}]))
    return estimates_frame(results.estimates), results.summary


def test_scores_are_those_of_refits() -> None:
    rng = np.random.default_rng(1)
    y, X = rng.normal(size=12), np.column_stack([np.ones(12), rng.normal(size=(12, 2))])
    errors = []
    for i in range(12):
        kept = np.arange(12) != i
        beta = np.linalg.lstsq(X[kept], y[kept], rcond=None)[0]
        errors.append(y[i] - X[i] @ beta)
    model = predictor(X, np.arange(12).astype(str))
    assert leave_one_out_mse(y, model) == pytest.approx(np.mean(np.square(errors)))
    rss = float(np.linalg.lstsq(X, y, rcond=None)[1][0])
    assert schwarz_criterion(y, model) == pytest.approx(12 * np.log(rss / 12) + 3 * np.log(12))
    assert leave_one_out_mse(np.stack([y, y + 1]), model) == pytest.approx([np.mean(np.square(errors))] * 2)
    assert upper_p_value(1.0, np.array([0.0, 1.0, 2.0])) == pytest.approx(3 / 4)
    lonely = np.column_stack([np.ones(12), np.arange(12) == 3])
    with pytest.raises(NumericsError, match="3 is alone in its group"):
        predictor(lonely, np.arange(12).astype(str))


def test_a_planted_interaction_wins_and_its_absence_does_not() -> None:
    found, _ = frame(make_study(), periods_of(6.0))
    primary = found[found["role"].eq("primary")].set_index(["estimator", "period"])
    assert len(primary) == 4
    assert (primary["estimate"] > 0).all() and (primary["p_value"] < 0.05).all()
    plain, _ = frame(make_study(), periods_of(0.0))
    flat = plain[plain["role"].eq("primary")].set_index(["estimator", "period"])
    assert (flat["p_value"] > 0.05).all() and (flat.loc["bic_gain", "estimate"] < 2).all()


def test_rows_say_basis_cells_and_effective_number() -> None:
    found, _ = frame(make_study(), periods_of(1.0))
    row = found[found["role"].eq("primary") & found["period"].eq("P1")].iloc[0]
    assert "PROXY" in row["warning"] and "both 3, cluster only 3" in row["warning"]
    assert row["n_treated"] == 3 and 1 < row["g_star"] < N
    assert set(found.loc[found["hypothesis"].eq("L47"), "term"]) == {"plane"}
    mse = found[found["estimator"].eq("loo_mse") & found["period"].eq("P2")].set_index("term")["estimate"]
    gain = found[found["estimator"].eq("loo_gain") & found["period"].eq("P2") & found["role"].eq("primary")]
    assert gain["estimate"].iloc[0] == pytest.approx(1 - mse["four cells"] / mse["dichotomy"])


def test_shuffled_and_renamed_units_give_the_same_numbers() -> None:
    study, periods = make_study(), periods_of(1.0)
    expected, _ = frame(study, periods)
    mix = {"frac": 1, "random_state": 4}
    other, _ = frame(shuffled(study), periods.sample(**mix), CLUSTERS.sample(**mix), DOSES.sample(**mix))
    pd.testing.assert_frame_equal(other, expected)
    new = {name: f"v{name}" for name in NAMES}
    again, _ = frame(renamed(study), periods.replace(new), CLUSTERS.replace(new), DOSES.replace(new))
    pd.testing.assert_frame_equal(again[["estimate", "p_value"]], expected[["estimate", "p_value"]], rtol=1e-8)


def test_what_is_missing_is_said() -> None:
    found, summary = frame(make_study(), periods_of(1.0), NONE)
    assert "plane" not in set(found["term"])
    assert "30 units lack count" in summary["left_out"][0]["reason"]
    _, summary = frame(make_study(), periods_of(1.0), endogenous="")
    assert summary["left_out"][0]["reason"] == "no continuous measures named in the config"
    study = make_study()
    alone = study.cells["unit"].eq("u20")
    study.cells.loc[study.cells["unit"].isin(["u06", "u07", "u08"]), ["sez", "cell"]] = [0, "neither"]
    study.cells.loc[alone, ["sez", "cell"]] = [1, "SEZ only"]
    found, _ = frame(study, periods_of(1.0))
    assert found.loc[found["role"].eq("primary"), "warning"].str.contains("u20 is alone in its group").all()
