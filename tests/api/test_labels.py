"""Permutation of group labels, against draws and fits made here one by one."""

from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from statsmodels.api import OLS, add_constant

import evenfield as ef
from evenfield.numerics.label_change import label_change
from evenfield.numerics.label_permutation import LabelDraws, LabelRegression
from made_panel import refused, ring
from tolerances import close

N = 9
UNITS = [f"u{i}" for i in range(N)]
RING = ring(UNITS)
LINKS = [(u, UNITS[(i + 1) % N]) for i, u in enumerate(UNITS)]
RNG = np.random.default_rng(5)
CROSS = pd.DataFrame(
    {
        "unit": UNITS,
        "y": RNG.normal(size=N),
        "other": RNG.normal(size=N),
        "x": RNG.normal(size=N),
        "group": [1.0, 1, 1, 0, 0, 0, 0, 0, 0],
        "zone": [0.0, 0, 1, 1, 0, 1, 0, 1, 0],
        "coast": list("aaaaaabbb"),
    }
)
ABOUT = {"controls": "x", "unit": "unit"}


def statistic(y, *columns, c=(1.0,)):
    """Estimate and t of a combination of the first coefficients by statsmodels."""
    fit = OLS(
        np.asarray(y), add_constant(np.column_stack(columns), prepend=False)
    ).fit()
    weights = np.zeros(len(fit.params))
    weights[: len(c)] = c
    test = fit.t_test(weights)
    return float(np.squeeze(test.effect)), float(np.squeeze(test.tvalue))


def test_every_way_to_deal_out_the_labels_gives_the_exact_p():
    fit = ef.label_permutation("y", CROSS, "group", exact=True, **ABOUT)
    estimate, t = statistic(CROSS["y"], CROSS["group"], CROSS["x"])
    drawn = []
    for members in combinations(range(N), 3):
        labels = np.isin(np.arange(N), members).astype(float)
        drawn.append(abs(statistic(CROSS["y"], labels, CROSS["x"])[1]))
    close([fit.params["group"], fit.tstats["group"]], [estimate, t])
    close(fit.pvalues["group"], np.mean(np.array(drawn) >= abs(t) - 1e-9))
    assert fit.notes["patterns"] == len(drawn) == 84


def test_every_way_to_deal_out_a_change_pairs_the_labels_of_both_dates():
    six = CROSS.iloc[:6]
    later = six.assign(year=2010, y=six["other"], group=[1.0, 0, 0, 1, 1, 0])
    both = pd.concat([six.assign(year=2000), later])
    about = {"unit": "unit", "time": "year", "exact": True}
    fit = ef.label_permutation("y", both, "group", **about)
    first, last = (
        LabelRegression(
            each["y"].to_numpy(),
            each[["group"]].to_numpy(),
            np.ones((6, 1)),
            np.ones(1),
        )
        for each in (six, later)
    )
    all_orders = np.array(list(permutations(range(6))))
    draws = LabelDraws(all_orders, "free", np.zeros(6, int), np.ones((6, 1)))
    test = label_change(first, last, draws)
    extreme = np.abs(test.statistics) >= abs(test.statistic) - 1e-9
    close(fit.pvalues["group"], extreme.mean())
    # Six units of four kinds: one, two, two and one of each.
    assert fit.notes["patterns"] == 720 // 4


def test_every_way_to_deal_out_one_set_of_labels_counts_the_data_once():
    eight = CROSS.iloc[:8]
    later = eight.assign(year=2010, y=eight["other"])
    both = pd.concat([eight.assign(year=2000), later])
    change = ef.label_permutation(
        "y", both, "group", unit="unit", time="year", exact=True
    )
    several = ef.label_permutation(
        ["y", "other"], eight, "group", unit="unit", exact=True
    )
    p_values = [change.pvalues["group"], *several.to_frame()["p_value"]]
    assert change.notes["patterns"] == several.notes["patterns"] == 56
    shares = 56 * np.array(p_values)
    close(shares, np.round(shares))


