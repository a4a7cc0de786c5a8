"""One regression in several samples, and the fit again without each unit."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

import evenfield as ef
from made_panel import DATA, KEYS, N, refused
from tolerances import close

THREE = DATA[DATA["year"].isin([1990, 1996, 2005])].rename(columns={"year": "wave"})
HALVES = THREE.assign(half=np.where(THREE["unit"] < "u06", "first", "second"))
BY = {"by": "wave", "unit": "unit", "inference": "CR3"}


def test_each_sample_has_the_numbers_of_its_own_fit():
    fit = ef.ols_by("y ~ x + rich", THREE, reference="1996", **BY)
    assert list(fit.params.index) == ["1990", "1996", "2005"]
    own = {
        str(wave): ef.ols("y ~ x + rich", part, unit="unit", inference="CR3")
        for wave, part in THREE.groupby("wave")
    }
    close(fit.params, [each.params["x"] for each in own.values()])
    close(fit.conf_int(0.9), [each.conf_int(0.9).loc["x"] for each in own.values()])
    ends = fit.tables["range"]
    close(ends["estimate"], [fit.params.min(), fit.params.max()])
    assert list(ends["sample"]) == [fit.params.idxmin(), fit.params.idxmax()]
    close(ends["bound"], [fit.conf_int()["lower"].min(), fit.conf_int()["upper"].max()])
    signs = np.sign(fit.params)
    assert fit.notes["same sign"] == (signs == signs["1996"]).sum()
    by_number = ef.ols_by("y ~ x + rich", THREE, reference=1996, **BY)
    assert by_number.notes == fit.notes
    width = np.ptp(fit.params) / fit.std_errors["1996"]
    close(fit.notes["range in standard errors"], width)
    other = ef.ols_by("y ~ x + rich", THREE, term="rich", **BY)
    close(other.params["2005"], own["2005"].params["rich"])


def test_rows_in_any_order_give_the_same():
    fit = ef.ols_by("y ~ x", THREE, **BY)
    mixed = ef.ols_by(data=THREE.sample(frac=1, random_state=2), y="y", x=["x"], **BY)
    close(
        fit.to_frame()[["estimate", "p_value"]],
        mixed.to_frame()[["estimate", "p_value"]],
    )
    close(fit.pool().params, mixed.pool().params)


def test_samples_are_pooled_as_statsmodels_pools_them():
    fit = ef.ols_by("y ~ x", THREE, **BY)
    ends = fit.conf_int()
    variances = ((ends["upper"] - ends["lower"]) / 2 / stats.norm.ppf(0.975)) ** 2
    pooled = fit.pool()
    tau2 = pooled.notes["tau2"]
    other = combine_effects(
        fit.params.to_numpy(),
        variances.to_numpy(),
        "iterated",
        tau2_start=tau2,
        maxiter=0,
    )
    rows = pooled.to_frame().set_index("inference")
    close(rows["estimate"], [other.mean_effect_re] * 2)
    close(rows["std_error"], [other.sd_eff_w_re] * 2)
    t = other.mean_effect_re / other.sd_eff_w_re
    close(rows.loc["random effects", "p_value"], 2 * stats.norm.sf(abs(t)))
    close(rows.loc["random effects, t", "p_value"], 2 * stats.t.sf(abs(t), 2))
    half = stats.t.ppf(0.95, 2) * other.sd_eff_w_re
    low = pooled.to_frame(0.9).set_index("inference")["conf_low"]
    close(low["random effects, t"], other.mean_effect_re - half)
    q = pooled.tables["heterogeneity"].loc["Q"]
    homogeneity = other.test_homogeneity()
    close(q["p_value"], homogeneity.pvalue)
    close(q[["estimate", "statistic"]], [homogeneity.statistic] * 2)
    assert q["df"] == 2
    heterogeneity = pooled.tables["heterogeneity"]["estimate"]
    close(heterogeneity[["tau2", "I2"]], [tau2, pooled.notes["I2"]])
    close(heterogeneity["I2"], max(0, 1 - 2 / homogeneity.statistic))


def of_three_lists():
    """The three waves under lists of other regressors."""
    lists = {"a": THREE["x"], "b": THREE["x"] + THREE["rich"], "c": -THREE["x"]}
    parts = [THREE.assign(list=name, x=x) for name, x in lists.items()]
    return pd.concat(parts, ignore_index=True)


def test_samples_of_each_value_are_pooled_apart():
    data = of_three_lists()
    options = {**BY, "by": ["list", "wave"]}
    fit = ef.ols_by("y ~ x", data.sample(frac=1, random_state=4), **options)
    assert list(fit.params.index[:4]) == ["a, 1990", "a, 1996", "a, 2005", "b, 1990"]
    means = fit.pool(by="list", reference="a")
    alone = {
        name: ef.ols_by("y ~ x", part, **BY).pool()
        for name, part in data.groupby("list")
    }
    own = [each.params["mean"] for each in alone.values()]
    close(means.params, own)
    for kind in ("random effects", "random effects, t"):
        low = [each.vcov(kind).conf_int()["lower"].iloc[0] for each in alone.values()]
        close(means.vcov(kind).conf_int()["lower"], low)
    close(means.tables["range"]["estimate"], [min(own), max(own)])
    assert means.tables["range"].loc["lowest", "sample"] == "abc"[int(np.argmin(own))]
    assert means.notes["same sign"] == sum(np.sign(own) == np.sign(own[0])) < 3
    q = means.tables["heterogeneity"].loc[("b", "Q"), "p_value"]
    close(q, alone["b"].notes["p of Q"])
    assert means.nobs == len(data)
    by_wave = fit.pool(by="wave")
    assert list(by_wave.params.index) == ["1990", "1996", "2005"]


def test_a_pool_has_the_rows_of_its_own_samples():
    # 5 units in the first wave of one list, 12 elsewhere.
    few = THREE[(THREE["wave"] > 1990) | (THREE["unit"] < "u05")]
    data = pd.concat([few.assign(list="a"), THREE.assign(list="b")])
    about = {"unit": "unit", "inference": "classical"}
    fit = ef.ols_by("y ~ x", data, ["list", "wave"], **about)
    assert fit.pool().nobs == fit.nobs == len(data)
    by_list = fit.pool(by="list")
    assert by_list.nobs == len(data)
    own = {name: one.nobs for name, one in by_list.raw.items()}
    assert own == {"a": 5 + 12 + 12, "b": 3 * 12}


def test_two_samples_are_enough():
    two = ef.ols_by("y ~ x", THREE[THREE["wave"] < 2000], **BY)
    assert two.notes["samples"] == two.pool().notes["samples"] == 2
    one = THREE[THREE["wave"] < 1996]
    refused("one sample in wave", ef.ols_by, "y ~ x", one, **BY)


def test_values_that_cannot_be_pooled_apart_are_refused():
    fit = ef.ols_by("y ~ x", of_three_lists(), **{**BY, "by": ["list", "wave"]})
    refused("no column of the samples 'country'", fit.pool, by="country")
    refused("no sample 'z'", fit.pool, by="list", reference="z")
    refused("a reference without by", fit.pool, reference="a")
    one = ef.ols_by("y ~ x", THREE, **BY)
    refused("one sample of wave 1990", one.pool, by="wave")


def test_what_cannot_be_compared_is_refused():
    refused("no column 'country'", ef.ols_by, "y ~ x", THREE, by="country")
    refused("one sample in", ef.ols_by, "y ~ x", THREE.query("wave == 1990"), **BY)
    hole = THREE.assign(wave=THREE["wave"].astype(object).where(THREE["unit"] != "u00"))
    refused("3 rows without a sample", ef.ols_by, "y ~ x", hole, **BY)
    refused("data of type NoneType", ef.ols_by, "y ~ x", None, **BY)
    refused("no parameter 'z'", ef.ols_by, "y ~ x", THREE, term="z", **BY)
    refused("no sample '1991'", ef.ols_by, "y ~ x", THREE, reference="1991", **BY)
    one = THREE.assign(x=THREE["x"].where(THREE["wave"] != 2005, 1.0))
    refused("wave 2005: ", ef.ols_by, "y ~ x", one, **BY)
    fit = ef.ols_by("y ~ x", THREE, by="wave", unit="unit", inference="wild", draws=9)
    refused("no interval of 1990", fit.pool)


@pytest.mark.parametrize(
    ("formula", "of"),
    [("y ~ x + rich", "1996"), ("y ~ x + rich | unit + year", "all")],
)
def test_a_fit_without_each_unit_is_the_fit_of_the_others(formula, of):
    data = DATA if of == "all" else DATA[DATA["year"] == 1996]
    keys = KEYS if of == "all" else {"unit": "unit"}
    fit = ef.ols(formula, data, inference="CR3", **keys)
    without = fit.leave_one_out("rich")
    again = {
        unit: ef.ols(formula, data[data["unit"] != unit], inference="CR3", **keys)
        for unit in sorted(set(data["unit"]))
    }
    expected = pd.Series({unit: each.params["rich"] for unit, each in again.items()})
    assert list(without.params.index) == list(expected.index) and len(expected) == N
    close(without.params, expected, rtol=1e-9)
    ends = without.tables["range"]
    close(ends["estimate"], [expected.min(), expected.max()], rtol=1e-9)
    assert list(ends["without"]) == [expected.idxmin(), expected.idxmax()]
    whole = fit.params["rich"]
    close(without.notes["all units"], whole)
    assert without.notes["sign flips"] == (expected * whole < 0).sum()
    assert without.notes["moves most without"] == (expected - whole).abs().idxmax()
    assert fit.leave_one_out().title == "x without each unit"
    assert "not defined without" not in without.notes


def test_a_term_of_one_unit_says_which_it_needs():
    data = THREE.query("wave == 1996")
    one = data.assign(one=(data["unit"] == "u05").astype(float))
    without = ef.ols("y ~ one + x", one, unit="unit").leave_one_out("one")
    assert without.notes["not defined without"] == "u05"
    assert f"of {N - 1} units" in without.interpret()


def test_a_constant_alone_has_no_slope_to_choose():
    data = THREE.query("wave == 1996")
    fit = ef.ols("y ~ 1", data, unit="unit")
    refused("a constant alone", fit.leave_one_out)
    refused("a constant alone", fit.equivalence, bound=1)
    refused("a constant alone", ef.ols_by, "y ~ 1", THREE, **BY)
    assert fit.leave_one_out("Intercept").title == "Intercept without each unit"


def test_effects_that_cross_the_units_must_be_estimated_anew():
    fit = ef.ols("y ~ x | unit + year", DATA, inference="HC3", **KEYS)
    refused("effects that cross the units", fit.leave_one_out)
    refused("no parameter 'z'", ef.ols("y ~ x", DATA, **KEYS).leave_one_out, "z")


def test_a_coefficient_is_held_against_what_is_of_interest():
    fit = ef.ols("y ~ x", DATA, inference=["CR1", "wild"], **KEYS)
    test = fit.equivalence(bound=0.9)
    b, se = fit.params["x"], fit.std_errors["x"]
    p = max(stats.t.sf((0.9 + b) / se, N - 1), stats.t.sf((0.9 - b) / se, N - 1))
    close(test.pvalues["x"], p)
    close(test.conf_int(), fit.conf_int(0.9).loc[["x"]])
    refused("no equivalence test by wild", fit.vcov("wild").equivalence, bound=0.9)
    refused("bound='1'", fit.equivalence, "x", bound="1")
    refused("with bound 0", fit.equivalence, "x", bound=0.0)


def test_coefficients_are_zero_at_once_by_hotellings_law():
    fit = ef.ols("y ~ x + rich", DATA, inference=["CR1", "wild"], **KEYS)
    X = np.column_stack([np.ones(len(DATA)), DATA["x"], DATA["rich"]])
    y = DATA["y"].to_numpy(float)
    bread = np.linalg.inv(X.T @ X)
    b = bread @ X.T @ y
    u = y - X @ b
    scores = pd.DataFrame(X * u[:, None]).groupby(DATA["unit"].to_numpy()).sum()
    rows, columns = X.shape
    factor = N / (N - 1) * (rows - 1) / (rows - columns)
    V = factor * bread @ scores.T.to_numpy() @ scores.to_numpy() @ bread
    wald = b[1:] @ np.linalg.solve(V[1:, 1:], b[1:])
    # Two coefficients and N - 1 degrees of freedom.
    expected = wald * (N - 2) / ((N - 1) * 2)
    found = fit.joint(["x", "rich"]).loc["joint"]
    close(found["statistic"], expected)
    close(found[["df", "df_denominator"]], [2, N - 2])
    close(found["p_value"], stats.f.sf(expected, 2, N - 2))
    close(fit.joint().loc["joint"], found)
    # One alone is its own test.
    alone = fit.joint("x").loc["joint"]
    close(alone["statistic"], (fit.params["x"] / fit.std_errors["x"]) ** 2)
    close(alone["p_value"], fit.pvalues["x"])


def test_a_joint_test_of_few_units_counts_those_that_carry_the_coefficients():
    few = {"inference": "CR3", "few_units": True, **KEYS}
    fit = ef.ols("y ~ x + rich | unit + year", DATA, **few)
    carried = fit.to_frame().set_index("term")["df"].min()
    assert carried < N - 1
    close(fit.joint().loc["joint", "df_denominator"], carried - 1)


def test_a_joint_test_without_a_law_is_refused():
    fit = ef.ols("y ~ x + rich", DATA, inference=["CR1", "wild"], **KEYS)
    refused("no joint test by wild", fit.vcov("wild").joint)
    refused("no parameter 'z'", fit.joint, "z")
    refused("a constant alone", ef.ols("y ~ 1", DATA, **KEYS).joint)
    two = DATA[DATA["unit"].isin(sorted(set(DATA["unit"]))[:2])]
    few = ef.ols("y ~ x + rich", two, inference="CR1", **KEYS)
    refused("tested at once with 1 degrees|linearly dependent", few.joint)


def test_equivalence_by_scpc_has_the_law_of_scpc():
    fit = ef.ols("y ~ x", THREE.query("wave == 1996"), unit="unit", inference="SCPC")
    wide = fit.equivalence("x", bound=50.0)
    assert wide.pvalues["x"] < 0.05
    close(wide.conf_int(), fit.conf_int(0.9).loc[["x"]], rtol=0.2)
    # A bound at the end of the interval is one at which p is 1 - level.
    end = float(wide.conf_int().abs().max(axis=None))
    close(fit.equivalence("x", bound=end).pvalues["x"], 0.05, rtol=1e-6)


def test_a_sample_whose_interval_has_one_end_is_not_pooled(monkeypatch):
    fit = ef.ols_by("y ~ x", THREE, **BY)
    ends = fit.conf_int()
    ends.loc["1996", "upper"] = np.inf
    monkeypatch.setattr(type(fit), "conf_int", lambda self, level: ends)
    refused("no interval of 1996", fit.pool)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (lambda wave: wave % 1988 // 2, ["1", "4", "8"]),
        (lambda wave: wave % 1988.0, ["2", "8", "17"]),
        (lambda wave: f"wave {wave - 1988}", ["wave 2", "wave 8", "wave 17"]),
        (lambda wave: -wave / 4, ["-501.25", "-499", "-497.5"]),
    ],
)
def test_samples_stand_in_the_order_of_their_numbers(written, names):
    data = THREE.assign(wave=THREE["wave"].map(written))
    fit = ef.ols_by("y ~ x", data, "wave", unit="unit", reference=data["wave"].iloc[0])
    assert list(fit.params.index) == names
    assert fit.notes["same sign"] >= 1


@pytest.mark.parametrize("bound", [True, np.inf])
def test_a_bound_of_interest_is_a_number(bound):
    fit = ef.ols("y ~ x", THREE.query("wave == 1996"), unit="unit")
    refused(f"bound={bound!r}", fit.equivalence, bound=bound)


def test_the_samples_are_columns_by_name():
    refused("by of type Series", ef.ols_by, "y ~ x", THREE, THREE["wave"], unit="unit")


def test_a_column_may_be_called_sample():
    data = of_three_lists()
    options = {**BY, "by": ["sample", "wave"]}
    fit = ef.ols_by("y ~ x", data.rename(columns={"list": "sample"}), **options)
    assert list(fit.samples["sample"].iloc[:4]) == ["a", "a", "a", "b"]
    own = ef.ols_by("y ~ x", data, **{**BY, "by": ["list", "wave"]}).pool(by="list")
    close(fit.pool(by="sample").params, own.params)


def test_a_range_and_a_reference_are_those_of_the_inference_in_front():
    options = {"by": "wave", "unit": "unit", "reference": "1996"}
    both = {"inference": ["HC3", "classical"], **options}
    fit = ef.ols_by("y ~ x", THREE, **both).vcov("classical")
    alone = ef.ols_by("y ~ x", THREE, inference="classical", **options)
    pd.testing.assert_frame_equal(fit.tables["range"], alone.tables["range"])
    assert fit.notes == alone.notes


def test_pooled_groups_have_the_range_of_the_law_in_front():
    fit = ef.ols_by("y ~ x", HALVES, ["wave", "half"], unit="unit", inference="HC3")
    by_t = fit.pool(by="wave").vcov("random effects, t")
    ends = by_t.conf_int()
    bounds = [ends["lower"].min(), ends["upper"].max()]
    close(by_t.tables["range"]["bound"], bounds)


def test_pooled_groups_are_interpreted_by_their_range():
    fit = ef.ols_by("y ~ x", HALVES, ["wave", "half"], unit="unit", inference="HC3")
    by_wave = fit.pool(by="wave")
    text = by_wave.interpret()
    assert f"The mean is lowest in {by_wave.params.idxmin()}," in text
    assert text.endswith(" of 3 groups.")


def test_a_level_in_text_is_that_number_for_the_errors_too():
    fit = ef.ols_by("y ~ x", THREE, **BY)
    close(fit.pool(level="0.9").std_errors, fit.pool(level=0.9).std_errors)


def test_samples_that_a_comma_gives_one_name_are_refused():
    one = THREE.assign(a="p, q", b="r")
    other = THREE.assign(a="p", b="q, r")
    third = THREE.assign(a="s", b="t")
    both = pd.concat([one, other, third])
    refused("with one name", ef.ols_by, "y ~ x", both, ["a", "b"])


def test_simulated_power_is_how_often_the_test_of_scpc_rejects_such_an_effect():
    one = DATA[DATA["year"] == 1990]
    call = {"unit": "unit", "inference": "SCPC"}
    fit = ef.ols("y ~ x", one, **call)
    found = fit.simulated_power("x", power=0.6, draws=999)["estimate"]
    # The spread is that of the outcome about its mean, which the constant leaves.
    close(found["spread"], one["y"].std(ddof=1))
    rng = np.random.default_rng(9)
    rejected, within = [], []
    for _ in range(150):
        noise = rng.normal(size=len(one)) * found["spread"]
        drawn = one.assign(y=found["effect"] * one["x"] + noise)
        rejected.append(ef.ols("y ~ x", drawn, **call).pvalues["x"] < 0.05)
        none = ef.ols("y ~ x", one.assign(y=noise), **call)
        tost = none.equivalence("x", bound=found["bound"])
        within.append(tost.pvalues["x"] < 0.05)
    assert np.mean(rejected) == pytest.approx(0.6, abs=0.1)
    assert np.mean(within) == pytest.approx(0.6, abs=0.1)
    # Errors that hang together leave less to be seen of what varies as they do.
    together = fit.simulated_power("x", correlated=True, draws=999)["estimate"]
    alone = fit.simulated_power("x", draws=999)["estimate"]
    assert together["effect"] != alone["effect"]
    more = fit.simulated_power("x", power=0.9, draws=999)["estimate"]
    assert more["effect"] > alone["effect"] > found["effect"]


def test_simulated_power_of_what_has_none_is_refused():
    one = DATA[DATA["year"] == 1990]
    fit = ef.ols("y ~ x", one, unit="unit", inference="HC3")
    refused("no simulated power by HC3", fit.simulated_power)
    scpc = ef.ols("y ~ x", one, unit="unit", inference="SCPC")
    refused("draws=0", scpc.simulated_power, draws=0)
    refused("80 percent is 0.8", scpc.simulated_power, power=80)
    refused("parameter z|z", scpc.simulated_power, without="z")
    words = "a level of 0.4 for two one-sided tests; expected more than 0.5"
    refused(words, scpc.simulated_power, level=0.4)


def test_errors_of_simulated_power_are_what_effects_and_the_rest_leave():
    one = DATA[DATA["year"] == 1990].assign(
        region=np.arange(N) % 3, z=np.cos(np.arange(N))
    )
    call = {"unit": "unit", "inference": "SCPC"}
    fit = ef.ols("y ~ x + rich | region", one, **call)
    dummies = pd.get_dummies(one["region"]).to_numpy(float)
    X = np.column_stack([one["rich"], dummies])
    rest = one["y"] - X @ np.linalg.lstsq(X, one["y"])[0]
    found = fit.simulated_power("x", draws=99)["estimate"]
    close(found["spread"], np.sqrt(rest @ rest / (N - 4)))


def test_where_nothing_is_left_the_outcome_itself_is_the_error():
    one = DATA[DATA["year"] == 1990]
    call = {"unit": "unit", "inference": "SCPC"}
    spread = np.sqrt((one["y"] ** 2).mean())
    alone = ef.ols("y ~ 0 + x", one, **call).simulated_power("x", draws=99)
    close(alone["estimate"]["spread"], spread)
    both = ef.ols("y ~ x", one, **call)
    without = both.simulated_power("x", without="Intercept", draws=99)
    close(without["estimate"]["spread"], spread)


def test_a_power_in_text_is_that_number():
    one = DATA[DATA["year"] == 1990]
    fit = ef.ols("y ~ x", one, unit="unit", inference="SCPC")
    text, number = {"power": "0.7", "level": "0.9"}, {"power": 0.7, "level": 0.9}
    close(fit.detectable("x", **text), fit.detectable("x", **number))
    simulated = [fit.simulated_power("x", draws=99, **way) for way in (text, number)]
    close(*simulated)


def test_a_joint_test_keeps_its_digits_where_errors_are_far_apart():
    fit = ef.ols("y ~ x + rich", DATA, inference="CR1", **KEYS)
    apart = DATA.assign(rich=DATA["rich"] * 1e-9)
    other = ef.ols("y ~ x + rich", apart, inference="CR1", **KEYS)
    close(other.joint(), fit.joint())


def test_a_joint_test_of_coefficients_with_one_score_is_refused():
    # Scores add up to zero, so that those of two units are one score and its negative.
    two = DATA["unit"].isin(sorted(set(DATA["unit"]))[:2])
    data = DATA.assign(a=DATA["x"].where(two, 0), b=DATA["rich"].where(two, 0))
    fit = ef.ols("y ~ a + b | unit", data, inference="CR1", **KEYS)
    refused("errors of several coefficients are linearly dependent", fit.joint)


def test_what_a_test_can_find_is_known_before_the_outcome():
    one = DATA[DATA["year"] == 1990]
    kinds = ["classical", "SCPC", "SCPC_06"]
    fit = ef.ols("y ~ x + rich", one, unit="unit", inference=kinds)
    found = fit.detectable("x")["effect"]
    assert list(found.index) == kinds
    X = np.column_stack([np.ones(N), one["x"], one["rich"]])
    quantiles = stats.t.ppf([0.975, 0.8], N - 3).sum()
    close(found["classical"], quantiles * np.sqrt(np.linalg.inv(X.T @ X)[1, 1]))
    # The outcome plays no part.
    other = one.assign(y=one["y"] ** 2 + 5)
    again = ef.ols("y ~ x + rich", other, unit="unit", inference=kinds)
    close(again.detectable("x")["effect"], found)
    # SCPC: the same on simulated samples, whose errors have the spread of the outcome.
    scpc = fit.vcov("SCPC")
    simulated = scpc.simulated_power("x", draws=4999)["estimate"]
    close(simulated["effect"] / simulated["spread"], found["SCPC"], rtol=0.05)
    assert scpc.detectable("x", power=0.9)["effect"]["SCPC"] > found["SCPC"]
    assert scpc.detectable("x", level=0.99)["effect"]["SCPC"] > found["SCPC"]
    refused(
        "no effect that HC3 would find", ef.ols("y ~ x", one, unit="unit").detectable
    )
    refused("80 percent is 0.8", fit.detectable, power=80)
    refused("no parameter 'z'", fit.detectable, "z")


def test_the_prediction_error_is_that_of_fits_without_each_row():
    one = DATA[DATA["year"] == 1990].reset_index(drop=True)
    fit = ef.ols("y ~ x + rich", one, unit="unit")
    errors = []
    for i in range(N):
        rest = ef.ols("y ~ x + rich", one.drop(index=i), unit="unit").params
        row = one.loc[i]
        fitted = rest["Intercept"] + rest["x"] * row["x"] + rest["rich"] * row["rich"]
        errors.append(row["y"] - fitted)
    close(fit.prediction_error, np.mean(np.square(errors)))
    # One row alone in its group, and effects that are no coefficients.
    alone = one.assign(alone=np.arange(N) == 3)
    assert np.isnan(ef.ols("y ~ alone", alone, unit="unit").prediction_error)
    assert np.isnan(ef.ols("y ~ x | unit", DATA, **KEYS).prediction_error)
