"""Growth before and after a programme: planted jump, placebo, border pairs, alignment, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial import border_difference, border_pairs, border_permutation
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.topics.programmes.estimate import SERIES_COLUMNS, estimate_west
from evenfield.topics.programmes.estimate_spec import parse_west_specs
from unit.estimates.group_design import NAMES, WEST, YEARS, N, make_study, renamed, shuffled

T = np.array(list(YEARS))
DATA = Path(__file__).parents[3] / "data"
SPEC = {"id": "west", "programme": "go", "beside": [], "before": [1991, 1999], "after": [2000, 2010], "given": [],
        "placebos": [[[1991, 1994], [1995, 1998]]], "exposure": "near", "hypothesis": "H13", "sample": "all",
        "role": "primary"}  # fmt: skip
PROGRAMMES = pd.DataFrame({"programme": "go", "unit": [n for n, w in zip(NAMES, WEST, strict=True) if w]})
EXPOSURES = pd.DataFrame({"weights": "near", "taxonomy": "main", "period": "P1", "unit": NAMES,
                          "exposure_cluster": np.linspace(0, 1, N)})  # fmt: skip


def planted(effect: float = 2.0):
    rng = np.random.default_rng(2)
    growth = 5 + rng.normal(size=(N, len(T))) + effect * WEST[:, None] * (T >= 2000)
    growth[:, T == 1999] = np.nan
    return make_study(growth_pct=growth)


def run(study, programmes=PROGRAMMES, exposures=EXPOSURES, **changes):
    return estimate_west(study, programmes, exposures, parse_west_specs([{**SPEC, **changes}]), 0.5)


def one(results, **where):
    frame = estimates_frame(results.estimates)
    for name, value in where.items():
        frame = frame[frame[name].eq(value)]
    assert len(frame) == 1, frame
    return frame.iloc[0]


def test_the_planted_jump_is_found_and_marked_descriptive() -> None:
    results = run(planted())
    row = one(results, role="primary", effect_type="coef")
    assert row["estimate"] == pytest.approx(2.0, abs=0.4) and row["conf_low"] > 0
    assert row["output_basis"] == "spliced" and "DESCRIPTIVE" in row["warning"] and "SPLICED" in row["warning"]
    assert row["n_treated"] == 12 and row["term"] == "go" and row["hypothesis"] == "H13"
    placebo = one(results, role="placebo")
    assert placebo["estimator"] == "did_placebo_1995" and abs(placebo["estimate"]) < 1.0
    assert placebo["output_basis"] == "proxy"
    after = one(results, role="mechanism")
    assert after["output_basis"] == "official" and "DESCRIPTIVE" not in after["warning"]
    assert one(results, estimator="did_exposure")["hypothesis"] == "L52"


def test_the_estimate_is_the_difference_of_mean_changes_without_the_joint() -> None:
    study = planted()
    wide = study.wide("growth_pct")
    change = wide[list(range(2000, 2011))].mean(axis=1) - wide[list(range(1991, 1999))].mean(axis=1)
    expected = change[WEST].mean() - change[~WEST].mean()
    assert one(run(study), role="primary", effect_type="coef")["estimate"] == pytest.approx(expected)


def test_border_pairs_are_means_over_neighbours_across_the_line() -> None:
    study = planted()
    wide = study.wide("growth_pct")
    change = (wide[list(range(2000, 2011))].mean(axis=1) - wide[list(range(1991, 1999))].mean(axis=1)).to_numpy()
    row = one(run(study), estimator="border_pairs")
    assert row["estimate"] == pytest.approx(np.mean(change[18:24] - change[12:18]))
    assert (row["n_obs"], row["n_treated"], row["df"]) == (6, 6, 5)
    assert 0 < one(run(study), estimator="border_pairs_permutation")["p_value"] <= 1


def test_border_errors_are_those_of_two_way_clusters() -> None:
    touching = np.zeros((9, 9), dtype=bool)
    for a, b in [(0, 4), (1, 5), (2, 6), (3, 7), (3, 8), (0, 5)]:
        touching[a, b] = touching[b, a] = True
    y = np.array([3.0, 2.0, 4.0, 1.0, 0.5, 0.0, 1.0, 0.7, 0.1])
    pairs = border_pairs(np.arange(9) < 4, touching)
    d = y[pairs.inside] - y[pairs.outside]
    u = d - d.mean()
    variance = sum(u[side == k].sum() ** 2 for side in (pairs.inside, pairs.outside) for k in range(9)) / 36
    found = border_difference(y, pairs)
    assert (found.estimate, found.std_error, found.df) == pytest.approx((d.mean(), np.sqrt(variance), 3))
    p_value = border_permutation(y, pairs, 499, np.random.default_rng(1))
    assert 0 < p_value < 0.2
    with pytest.raises(NumericsError, match="only 3 units"):
        border_difference(y, border_pairs(np.arange(9) < 3, touching))
    with pytest.raises(NumericsError, match="different sides"):
        border_pairs(np.ones(9, dtype=bool), touching)


def test_shuffled_and_renamed_units_give_the_same_numbers() -> None:
    study = planted()
    expected = estimates_frame(run(study).estimates)
    mixed = run(shuffled(study), PROGRAMMES.sample(frac=1, random_state=1), EXPOSURES.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(estimates_frame(mixed.estimates), expected)
    new = {name: f"v{name}" for name in NAMES}
    other = estimates_frame(run(renamed(study), PROGRAMMES.replace(new), EXPOSURES.replace(new)).estimates)
    keys = ["estimator", "outcome", "term", "effect_type", "period"]
    columns = [*keys, "estimate", "std_error", "p_value"]
    kept = expected[expected["estimator"].ne("leave_pair_out")]
    pd.testing.assert_frame_equal(other[columns].sort_values(keys, ignore_index=True),
                                  kept[columns].sort_values(keys, ignore_index=True), rtol=1e-8)  # fmt: skip


def test_what_is_missing_is_said() -> None:
    study = planted()
    wrong = PROGRAMMES.replace("u29", "zz")
    for programmes, reason in ((PROGRAMMES.iloc[:0], "no programme go"), (wrong, "not units")):
        results = run(study, programmes)
        assert results.estimates == [] and list(results.series) == SERIES_COLUMNS
        assert reason in results.summary["left_out"][0]["reason"]
    late = run(study, after=[2030, 2040])
    assert late.summary["left_out"][0]["reason"] == "no growth in 2030-2040"


def test_bad_input_is_one_line() -> None:
    with pytest.raises(EstimateError, match="are not in order"):
        run(planted(), before=[1991, 2000])
    with pytest.raises(EstimateError, match="no exposures for weights moon"):
        run(planted(), exposure="moon")
    with pytest.raises(EstimateError, match="no control altitude"):
        run(planted(), given=["altitude"])


def test_the_official_programme_is_the_west_of_units() -> None:
    programmes = pd.read_csv(DATA / "programmes.csv")
    units = pd.read_csv(DATA / "units.csv")
    members = set(programmes.loc[programmes["programme"].eq("go_west_2000"), "unit"])
    assert members == set(units.loc[units["region4"].eq("West"), "unit"]) and len(members) == 12
    centre = set(programmes.loc[programmes["programme"].eq("rise_of_central_2006"), "unit"])
    assert centre == set(units.loc[units["region4"].eq("Central"), "unit"]) and len(centre) == 6