def test_draws_are_those_of_the_seed_with_neighbours_formed_anew():
    weights = {"group": 1.0, "W group": -1.0}
    options = {"contrast": weights, "w": RING, "draws": 99, "seed": [4, 2]}
    fit = ef.label_permutation("y", CROSS, ["group", "zone"], **options, **ABOUT)
    W = np.array([[0.5 * (v in RING[u]) for v in UNITS] for u in UNITS])
    labels = CROSS[["group", "zone"]].to_numpy()

    def t_of(rows):
        regressors = [*rows.T, *(W @ rows).T, CROSS["x"]]
        return statistic(CROSS["y"], *regressors, c=(1.0, 0.0, -1.0))

    source = np.random.default_rng([4, 2]).permuted(
        np.tile(np.arange(N), (99, 1)), axis=1
    )
    estimate, t = t_of(labels)
    extreme = 0
    defined = 0
    for draw in source:
        X = np.column_stack([labels[draw], W @ labels[draw], CROSS["x"], np.ones(N)])
        if np.linalg.matrix_rank(X, tol=1e-6) == X.shape[1]:
            defined += 1
            extreme += abs(t_of(labels[draw])[1]) >= abs(t) - 1e-9
    close(fit.params["group - W group"], estimate)
    close(fit.pvalues["group - W group"], (1 + extreme) / (1 + defined))


def test_labels_stay_in_their_stratum_or_hang_together():
    within = ef.label_permutation(
        "y", CROSS, "zone", strata="coast", exact=True, unit="unit"
    )
    assert within.notes["patterns"] == 20 * 3
    refused(
        "only 9 different label patterns",
        ef.label_permutation,
        "y",
        CROSS,
        "group",
        links=LINKS,
        unit="unit",
    )
    # Nine places of three in a row, with the zones dealt out inside and outside.
    both = ef.label_permutation(
        "y", CROSS, ["group", "zone"], links=LINKS, unit="unit", draws=4999
    )
    assert both.notes["patterns"] == 9 * 3 * 20
    law = both.to_frame()["law"][0]
    assert law == "connected permutation of labels"


def test_what_draws_let_expect_is_subtracted_or_held():
    labels = CROSS["group"].to_numpy()
    W = np.array([[0.5 * (v in RING[u]) for v in UNITS] for u in UNITS])
    coast = CROSS["coast"].to_numpy()
    mean = CROSS.groupby("coast")["group"].transform("mean").to_numpy()
    options = {"w": RING, "strata": "coast", "draws": 999, "contrast": {"W group": 1.0}}
    centred = ef.label_permutation(
        "y", CROSS, "group", expected="subtract", **options, **ABOUT
    )
    expected = W @ mean
    X = [W @ labels - expected, labels - mean, CROSS["x"]]
    close(centred.params["W group"], statistic(CROSS["y"], *X)[0])
    held = ef.label_permutation(
        "y", CROSS, "group", expected="control", **options, **ABOUT
    )
    X = [W @ labels, labels, CROSS["x"], coast == "a", expected]
    close(held.params["W group"], statistic(CROSS["y"], *map(np.float64, X))[0])


def test_several_outcomes_are_adjusted_on_common_draws():
    fit = ef.label_permutation(["y", "other"], CROSS, "group", draws=199, unit="unit")
    rows = fit.to_frame().set_index(["inference", "term"])
    alone = ef.label_permutation("other", CROSS, "group", draws=199, unit="unit")
    close(rows.loc[("permuted labels", "other"), "p_value"], alone.pvalues["group"])
    t = rows.loc["permuted labels", "statistic"].abs()
    source = np.random.default_rng(0).permuted(np.tile(np.arange(N), (199, 1)), axis=1)
    labels = CROSS["group"].to_numpy()
    draws = [
        max(abs(statistic(CROSS[y], labels[draw])[1]) for y in ("y", "other"))
        for draw in source
    ]
    joint = (1 + (np.array(draws) >= t.max() - 1e-9).sum()) / 200
    close(rows.loc[("Romano-Wolf", t.idxmax()), "p_value"], joint)
    assert fit.tables["joint"].loc["largest", "outcome"] == t.idxmax()
    close(fit.tables["joint"].loc["largest", "p_value"], joint)


