"""The inequality family on frames."""

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.inequality import theil
from evenfield.shared.estimates import estimates_frame
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.windows import Span
from evenfield.study.errors import EstimateError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.inequality.estimate import INEQUALITY_SERIES, estimate_inequality
from evenfield.topics.inequality.estimate_spec import InequalitySpec, parse_inequality_specs

SPEC = InequalitySpec(
    "own", "all", "s", "primary", ("P",), "H12", 0.02, groupings=("region",), taxonomies=("t",),
    nested=(("region", "cell"),), weights="w", revision_sd=(0.02, 0.01),
)  # fmt: skip
INFERENCE = InferenceSpec(permutations=199)
NUMBERS = ["estimate", "statistic", "p_value", "conf_low", "conf_high"]
CLOSURE = 1e-12


def make_study(n=12, years=range(2000, 2006), step=1):
    rng = np.random.default_rng(9)
    units = [f"U{i:02d}" for i in range(n)]
    y = 9 + rng.normal(0, 0.5, (n, 1)) + np.cumsum(rng.normal(0.05, 0.05, (n, len(years))), axis=1)
    people = rng.uniform(1, 9, n)
    panel = pd.DataFrame([
        {"unit": unit, "year": year, "basis": "official", "log_income": y[i, t], "population": people[i],
         "output_real": people[i] * np.exp(y[i, t])}
        for i, unit in enumerate(units) for t, year in enumerate(years)
    ])  # fmt: skip
    places = pd.DataFrame({"unit": units, "region": np.where(np.arange(n) < 5, "East", "West")})
    cluster, sez = (np.arange(n) < 3).astype(int), (np.arange(n) % 4 == 0).astype(int)
    cell = np.array(["neither", "SEZ only", "cluster only", "both"])[2 * cluster + sez]
    labels = {"taxonomy": "t", "unit": units, "period": "P"}
    cells = pd.DataFrame({**labels, "cluster": cluster, "sez": sez, "cell": cell})
    ring = (np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)) / 2
    weights = {"w": SpatialWeights(tuple(units), ring, {"weights": "w"})}
    scheme = SchemeInfo("s", {"all": tuple(units), "two": tuple(units[:2])}, step, 1990)
    return panel, places, cells, weights, scheme, {"P": Span("P", years[0], years[-1])}


def run(panel, places, cells, weights, scheme, spans, *specs):
    return estimate_inequality({"s": panel}, {"s": places}, {"s": cells}, {"s": weights}, schemes={"s": scheme},
                               spans={"s": spans}, specs=specs or (SPEC,), inference=INFERENCE)  # fmt: skip


def rows(results, **labels):
    return [e for e in results.estimates if all(getattr(e, key) == value for key, value in labels.items())]


def test_the_change_of_theil_carries_role_hypothesis_and_smallest_effect():
    results = run(*make_study())
    primary = rows(results, role="primary")
    assert [(e.term, e.contrast, e.hypothesis, e.sesoi) for e in primary] == [("theil_t", "end - start", "H12", 0.02)]
    panel = make_study()[0]
    ends = [panel[panel["year"] == year] for year in (2000, 2005)]
    first, last = (theil(np.exp(end["log_income"]), end["population"]) for end in ends)
    assert primary[0].estimate == pytest.approx(last - first, rel=1e-9)
    assert "sampling error" in primary[0].se_type
    assert primary[0].max_leverage_unit


def test_shares_close():
    results = run(*make_study())
    for estimator in ("nested_theil", "shapley_theil"):
        for measure in ("theil_t", "theil_l"):
            found = rows(results, estimator=estimator, contrast="end", controls_id=measure)
            assert sum(e.estimate for e in found) == pytest.approx(1, abs=CLOSURE)
    for name in ("region", "t: cell", "t: cluster", "t: sez"):
        for estimator, contrast in (("growth_accounting", "share of growth"), ("dagum", "start")):
            found = rows(results, estimator=estimator, contrast=contrast, treatment_def=name)
            assert sum(e.estimate for e in found) == pytest.approx(1, abs=CLOSURE)


def test_series_closes_year_by_year():
    series = run(*make_study()).series
    assert list(series.columns) == list(INEQUALITY_SERIES)
    for measure in ("theil_t", "theil_l"):
        own = series[series["measure"] == measure]
        total = own[own["kind"] == "index"].set_index("year")["value"]
        for name in ("region", "t: cell"):
            parts = (
                own[own["kind"].isin(["between", "within"]) & (own["grouping"] == name)].groupby("year")["value"].sum()
            )
            np.testing.assert_allclose(parts.to_numpy(), total.to_numpy(), atol=CLOSURE)
    assert set(series["kind"]) == {"index", "between", "within", "dagum", "influence"}


