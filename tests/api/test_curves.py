"""A curve of labels that are dealt out together, against least squares of each
specification and a loop over permutations.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import evenfield as ef
from evenfield.models.specification_curve import drawn_keys
from evenfield.study.errors import EstimateError
from made_panel import refused
from refusals import fails
from tolerances import close

N = 24
UNITS = [f"u{i:02d}" for i in range(N)]
DRAWS = 19


def made():
    """Two periods of units with groups, initial income and a gap; two sets of weights."""
    rng = np.random.default_rng(8)
    parts = []
    for period in ("1990", "2000"):
        drawn = {name: rng.normal(size=N) for name in ("y", "other", "initial", "z")}
        part = pd.DataFrame({"unit": UNITS, "period": period, **drawn})
        part["cluster"] = (rng.random(N) < 0.4) * 1.0
        part["zone"] = (rng.random(N) < 0.4) * 1.0
        part["coast"] = ["in" if i % 3 else "out" for i in range(N)]
        part["size"] = np.arange(N)
        parts.append(part)
    weights = {}
    for name in ("near", "rail"):
        links = np.triu(rng.random((N, N)) < 0.2, 1) | np.eye(N, k=1, dtype=bool)
        W = (links | links.T) / (links | links.T).sum(axis=1, keepdims=True)
        weights[name] = pd.DataFrame(W, UNITS, UNITS)
    return pd.concat(parts), weights


DATA, WEIGHTS = made()
ONE = DATA[DATA["period"] == "1990"]
LABELS = ["cluster", "zone"]
ABOUT = {"unit": "unit", "draws": DRAWS, "seed": 4}
SAMPLES = {"all": "", "large": "size > 3"}


def sources(strata):
    """Who gets whose labels in each draw: units sorted by their key, stratum by stratum."""
    for keys in drawn_keys(4, range(1, 1 + DRAWS), N):
        source = np.arange(N)
        for name in set(strata):
            members = [i for i in range(N) if strata[i] == name]
            source[members] = sorted(members, key=lambda i, keys=keys: keys[i])
        yield source


def by_statsmodels(table, source, W, spec, regressors, contrast):
    """The contrast, its t and degrees of freedom in one specification with dealt labels."""
    outcome, controls, query = spec
    own = table[LABELS].to_numpy()[source]
    columns = {"cluster": own[:, 0], "zone": own[:, 1]}
    if W is not None:
        around = W.to_numpy() @ own
        columns |= {"W cluster": around[:, 0], "W zone": around[:, 1]}
        r = table["initial"].to_numpy()
        columns |= {f"initial:W {x}": r * columns[f"W {x}"] for x in LABELS}
    rows = table.reset_index(drop=True)
    X = sm.add_constant(pd.DataFrame(columns)[regressors].join(rows[list(controls)]))
    used = rows.query(query).index if query else rows.index
    fit = sm.OLS(rows[outcome][used], X.loc[used]).fit()
    c = np.array([contrast.get(name, 0.0) for name in X])
    test = fit.t_test(c)
    return test.effect[0], test.tvalue[0, 0], fit.df_resid


def curve_by_hand(sign, weights, regressors, contrast, sets, strata):
    """Summaries of the curve of the data and their p-values, and its first rows."""
    specs = list(product(["y", "other"], sets, SAMPLES.values()))
    parts = [part for _, part in DATA.groupby("period")]
    summaries = []
    for source in (np.arange(N), *sources(strata)):
        found = np.array(
            [
                by_statsmodels(part, source, W, spec, regressors, contrast)
                for part, W, spec in product(parts, weights, specs)
            ]
        )
        if not summaries:
            first = found
        b, t, df = found.T
        right = sign * b > 0
        clear = right & (np.abs(t) > stats.t.ppf(0.975, df))
        summaries.append([np.median(b), right.mean(), clear.mean(), t.mean()])
    values, *drawn = np.array(summaries)
    signs = np.array([sign, 1, 1, sign])
    further = signs * np.array(drawn) >= signs * values - 1e-9
    return first, values, (1 + further.sum(axis=0)) / (1 + DRAWS)


@pytest.mark.parametrize(
    ("about", "weights", "regressors", "contrast", "sets", "strata"),
    [
        ({}, [None], LABELS, {"cluster": 1.0}, [(), ("z",)], None),
        (
            {"w": WEIGHTS, "contrast": {"W cluster": 1.0, "W zone": -1.0}, "sign": -1},
            [*WEIGHTS.values()],
            [*LABELS, "W cluster", "W zone"],
            {"W cluster": 1.0, "W zone": -1.0},
            [("initial",), ("initial", "z")],
            "coast",
        ),
        (
            {
                "w": WEIGHTS["near"],
                "terms": [
                    "W cluster",
                    "W zone",
                    "initial:W cluster",
                    "initial:W zone",
                ],
                "contrast": {"initial:W cluster": 1.0, "initial:W zone": -1.0},
            },
            [WEIGHTS["near"]],
            ["W cluster", "W zone", "initial:W cluster", "initial:W zone"],
            {"initial:W cluster": 1.0, "initial:W zone": -1.0},
            [("initial",)],
            None,
        ),
    ],
)
def test_a_curve_is_least_squares_of_each_specification_again_in_each_draw(
    about, weights, regressors, contrast, sets, strata
):
    groups = ONE[strata].tolist() if strata else [""] * N
    sign = about.get("sign", 1)
    first, values, p = curve_by_hand(sign, weights, regressors, contrast, sets, groups)
    fit = ef.label_curve(
        ["y", "other"],
        # Neither the order of rows nor that of units is of any account.
        DATA.sample(frac=1, random_state=2),
        LABELS,
        controls=sets,
        samples=SAMPLES,
        by="period",
        strata=strata,
        **about,
        **ABOUT,
    )
    frame = fit.to_frame()
    close(frame[["estimate", "statistic", "df"]].to_numpy(float), first, rtol=1e-8)
    close(
        frame["p_value"].to_numpy(float),
        2 * stats.t.sf(np.abs(first[:, 1]), first[:, 2]),
    )
    joint = fit.tables["joint"]
    close(joint["value"].to_numpy(float), values, rtol=1e-8, atol=1e-12)
    close(joint["p_value"].to_numpy(float), p)
    assert "undefined" not in fit.tables
    # The order: tables, weights, outcomes, controls, samples.
    named = (
        "1990 | near | "
        if weights[0] is WEIGHTS["near"] and len(weights) > 1
        else "1990 | "
    )
    assert frame["term"][0].startswith(f"{named}y | ")


def test_one_specification_is_the_test_of_label_permutation():
    fit = ef.label_curve("y", ONE, LABELS, controls=[("z",)], **ABOUT)
    one = ef.label_permutation("y", ONE, LABELS, controls="z", unit="unit", draws=99)
    close(fit.params.iloc[0], one.params["cluster"])
    close(fit.tstats.iloc[0], one.tstats["cluster"])
    assert fit.title == "Specification curve of cluster, labels permuted"
    assert fit.interpret().startswith("Estimates above 0: ")


def test_a_lone_set_of_weights_needs_no_name_and_units_may_differ_by_table():
    call = {"w": WEIGHTS["near"], "contrast": {"W zone": 1}, **ABOUT}
    fit = ef.label_curve("y", ONE, LABELS, **call)
    named = ef.label_curve("y", ONE, LABELS, **{**call, "w": {"near": WEIGHTS["near"]}})
    assert list(fit.params.index) == ["y | no controls | all"]
    assert list(named.params.index) == ["near | y | no controls | all"]
    close(fit.tables["joint"], named.tables["joint"])
    # A unit that is in one table alone takes its labels along through the draws.
    fewer = DATA[(DATA["period"] == "1990") | (DATA["unit"] != "u05")]
    both = ef.label_curve("y", fewer, LABELS, by="period", **ABOUT)
    without = fewer[fewer["period"] == "2000"]
    alone = ef.label_curve("y", without, LABELS, **ABOUT)
    close(both.params.iloc[1], alone.params.iloc[0])
    assert both.nobs == 2 * N - 1


def test_a_specification_without_an_estimate_is_named_and_counts_in_no_summary():
    data = DATA.assign(
        zone=DATA["zone"].where(DATA["period"] == "1990", 0.0),
        school=DATA["z"].where(DATA["unit"] != "u03"),
        double=2 * DATA["z"],
    )
    sets = [(), ("school",), ("z", "double")]
    fit = ef.label_curve("y", data, LABELS, controls=sets, by="period", **ABOUT)
    assert fit.tables["undefined"]["reason"].to_dict() == {
        "1990 | y | school | all": "missing values of school",
        "1990 | y | z + double | all": "the controls are collinear",
        "2000 | y | no controls | all": "labels do not vary or are collinear in this sample",
        "2000 | y | school | all": "missing values of school",
        "2000 | y | z + double | all": "the controls are collinear",
    }
    assert fit.notes["not defined"] == "5 specifications"
    assert list(fit.params.index) == ["1990 | y | no controls | all"]
    alone = ef.label_curve("y", ONE, LABELS, **ABOUT)
    close(fit.tables["joint"], alone.tables["joint"])
    few = {"few": "size < 3", "all": ""}
    fit = ef.label_curve("y", ONE, LABELS, samples=few, **ABOUT)
    said = fit.tables["undefined"]["reason"].tolist()
    assert said == ["3 observations cannot carry 3 coefficients"]


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_units_of_measure_of_labels_change_no_test(factor):
    share = ONE.assign(zone=ONE["zone"] * factor)
    call = {"contrast": {"zone": 1}, **ABOUT}
    want = ef.label_curve("y", ONE, LABELS, **call)
    fit = ef.label_curve("y", share, LABELS, **call)
    close(fit.params * factor, want.params)
    close(fit.tables["joint"]["p_value"], want.tables["joint"]["p_value"])


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ("labels without a column", {"labels": []}),
        ("no column 'grup'", {"labels": "grup"}),
        ("the label cluster among the controls", {"controls": [(), ("cluster",)]}),
        ("an outcome of .*, coast; expected a column of numbers", {"labels": "coast"}),
        (
            "missing or infinite, first cluster of u02",
            {"data": ONE.assign(cluster=ONE["cluster"].where(ONE["unit"] != "u02"))},
        ),
        (
            "no specification with an estimate, first y .*: labels do not vary",
            {"data": ONE.assign(cluster=1.0)},
        ),
        ("leave nothing of the outcome over", {"y": "cluster"}),
        ("no column 'yy'", {"y": "yy"}),
        ("coast with what is no number", {"controls": [["coast"]]}),
        ("no column 'tax'", {"controls": [["tax"]]}),
        (
            "the sample far without rows; .*correct 'size > 99'",
            {"samples": {"far": "size > 99"}},
        ),
        ("the sample 'sise > 3' fails", {"samples": {"far": "sise > 3"}}),
        ("samples of type list", {"samples": ["size > 3"]}),
        ("sign=2", {"sign": 2}),
        ("draws=0; expected a whole number, 1 or more", {"draws": 0}),
        ("seed=-1", {"seed": -1}),
        ("seed='a'", {"seed": "a"}),
        (r"seed=\[1, 2\]", {"seed": [1, 2]}),
        (
            "no coefficient 'W cluster'; expected one of cluster, zone",
            {"contrast": {"W cluster": 1}},
        ),
        ("contrast={}", {"contrast": {}}),
        ("contrast of cluster='a'", {"contrast": {"cluster": "a"}}),
        ("no term 'W cluster'", {"terms": ["W cluster"]}),
        ("no term 'group'", {"terms": ["z:group"]}),
        ("no column 'tax'", {"terms": ["tax:zone"]}),
        ("w without weights", {"w": {}}),
        ("w near: .*one side only", {"w": {"near": WEIGHTS["near"].iloc[1:, 1:]}}),
        (
            "w near of 2000: 1 unit on one side only",
            {"data": DATA.iloc[:-1], "by": "period", "w": {"near": WEIGHTS["near"]}},
        ),
        ("no column 'decade'", {"by": "decade"}),
        ("48 rows of units|24 rows of units", {"data": DATA}),
        ("1990: .*u00", {"data": pd.concat([DATA, ONE.head(1)]), "by": "period"}),
        (
            "coast of u00 that differs in 2000",
            {
                "data": DATA.assign(coast=DATA["period"]),
                "by": "period",
                "strata": "coast",
            },
        ),
        ("data of type list", {"data": [1]}),
        ("data of type list", {"data": [1], "by": "period"}),
    ],
)
def test_what_no_curve_of_labels_can_be_made_of_is_refused(words, changes):
    call = {"y": "y", "data": ONE, "labels": LABELS, **ABOUT, **changes}
    refused(words, ef.label_curve, **call)


@pytest.mark.parametrize("function", [ef.label_curve, ef.specification_curve])
@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ("'size' among the sets of controls; .*names", {"controls": ["size"]}),
        ("'size' among the sets of controls", {"controls": "size"}),
        ("None among the sets of controls", {"controls": None}),
        ("2 specifications y . no controls . all; .*once", {"y": ["y", "y"]}),
        ("2 specifications y . z . all", {"controls": [("z",), (), ("z",)]}),
        ("'size', which is not true or false", {"samples": {"far": "size"}}),
        (r"'size \+ 1', which is not true", {"samples": {"far": "size + 1"}}),
        ("'True', which is not true or false in each", {"samples": {"far": "True"}}),
        ("the sample 3, which is not true", {"samples": {"far": 3}}),
        ("the sample far without rows", {"samples": {"far": "size > 99"}}),
        ("draws=0; expected a whole number, 1 or more", {"draws": 0}),
    ],
)
def test_what_no_curve_can_be_made_of_is_refused(function, words, changes):
    given = {"y": "y", "data": ONE, **ABOUT, **changes}
    refused(words, function, given.pop("y"), given.pop("data"), "cluster", **given)


@pytest.mark.parametrize("of", [bool, object, "boolean"])
def test_a_sample_may_be_a_column_of_true_and_false(of):
    data = ONE.assign(large=(ONE["size"] > 3).astype(of))
    for function in (ef.label_curve, ef.specification_curve):
        fit, want = (
            function("y", data, "cluster", samples={"large": query}, **ABOUT)
            for query in ("large", "size > 3")
        )
        pd.testing.assert_frame_equal(fit.to_frame(), want.to_frame())


@pytest.mark.parametrize("ids", [[0] * N, np.arange(N) // 2, np.arange(N)[::-1]])
def test_rows_of_a_sample_have_their_own_treatment_whatever_the_index(ids):
    data = ONE.set_axis(ids)
    fit = ef.specification_curve(
        "y", data, "cluster", samples={"large": "size > 3"}, draws=9
    )
    used = data[data["size"] > 3]
    want = sm.OLS(used["y"].to_numpy(), sm.add_constant(used["cluster"].to_numpy()))
    close(fit.params.iloc[0], want.fit().params[1])


def test_what_are_no_weights_is_refused():
    call = {"y": "y", "data": ONE, "labels": LABELS, **ABOUT}
    fails(ef.WeightsError, "w: weights of type int", ef.label_curve, **call, w=3)
    links = {unit: [other] for unit, other in zip(UNITS, UNITS[::-1], strict=True)}
    fails(
        ef.WeightsError, "w u00: weights of type list", ef.label_curve, **call, w=links
    )


@pytest.mark.parametrize("call", ["labels", "treatment"])
@pytest.mark.parametrize("query", ["size", "size.sum()", "new = size > 3", "coast"])
def test_a_sample_is_a_condition_and_takes_no_row_twice(call, query):
    # Of numbers pandas takes the rows with these labels: of 1, 1, 2 the second twice.
    options = {"unit": "unit", "draws": 9, "samples": {"some": query}}
    function = {"labels": ef.label_curve, "treatment": ef.specification_curve}[call]
    data = ONE.assign(size=[1, 1, *range(1, N - 1)])
    with pytest.raises(
        EstimateError, match=r"the sample .*a query of columns"
    ) as error:
        function("y", data, "cluster", **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": [["cluster"]]}, r"a label or term \['cluster'\]"),
        ({"terms": [["cluster"]]}, r"a label or term \['cluster'\]"),
        (
            {"controls": None},
            "None among the sets of controls; expected sequences of names",
        ),
        ({"controls": 5}, "5 among the sets of controls"),
        ({"controls": [None]}, "None among the sets of controls"),
        ({"sign": np.array([1, 1])}, r"sign=array\(\[1, 1\]\); expected 1 or -1"),
        ({"draws": np.inf}, "draws=inf; expected a whole number"),
        ({"by": []}, "by without a column; expected one at least"),
        ({"y": "part"}, "part with what is no number"),
    ],
)
def test_what_has_the_wrong_type_is_refused_in_one_line(options, words):
    data = ONE.assign(part=ONE["y"] + 1j)
    call = {"y": "y", "labels": LABELS, **ABOUT, **options}
    refused(words, lambda: ef.label_curve(call.pop("y"), data, **call))


def test_weights_may_have_numbers_for_names():
    by_text = ef.label_curve("y", ONE, "cluster", w={"5": WEIGHTS["near"]}, **ABOUT)
    by_number = ef.label_curve("y", ONE, "cluster", w={5: WEIGHTS["near"]}, **ABOUT)
    assert by_number.params.equals(by_text.params)


def test_a_column_of_yes_and_no_is_a_condition():
    data = ONE.assign(large=(ONE["size"] > 3).astype(object))
    want = ef.label_curve("y", ONE, "cluster", samples={"some": "size > 3"}, **ABOUT)
    for kind in (object, bool, "boolean"):
        some = data.astype({"large": kind})
        fit = ef.label_curve("y", some, "cluster", samples={"some": "large"}, **ABOUT)
        assert fit.params.equals(want.params)


@pytest.mark.parametrize("column", ["y", "z", "cluster"])
def test_numbers_that_no_float_can_square_are_refused(column):
    data = ONE.assign(**{column: 1e200 * ONE[column]})
    options = {"controls": [("z",)], **ABOUT}
    with np.errstate(all="raise"):
        refused(
            f"{column} too large to be squared",
            ef.label_curve,
            "y",
            data,
            "cluster",
            **options,
        )


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_an_outcome_that_the_treatment_explains_counts_in_no_summary(factor):
    data = ONE.assign(all_of=factor * (3 * ONE["size"] + 1))
    fit = ef.specification_curve(["all_of", "y"], data, "size", **ABOUT)
    said = "the treatment and controls leave nothing of the outcome over"
    undefined = fit.tables["undefined"]["reason"].to_dict()
    assert undefined == {"all_of | no controls | all": said}
    assert fit.notes["not defined"] == "1 specification"
    alone = ef.specification_curve("y", data, "size", **ABOUT)
    pd.testing.assert_frame_equal(fit.to_frame(), alone.to_frame())
    pd.testing.assert_frame_equal(fit.tables["joint"], alone.tables["joint"])
    words = f"no specification with an estimate, first all_of .*: {said}"
    refused(words, ef.specification_curve, "all_of", data, "size", **ABOUT)


def test_an_outcome_that_effects_and_controls_explain_counts_in_no_summary():
    wave = DATA["period"].eq("2000") * DATA["z"]
    data = DATA.assign(made=DATA["size"] + 2 * wave, wave=wave)
    about = {"effects": "unit", "time": "period", **ABOUT}
    fit = ef.specification_curve(
        ["made", "y"], data, "cluster", controls=[["wave"]], **about
    )
    assert list(fit.tables["undefined"].index) == ["made | wave | all"]
    assert list(fit.params.index) == ["y | wave | all"]


def test_a_treatment_among_its_own_controls_is_refused():
    call = {"controls": [(), ("cluster", "size")], "unit": "unit"}
    words = "the treatment cluster among the controls"
    refused(words, ef.specification_curve, "y", ONE, "cluster", **call)
    refused("outcome y as a regressor", ef.specification_curve, "y", ONE, "y")


@pytest.mark.parametrize("kind", ["int8", "Int8", "uint8", "float16"])
def test_samples_compute_in_float64(kind):
    large = ONE.assign(size=(20 * ONE["size"].rank()).clip(1, 120).round())
    large["high"] = large["size"] > 60
    large["few"] = np.arange(len(large)) % 4 > 0
    samples = {
        "square": "size * size > 3600",
        "sum": "high + few > 1 and size > 0",
        "either": "high & ~few",
        "quoted": "`size` * 3 > 180",
    }
    for name, query in samples.items():
        call = {"samples": {name: query}, **ABOUT}
        narrow = large.astype({"size": kind})
        found = ef.label_curve("y", narrow, "cluster", **call)
        by_hand = {"sum": "high & few"}.get(name, query)
        call["samples"] = {name: by_hand}
        assert found.params.equals(ef.label_curve("y", large, "cluster", **call).params)