def test_a_draw_that_explains_an_outcome_is_no_draw_of_the_joint_test():
    exact = CROSS.assign(other=np.isin(np.arange(N), [2, 4, 7]) * 1.0)
    about = {"unit": "unit", "exact": True}
    fit = ef.label_permutation(["y", "other"], exact, "group", **about)
    t = {y: statistic(exact[y], exact["group"])[1] for y in ("y", "other")}
    largest = []
    for members in combinations(range(N), 3):
        labels = np.isin(np.arange(N), members) * 1.0
        if (labels != exact["other"]).any():
            own = [abs(statistic(exact[y], labels)[1]) for y in t]
            largest.append(max(own))
    assert len(largest) == 83
    joint = np.mean(np.array(largest) >= max(map(abs, t.values())) - 1e-9)
    found = fit.to_frame().set_index("inference").loc["Romano-Wolf", "p_value"]
    close(found.min(), joint)


def test_a_change_is_that_of_the_contrasts_of_both_dates():
    later = CROSS.assign(y=CROSS["other"], year=2010)
    both = pd.concat([CROSS.assign(year=2000), later])
    fit = ef.label_permutation("y", both, "group", time="year", draws=99, **ABOUT)
    first, last = (
        statistic(CROSS[y], CROSS["group"], CROSS["x"])[0] for y in ("y", "other")
    )
    close(fit.params["group"], last - first)
    mixed = both.sample(frac=1, random_state=1)
    again = ef.label_permutation("y", mixed, "group", time="year", draws=99, **ABOUT)
    close(again.pvalues, fit.pvalues)


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ("no coefficient 'W group'", {"contrast": {"W group": 1.0}}),
        ("strata or exact beside links", {"strata": "coast", "links": LINKS}),
        ("links of type DataFrame", {"links": pd.DataFrame(LINKS, columns=["i", "j"])}),
        ("contrast=\\['group'\\]", {"contrast": ["group"]}),
        ("one at least that is not 0", {"contrast": {"group": 0}}),
        ("no use of the expectation 'drop'", {"expected": "drop"}),
        ("no column 'port'", {"strata": "port"}),
        ("the label group among the controls", {"controls": ["group"]}),
        ("draws=0", {"draws": 0}),
    ],
)
def test_what_cannot_be_dealt_out_is_refused(words, changes):
    refused(words, ef.label_permutation, "y", CROSS, "group", unit="unit", **changes)


@pytest.mark.parametrize(
    ("words", "y", "labels"),
    [
        ("y without a column", [], "group"),
        ("labels without a column", "y", []),
        ("coast with what is no number", "y", "coast"),
    ],
)
def test_outcomes_and_labels_are_columns_of_numbers(words, y, labels):
    refused(words, ef.label_permutation, y, CROSS, labels, unit="unit")


@pytest.mark.parametrize(
    ("contrast", "term"),
    [
        ({"group": 2.0}, "2 group"),
        ({"group": 0.5, "zone": -0.5}, "0.5 group - 0.5 zone"),
        ({"group": -1.0, "zone": 1.0}, "- group + zone"),
    ],
)
def test_a_contrast_is_named_by_its_weights(contrast, term):
    fit = ef.label_permutation(
        "y", CROSS, ["group", "zone"], contrast=contrast, draws=99, unit="unit"
    )
    weights = [contrast.get(name, 0.0) for name in ("group", "zone")]
    estimate, _ = statistic(CROSS["y"], CROSS["group"], CROSS["zone"], c=weights)
    close(fit.params[term], estimate)


def test_a_unit_has_one_stratum_at_both_dates():
    later = CROSS.assign(
        year=2010, coast=CROSS["coast"].where(CROSS["unit"] != "u0", "b")
    )
    both = pd.concat([CROSS.assign(year=2000), later])
    about = {"strata": "coast", "unit": "unit", "time": "year"}
    refused("coast of u0 differs", ef.label_permutation, "y", both, "zone", **about)


def test_labels_that_cannot_be_dealt_out_are_refused():
    share = CROSS.assign(group=CROSS["group"] / 2)
    about = {"links": LINKS, "unit": "unit"}
    refused("no indicator", ef.label_permutation, "y", share, "group", **about)
    three = pd.concat([CROSS.assign(year=year) for year in (1, 2, 3)])
    about = {"unit": "unit", "time": "year"}
    refused("3 dates", ef.label_permutation, "y", three, "group", **about)
    hole = CROSS.assign(group=CROSS["group"].where(CROSS["unit"] != "u3"))
    refused(
        "missing values of group", ef.label_permutation, "y", hole, "group", unit="unit"
    )


