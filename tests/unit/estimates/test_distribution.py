"""The distribution family on frames."""

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.estimates import estimates_frame
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.windows import Span
from evenfield.study.errors import EstimateError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.distribution.estimate import estimate_distribution
from evenfield.topics.distribution.estimate_movement import DISTRIBUTION_SERIES
from evenfield.topics.distribution.estimate_spec import DistributionSpec, parse_distribution_specs

SPEC = DistributionSpec(
    "own", "P", "all", "s", "primary", ("A", "B"), steps=(1, 5), weights="w", kernel_steps=(1, 5), taxonomy="t"
)
INFERENCE = InferenceSpec(permutations=199)
NUMBERS = ["estimate", "statistic", "p_value", "conf_low", "conf_high"]


def make_study(n=16, years=range(1990, 2015), step=1):
    rng = np.random.default_rng(14)
    units = [f"U{i:02d}" for i in range(n)]
    y = 9 + rng.normal(0, 0.5, (n, 1)) + np.cumsum(rng.normal(0.02, 0.12, (n, len(years))), axis=1)
    panel = pd.DataFrame([
        {"unit": unit, "year": year, "basis": "official", "log_income": y[i, t], "population": 1.0 + i}
        for i, unit in enumerate(units) for t, year in enumerate(years)
    ])  # fmt: skip
    cell = np.where(np.arange(n) % 2, "both", "neither")
    cells = pd.DataFrame({"taxonomy": "t", "unit": units, "period": "P", "cell": cell})
    ring = (np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)) / 2
    middle = years[0] + (years[-1] - years[0]) // 2
    spans = {"P": Span("P", years[0], years[-1]), "A": Span("A", years[0], middle), "B": Span("B", middle, years[-1])}
    scheme = SchemeInfo("s", {"all": tuple(units), "few": tuple(units[:2])}, step, 1980)
    return panel, cells, {"w": SpatialWeights(tuple(units), ring, {"weights": "w"})}, scheme, spans


def run(panel, cells, weights, scheme, spans, *specs):
    frames = ({"s": panel}, {"s": cells}, {"s": weights}, {"s": scheme}, {"s": spans})
    return estimate_distribution(*frames, specs or (SPEC,), INFERENCE)


def row(results, **labels):
    found = [e for e in results.estimates if all(getattr(e, key) == value for key, value in labels.items())]
    assert len(found) == 1
    return found[0]


def test_probabilities_close_and_lie_in_their_intervals():
    results = run(*make_study())
    for years in ("1 years", "5 years"):
        for i in (1, 2, 3):
            line = [row(results, term=f"p_{i}_{j}", contrast=years) for j in (1, 2, 3)]
            assert sum(e.estimate for e in line) == pytest.approx(1)
            assert all(not np.isfinite(e.conf_low) or e.conf_low <= e.estimate <= e.conf_high for e in line)
        ergodic = [row(results, term=f"ergodic_{i}", contrast=years).estimate for i in (1, 2, 3)]
        assert sum(ergodic) == pytest.approx(1)
    assert row(results, term="half_life", contrast="1 years").unit_of_measure == "years"


def test_spatial_chain_has_a_permutation_p_only():
    results = run(*make_study())
    for term in ("q", "lr"):
        test = row(results, term=term, contrast="1 years")
        assert "change places" in test.p_type
        assert 0 < test.p_value <= 1
        assert test.w_id == "w"


def test_homogeneity_is_said_to_be_description():
    results = run(*make_study())
    for term in ("time", "first_order"):
        test = row(results, term=term, contrast="1 years")
        assert test.role == "description"
        assert "description" in test.warning


def test_series_kinds():
    series = run(*make_study()).series
    assert list(series.columns) == list(DISTRIBUTION_SERIES)
    assert set(series["kind"]) == {"transition", "ergodic", "spatial", "kernel", "ergodic_density", "conditioned"}
    counted = series[(series["kind"] == "transition") & (series["step"] == 1)]
    assert counted["count"].sum() == 16 * 24


def test_shuffled_rows_and_permuted_weights_change_nothing():
    panel, cells, weights, scheme, spans = make_study()
    order = np.random.default_rng(3).permutation(16)
    old = weights["w"]
    moved = {"w": SpatialWeights(tuple(old.units[i] for i in order), old.matrix[np.ix_(order, order)], old.spec)}
    one = run(panel, cells, weights, scheme, spans)
    two = run(panel.sample(frac=1, random_state=1), cells.sample(frac=1, random_state=2), moved, scheme, spans)
    pd.testing.assert_frame_equal(estimates_frame(one.estimates), estimates_frame(two.estimates))
    pd.testing.assert_frame_equal(one.series, two.series)


