"""Gradients of clusters on frames: planted East and South, invariance, counts or the reason, refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from evenfield.shared.estimates import estimates_frame
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.study.errors import EstimateError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.gradient.estimate import GradientStudy, estimate_gradient
from evenfield.topics.gradient.estimate_spec import GradientSpec, parse_gradient_specs
from tolerances import ITERATIVE

INFERENCE = InferenceSpec(permutations=299)
SPEC = GradientSpec("g", ("seed", "other"), "region", "East", stand_ins=("n",), hypothesis="H2", role="primary")
NUMBERS = ["estimate", "std_error", "p_value", "conf_low", "conf_high", "mde"]


def make_study():
    units = [f"U{i:02d}" for i in range(20)]
    place = np.arange(20)
    east = place < 8
    described = pd.DataFrame({"unit": units, "lat": 20.0 + place % 8, "lon": 120.0 - place,
                              "region": np.where(east, "East", "West")})  # fmt: skip
    cells = pd.concat([pd.DataFrame({"taxonomy": name, "unit": units, "period": "P", "cluster": np.isin(place, held)})
                       for name, held in (("seed", (0, 1, 2)), ("other", (0, 7, 15)))])  # fmt: skip
    counts = pd.DataFrame({"unit": units, "measure": "n", "value": np.round(np.exp(3 - 0.12 * place))})
    links = np.roll(np.eye(20), 1, axis=1) + np.roll(np.eye(20), -1, axis=1)
    weights = SpatialWeights(tuple(units), links / 2, {"weights": "ring"})
    return GradientStudy(described, cells, counts, weights, SchemeInfo("s", {"all": tuple(units)}), {})


def run(study, spec=SPEC):
    return estimate_gradient(study, [spec], INFERENCE)[0]


def pick(rows, **wanted):
    return next(row for row in rows if all(getattr(row, name) == value for name, value in wanted.items()))


def test_east_and_south_of_the_main_list_decide():
    rows = run(make_study())
    deciding = [row for row in rows if row.role == "primary"]
    assert {(row.term, row.treatment_def, row.hypothesis) for row in deciding} == {
        ("east", "seed", "H2"), ("south_within_east", "seed", "H2")}  # fmt: skip
    east, south = (pick(deciding, term=term) for term in ("east", "south_within_east"))
    assert east.estimate == pytest.approx(3 / 8)
    assert south.estimate == pytest.approx(np.mean([23, 24, 25, 26, 27]) - 21)
    assert south.p_value == pytest.approx(2 / 56)
    assert south.n_units == 8
    assert pick(rows, estimator="moran", treatment_def="seed").p_value < 0.05


def test_poisson_gradient_equals_the_regression_in_degrees():
    study = make_study()
    rows = run(study)
    fit = sm.GLM(study.clusters["value"], sm.add_constant(study.units["lon"]), family=sm.families.Poisson()).fit(
        cov_type="HC1", use_t=True
    )
    row = pick(rows, term="east_degrees")
    assert (row.estimate, row.std_error) == pytest.approx((fit.params["lon"], fit.bse["lon"]), rel=ITERATIVE)
    assert row.p_value < 0.01
    assert row.role == "robustness"


def test_without_a_count_the_rows_say_why_and_a_licensed_count_decides():
    study = make_study()
    bare = [row for row in run(study, replace(SPEC, stand_ins=())) if row.estimator == "poisson_qml"]
    assert len(bare) == 2
    assert all(np.isnan(row.estimate) and "no count of clusters" in row.warning for row in bare)
    short = replace(study, clusters=study.clusters.iloc[1:])
    assert "1 units have no n (U00), which is not a count of zero" in pick(run(short), term="east_degrees").warning
    rows = run(study, replace(SPEC, count="n", stand_ins=()))
    assert {row.term for row in rows if row.role == "primary"} == {"east_degrees", "south_degrees_within_east"}


def test_merged_units_hold_the_sum_of_their_parts():
    study = make_study()
    extra = pd.DataFrame({"unit": ["X"], "measure": "n", "value": 100.0})
    merged = replace(study, clusters=pd.concat([study.clusters, extra]), merged={"U19": ["U19", "X"]})
    assert pick(run(merged), term="east_degrees").estimate < pick(run(study), term="east_degrees").estimate


def test_row_order_and_the_order_of_weights_do_not_matter():
    study = make_study()
    order = np.random.default_rng(2).permutation(20)
    matrix = study.weights.matrix[np.ix_(order, order)]
    mixed = replace(study, units=study.units.sample(frac=1, random_state=1),
                    cells=study.cells.sample(frac=1, random_state=1),
                    clusters=study.clusters.sample(frac=1, random_state=1),
                    weights=SpatialWeights(tuple(study.weights.units[i] for i in order), matrix, {}))  # fmt: skip
    ours, theirs = (estimates_frame(run(s))[NUMBERS].to_numpy(float) for s in (study, mixed))
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_a_list_that_cannot_be_tested_has_a_reason():
    study = make_study()
    none = replace(study, cells=study.cells.assign(cluster=0))
    rows = [row for row in run(none) if row.outcome == "cluster"]
    assert all(np.isnan(row.estimate) and row.warning.startswith("not defined") for row in rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"regions": "area"}, "area"), ({"east": "North"}, "0 of 20 units have region = North"),
     ({"taxonomies": ("nobody",)}, "nobody")],
)  # fmt: skip
def test_unknown_names_are_refused(change, message):
    with pytest.raises(EstimateError, match=message):
        run(make_study(), replace(SPEC, **change))


def test_config_is_checked():
    scheme = make_study().scheme
    whole = {"id": "g", "taxonomies": ["seed"], "regions": "region", "east": "East"}
    assert parse_gradient_specs([whole], scheme)[0].role == "exploratory"
    with pytest.raises(EstimateError, match="no east"):
        parse_gradient_specs([{**whole, "east": ""}], scheme)
    with pytest.raises(EstimateError, match="as one text"):
        parse_gradient_specs([{**whole, "taxonomies": "seed"}], scheme)