def test_controls_that_cannot_be_told_apart_are_refused():
    twice = CROSS.assign(double=2 * CROSS["x"], one=1.0)
    for other in ("double", "one"):
        call = {"controls": ["x", other], "unit": "unit", "draws": 99}
        refused(
            "the controls are collinear",
            ef.label_permutation,
            "y",
            twice,
            "group",
            **call,
        )


@pytest.mark.parametrize(
    ("weight", "words"), [(np.nan, "a finite number"), ("1", "a number")]
)
def test_weights_of_a_contrast_are_numbers(weight, words):
    call = {"contrast": {"group": weight}, "draws": 99, **ABOUT}
    words = f"contrast of group={weight!r}; expected {words}"
    refused(words, ef.label_permutation, "y", CROSS, "group", **call)


TWENTY = 21
PATH = pd.DataFrame(
    {
        "unit": [f"u{i:02d}" for i in range(TWENTY)],
        "y": RNG.normal(size=TWENTY) + np.arange(TWENTY) / 9,
        "x": RNG.normal(size=TWENTY),
        "group": [1.0, 1] + [0.0] * (TWENTY - 2),
        "coast": ["a"] * 12 + ["b"] * 9,
        "lat": 30 + np.arange(TWENTY) / 3,
        "lon": 100.0,
    }
)
IN_A_ROW = list(zip(PATH["unit"][:-1], PATH["unit"][1:], strict=True))


def in_a_row(**options):
    return ef.label_permutation("y", PATH, "group", links=IN_A_ROW, **ABOUT, **options)


def test_sizes_are_shares_of_all_lists_by_another_program():
    found = in_a_row(draws=99).sizes(["HC1", "HC3"], level=0.8)
    tests = {"HC1": [], "HC3": []}
    for first in range(TWENTY - 1):
        labels = np.isin(np.arange(TWENTY), [first, first + 1]) * 1.0
        X = add_constant(np.column_stack([labels, PATH["x"]]), prepend=False)
        for kind, own in tests.items():
            fit = OLS(PATH["y"].to_numpy(), X).fit(cov_type=kind, use_t=True)
            own.append((fit.tvalues[0], fit.pvalues[0]))
    for kind, own in tests.items():
        t, p = np.transpose(own)
        line = found.loc[kind]
        close([line["statistic"], line["p_value"]], [t[0], p[0]])
        assert 0 < line["size"] < 1
        close(line["size"], np.mean(p <= 0.2))
        rank = np.mean(np.abs(t) >= abs(t[0]) - 1e-9)
        close(line["corrected_p"], rank)
        assert (line["rejects"], line["rejects_uncorrected"]) == (
            rank <= 0.2,
            p[0] <= 0.2,
        )
        assert (line["lists"], line["undefined"]) == (20, 0)
        assert np.isnan(line["std_error"])


def test_a_method_rejects_by_its_corrected_p():
    fit = in_a_row(draws=99)
    line = fit.sizes("HC1").loc["HC1"]
    p_values = line["p_value"], line["corrected_p"]
    assert p_values[0] != p_values[1]
    between = fit.sizes("HC1", level=1 - np.mean(p_values)).loc["HC1"]
    found = between["rejects_uncorrected"], between["rejects"]
    assert found == (p_values[0] < p_values[1], p_values[1] < p_values[0])


def test_the_error_of_a_size_is_that_of_the_lists_for_which_it_is_defined():
    # One of the twenty places of the pair has the labels of a control.
    place = np.isin(np.arange(TWENTY), [6, 7]) * 1.0
    zones = PATH.assign(zone=np.arange(TWENTY) % 2.0, place=place)
    about = {"controls": ["x", "place"], "unit": "unit", "draws": 99}
    fit = ef.label_permutation("y", zones, ["group", "zone"], links=IN_A_ROW, **about)
    line = fit.sizes("HC1", lists=100, level=0.8).loc["HC1"]
    assert (line["undefined"], 0 < line["size"] < 1) == (5, True)
    close(line["std_error"], np.sqrt(line["size"] * (1 - line["size"]) / 95))