def test_renamed_units_change_no_number():
    panel, cells, weights, scheme, spans = make_study()
    names = {unit: f"Z{99 - i}" for i, unit in enumerate(scheme.samples["all"])}
    other = SchemeInfo("s", {"all": tuple(sorted(names.values()))}, 1, 1980)
    old = weights["w"]
    renamed = {"w": SpatialWeights(tuple(names[u] for u in old.units), old.matrix, old.spec)}
    frames = [frame.assign(unit=frame["unit"].map(names)) for frame in (panel, cells)]
    one, two = run(panel, cells, weights, scheme, spans), run(*frames, renamed, other, spans)
    pd.testing.assert_frame_equal(estimates_frame(one.estimates)[NUMBERS], estimates_frame(two.estimates)[NUMBERS])


def test_fixed_classes_relative_to_the_population_mean():
    study = make_study()
    spec = DistributionSpec("f", "P", "all", "s", classes="fixed", cutoffs=(0.8, 1.2), relative_to="population_mean")
    results = run(*study, spec)
    panel = study[0].assign(income=np.exp(study[0]["log_income"]))
    mean = panel.groupby("year").apply(lambda g: np.average(g["income"], weights=g["population"]))
    relative = panel["income"] / panel["year"].map(mean)
    low = int(((relative <= 0.8) & (panel["year"] < 2014)).sum())
    assert row(results, term="p_1_1").n_obs == low


def test_yearly_classes_and_a_decennial_study():
    study = make_study(years=range(1940, 2001, 10), step=10)
    specs = (DistributionSpec("y", "P", "all", "s", classes="yearly", steps=(1, 10), weights="w", kernel_steps=(10,)),)
    results = run(*study, *specs)
    assert np.isfinite(row(results, term="shorrocks", contrast="10 years").estimate)
    yearly = row(results, term="shorrocks", contrast="1 years")
    assert np.isnan(yearly.estimate)
    assert "10 years apart" in yearly.warning


def test_equal_incomes_and_two_units_are_not_defined():
    panel, cells, weights, scheme, spans = make_study()
    equal = panel.assign(log_income=9.0)
    results = run(equal, cells, weights, scheme, spans)
    assert all(np.isnan(e.estimate) for e in results.estimates)
    assert all("not defined" in e.warning for e in results.estimates)
    few = run(panel, cells, weights, scheme, spans, DistributionSpec("few", "P", "few", "s", kernel_steps=(1,)))
    assert np.isnan(row(few, estimator="silverman", contrast="1990").estimate)


def test_refusals():
    panel, cells, weights, scheme, spans = make_study()
    with pytest.raises(EstimateError, match="missing for 1 unit-years"):
        run(panel.drop(index=3), cells, weights, scheme, spans)
    with pytest.raises(EstimateError, match="weights"):
        run(panel, cells, {}, scheme, spans)
    with pytest.raises(EstimateError, match="population"):
        run(panel.drop(columns="population"), cells, weights, scheme, spans,
            DistributionSpec("x", "P", "all", "s", relative_to="population_mean"))  # fmt: skip
    with pytest.raises(EstimateError, match="unknown"):
        run(panel, cells, weights, scheme, spans, DistributionSpec("x", "Q", "all", "s"))


def test_config():
    scheme = make_study()[3]
    item = {"id": "a", "period": "P", "classes": "fixed", "cutoffs": [0.7, 1.1], "steps": [1, 5]}
    spec = parse_distribution_specs([item], {"s": scheme}, "s")[0]
    assert spec == DistributionSpec("a", "P", "all", "s", classes="fixed", cutoffs=(0.7, 1.1), steps=(1, 5))
    assert (spec.k, spec.m) == (3, 3)
    for bad in ({"cutoffs": [1.1, 0.7]}, {"cutoffs": []}, {"steps": [0]}, {"classes": "x"}, {"typo": 1}):
        with pytest.raises(EstimateError, match=r"estimates\.distribution"):
            parse_distribution_specs([{**item, **bad}], {"s": scheme}, "s")