def test_shares_lie_below_the_maximum_and_carry_p_values():
    results = run(*make_study())
    for e in rows(results, term="between_over_maximum_theil_t"):
        assert 0 <= e.estimate <= 1
    share = rows(results, term="between_theil_t", contrast="end", treatment_def="region")[0]
    assert 0 < share.p_value <= 1
    connected = rows(results, term="between_connected_theil_t", contrast="end", treatment_def="t: cluster")[0]
    assert "12 connected groups of 3" in connected.p_type
    scattered = rows(results, term="between_connected_theil_t", contrast="end", treatment_def="t: sez")[0]
    assert "not connected" in scattered.warning


def test_shuffled_rows_and_permuted_weights_change_nothing():
    panel, places, cells, weights, scheme, spans = make_study()
    order = np.random.default_rng(3).permutation(12)
    old = weights["w"]
    moved = {"w": SpatialWeights(tuple(old.units[i] for i in order), old.matrix[np.ix_(order, order)], old.spec)}
    one = run(panel, places, cells, weights, scheme, spans)
    mixed = [frame.sample(frac=1, random_state=i) for i, frame in enumerate((panel, places, cells))]
    two = run(*mixed, moved, scheme, spans)
    pd.testing.assert_frame_equal(estimates_frame(one.estimates), estimates_frame(two.estimates))
    pd.testing.assert_frame_equal(one.series, two.series)


def test_renamed_units_change_no_number():
    panel, places, cells, weights, scheme, spans = make_study()
    names = {unit: f"Z{99 - i}" for i, unit in enumerate(scheme.samples["all"])}
    other = SchemeInfo("s", {"all": tuple(sorted(names.values()))}, 1, 1990)
    old = weights["w"]
    renamed = {"w": SpatialWeights(tuple(names[u] for u in old.units), old.matrix, old.spec)}
    frames = [frame.assign(unit=frame["unit"].map(names)) for frame in (panel, places, cells)]
    one, two = run(panel, places, cells, weights, scheme, spans), run(*frames, renamed, other, spans)
    pd.testing.assert_frame_equal(estimates_frame(one.estimates)[NUMBERS], estimates_frame(two.estimates)[NUMBERS])


def test_another_currency_changes_no_number():
    panel, *rest = make_study()
    one = run(panel, *rest)
    two = run(panel.assign(log_income=panel["log_income"] + np.log(100)), *rest)
    for a, b in zip(one.estimates, two.estimates, strict=True):
        assert a.estimate == pytest.approx(b.estimate, rel=1e-8, nan_ok=True)


def test_a_study_without_population_output_or_taxonomy():
    panel, places, cells, weights, scheme, spans = make_study()
    bare = panel.drop(columns=["population", "output_real"])
    spec = InequalitySpec("u", "all", "s", periods=("P",), weighting="unweighted", groupings=("region",))
    results = run(bare, places, cells.head(0), weights, scheme, spans, spec)
    assert np.isfinite(rows(results, term="theil_t", contrast="end")[0].estimate)
    growth = rows(results, estimator="growth_accounting")[0]
    assert "no output" in growth.warning
    with pytest.raises(EstimateError, match="population"):
        run(bare, places, cells, weights, scheme, spans)


def test_one_group_and_two_units_are_not_defined():
    panel, places, cells, weights, scheme, spans = make_study()
    one = InequalitySpec("o", "all", "s", periods=("P",), groupings=("region",))
    results = run(panel, places.assign(region="all"), cells, weights, scheme, spans, one)
    assert "one group" in rows(results, treatment_def="region", estimator="theil_decomposition")[0].warning
    two = run(panel, places, cells, weights, scheme, spans, InequalitySpec("o", "two", "s", periods=("P",)))
    assert all(np.isnan(e.estimate) for e in rows(two, term="theil_t"))


def test_refusals():
    panel, places, cells, weights, scheme, spans = make_study()
    with pytest.raises(EstimateError, match="missing for 1 unit-years"):
        run(panel.drop(index=3), places, cells, weights, scheme, spans)
    with pytest.raises(EstimateError, match="have no region"):
        run(panel, places.head(4), cells, weights, scheme, spans)
    with pytest.raises(EstimateError, match="taxonomies"):
        run(panel, places, cells.head(0), weights, scheme, spans)


def test_config():
    scheme = make_study()[4]
    item = {"id": "a", "periods": ["P"], "groupings": ["region"], "nested": [["region", "cell"]], "taxonomies": ["t"],
            "revision_sd": {"output": 0.02}}  # fmt: skip
    spec = parse_inequality_specs([item], {"s": scheme}, "s")[0]
    assert spec.nested == (("region", "cell"),)
    assert spec.revision_sd == (0.02, 0.0)
    for bad in ({"periods": []}, {"nested": [["region", "x"]]}, {"aversion": [0]}, {"weighting": "x"}, {"typo": 1}):
        with pytest.raises(EstimateError, match=r"estimates\.inequality"):
            parse_inequality_specs([{**item, **bad}], {"s": scheme}, "s")