def test_sizes_of_permutations_are_those_of_the_test_itself():
    fit = in_a_row(draws=199, seed=3)
    kinds = [f"randomisation{end}" for end in ("", "_connected", "_stratified")]
    seeds = {"free": 5, "stratified": 6}
    found = fit.sizes(kinds, strata="coast", seeds=seeds)
    close(found.loc["randomisation_connected", "p_value"], fit.pvalues["group"])
    free = ef.label_permutation("y", PATH, "group", draws=199, seed=5, **ABOUT)
    within = ef.label_permutation(
        "y", PATH, "group", draws=199, seed=6, strata="coast", **ABOUT
    )
    close(found.loc["randomisation", "p_value"], free.pvalues["group"])
    close(found.loc["randomisation_stratified", "p_value"], within.pvalues["group"])
    close(found["statistic"], [fit.tstats["group"]] * 3)
    assert found["corrected_p"].nunique() == 1


def test_lists_are_drawn_where_there_are_too_many():
    zones = PATH.assign(zone=np.arange(TWENTY) % 2.0)
    about = {"links": IN_A_ROW, "draws": 99, **ABOUT}
    fit = ef.label_permutation("y", zones, ["group", "zone"], **about)
    found = fit.sizes("HC1", lists=60, seeds={"lists": 1})
    line = found.loc["HC1"]
    close(line["std_error"], np.sqrt(line["size"] * (1 - line["size"]) / 60))
    close(line["corrected_p"] * 61, round(line["corrected_p"] * 61))
    mixed = ef.label_permutation(
        "y", zones.sample(frac=1, random_state=2), ["group", "zone"], **about
    )
    pd.testing.assert_frame_equal(mixed.sizes("HC1", lists=60, seed=1), found)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("no inference 'HC9'", {"inference": "HC9"}),
        ("no inference 'two_way'", {"inference": "two_way"}),
        ("stratified randomisation without", {"inference": "randomisation_stratified"}),
        ("no draws with a seed 'list'", {"seeds": {"list": 1}}),
        ("seed='a'", {"seeds": {"lists": "a"}}),
        ("lists=0", {"lists": 0}),
        ("no argument 'cutoff'", {"cutoff": 3}),
        ("confidence level of 95", {"level": 95}),
        ("Conley errors without a distance", {"inference": "conley"}),
        ("no column 'north'", {"inference": "SCPC", "coords": ("north", "east")}),
    ],
)
def test_what_cannot_be_tried_on_lists_is_refused(words, options):
    refused(words, in_a_row(draws=99).sizes, **options)


def test_placebo_lists_need_places_that_touch():
    fit = ef.label_permutation("y", PATH, "group", draws=99, **ABOUT)
    refused("placebo lists without links", fit.sizes)
    few = ef.label_permutation(
        "y", CROSS, ["group", "zone"], links=LINKS, draws=999, unit="unit"
    )
    assert few.sizes("HC1").loc["HC1", "lists"] == 9 * 3 * 20


def test_an_expectation_that_is_alike_in_all_units_is_refused():
    words = "expected exposure is alike in all"
    for use in ("subtract", "control"):
        call = {"expected": use, "draws": 99, **ABOUT}
        refused(words, ef.label_permutation, "y", CROSS, "group", **call)


SHARED = CROSS.assign(share=np.random.default_rng(6).uniform(size=N))


@pytest.mark.parametrize("unit", [1e-9, 1e-6, 1e9])
def test_the_unit_of_measure_of_a_label_changes_no_p(unit):
    found = ef.label_permutation("y", SHARED, "share", draws=199, **ABOUT)
    other = SHARED.assign(share=unit * SHARED["share"])
    scaled = ef.label_permutation("y", other, "share", draws=199, **ABOUT)
    close(scaled.pvalues, found.pvalues)
    close(scaled.tstats, found.tstats)
    two = pd.concat([SHARED.assign(year=1), SHARED.assign(year=2, y=SHARED["y"] ** 2)])
    dated = {"time": "year", "draws": 199, **ABOUT}
    change = ef.label_permutation("y", two, "share", **dated)
    two = two.assign(share=unit * two["share"])
    close(ef.label_permutation("y", two, "share", **dated).tstats, change.tstats)


def test_a_label_far_from_zero_keeps_its_digits():
    found = ef.label_permutation("y", SHARED, "share", draws=199, **ABOUT)
    far = SHARED.assign(share=SHARED["share"] + 2.0**26)
    shifted = ef.label_permutation("y", far, "share", draws=199, **ABOUT)
    close(shifted.tstats, found.tstats, rtol=1e-6)
    close(shifted.pvalues, found.pvalues)


def test_an_outcome_that_labels_explain_without_an_error_has_no_t():
    exact = SHARED.assign(y=2 * SHARED["share"] - SHARED["x"])
    dates = [exact.assign(year=1), exact.assign(year=2, y=exact["y"] + exact["x"])]
    call = {"time": "year", **ABOUT}
    refused(
        "nothing of the outcome",
        ef.label_permutation,
        "y",
        pd.concat(dates),
        "share",
        **call,
    )
    for data in (exact, SHARED.assign(y=3.0)):
        refused(
            "nothing of the outcome", ef.label_permutation, "y", data, "share", **ABOUT
        )


def test_a_level_in_text_is_a_number_for_sizes():
    fit = in_a_row(draws=99)
    pd.testing.assert_frame_equal(
        fit.sizes("HC1", level="0.9"), fit.sizes("HC1", level=0.9)
    )


@pytest.mark.parametrize("seeds", [5, "abc", [1]])
def test_seeds_of_draws_are_given_by_name(seeds):
    refused("seeds by name", in_a_row(draws=99).sizes, "HC1", seeds=seeds)


def loo_and_bic(y, *columns):
    """Error of predicting each unit from the others, one fit each, and BIC."""
    X = np.column_stack([np.ones(len(y)), *columns])
    errors = []
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        slopes = np.linalg.lstsq(X[rest], y[rest], rcond=None)[0]
        errors.append(y[i] - X[i] @ slopes)
    return np.mean(np.square(errors)), OLS(y, X).fit().bic


def test_gains_are_those_of_labels_that_are_dealt_out_one_by_one():
    rng = np.random.default_rng(12)
    n = 24
    data = pd.DataFrame({"unit": [f"v{i:02}" for i in range(n)]})
    data = data.assign(a=np.arange(n) % 2, b=np.arange(n) % 3 == 0)
    data = data.assign(both=data["a"] * data["b"], z=rng.normal(size=n)).astype(
        {"a": float, "b": float, "both": float}
    )
    data["y"] = data["a"] + 3 * data["both"] + rng.normal(size=n)
    fit = ef.label_permutation("y", data, ["a", "b", "both"], unit="unit", draws=199)
    y = data["y"].to_numpy()
    labels = data[["a", "b", "both"]].to_numpy()

    def gains(order):
        dealt = labels[order].T
        loo, bic = zip(loo_and_bic(y, *dealt[:2]), loo_and_bic(y, *dealt), strict=True)
        return 1 - loo[1] / loo[0], bic[0] - bic[1]

    own = np.array(gains(np.arange(n)))
    drawn = np.array([gains(order) for order in fit.raw.drawn.source])
    found = fit.gains(["a", "b"])
    assert list(found.index) == ["loo_gain", "bic_gain"]
    close(found["estimate"], own)
    close(found["p_value"], (1 + (drawn >= own - 1e-9).sum(axis=0)) / 200)
    assert (found["draws"] == 199).all()
    # Columns that are no labels are dealt out with them.
    other = fit.gains("z")["estimate"]
    close(
        other["loo_gain"],
        1 - loo_and_bic(y, *labels.T)[0] / loo_and_bic(y, data["z"])[0],
    )


@pytest.mark.parametrize(
    "changes",
    [{"controls": "x"}, {"exact": True}, {"w": RING}, {"y": ["y", "other"]}],
)
def test_gains_are_of_labels_alone(changes):
    call = {"y": "y", "labels": "group", "unit": "unit", "draws": 99, **changes}
    fit = ef.label_permutation(data=CROSS, **call)
    refused("gains beside controls", fit.gains, "zone")


def test_gains_of_what_cannot_be_compared_are_refused():
    fit = ef.label_permutation("y", CROSS, "group", unit="unit", draws=99)
    refused("against without a column", fit.gains, ())
    alone = CROSS.assign(alone=(CROSS["unit"] == "u3").astype(float))
    fit = ef.label_permutation("y", alone, "group", unit="unit", draws=99)
    refused("u3 is alone in its group", fit.gains, "alone")
