"""Synthetic controls on a DataFrame: weights against another solver, ranks and moved
residuals against their definitions, what is refused.
"""

from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy.optimize import minimize

import evenfield as ef
from made_panel import KEYS, long, refused
from tolerances import MACHINE, close

YEARS = np.arange(1980, 2000)
UNITS = [f"u{i:02d}" for i in range(8)]
DATE = 1992
CASE = {"treated": "u00", "date": DATE, **KEYS}
RIDGE = 1e-6  # what the page says of the penalty


def made(units=UNITS, effect=0.0, seed=3):
    """A panel with two common factors, and an effect on its first unit."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(0, 0.1, (2, len(YEARS))).cumsum(axis=1)
    levels = rng.normal(8, 0.3, (len(units), 1))
    y = levels + rng.uniform(0.2, 1, (len(units), 2)) @ factors
    y += 0.05 * rng.normal(size=y.shape)
    y[0] += effect * (YEARS >= DATE)
    return long(units, YEARS, y=y)


PANEL = made()
MANY = made([f"u{i:02d}" for i in range(24)], effect=0.5)
WIDE = PANEL.pivot(index="year", columns="unit", values="y")


def fitted(data=PANEL, y="y", **options):
    return ef.synthetic_control(y, data, **{**CASE, **options})


def by_slsqp(y, D, before, demeaned):
    """Weights on the simplex by sequential quadratic programming, and the gaps."""
    if demeaned:
        y, D = y - y[before].mean(), D - D[before].mean(axis=0)
    distance = ((D[before] - y[before, None]) ** 2).sum(axis=0).mean()

    def loss(w):
        residual = y[before] - D[before] @ w
        return residual @ residual / distance + RIDGE * w @ w

    def slope(w):
        return -2 * D[before].T @ (y[before] - D[before] @ w) / distance + 2 * RIDGE * w

    J = D.shape[1]
    found = minimize(
        loss,
        np.full(J, 1 / J),
        jac=slope,
        method="SLSQP",
        bounds=[(0, 1)] * J,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    return found.x, y - D @ found.x


@cache
def other_gaps(demeaned, date=DATE):
    """Gaps of each unit against the donors, by the other solver."""
    gaps = {}
    before = date > YEARS
    for unit in UNITS:
        D = WIDE.drop(columns=sorted({unit, "u00"})).to_numpy()
        gaps[unit] = by_slsqp(WIDE[unit].to_numpy(), D, before, demeaned)[1]
    return pd.DataFrame(gaps, index=YEARS)


def inference(fit, kind, term="gap"):
    rows = fit.to_frame()
    return rows[(rows["inference"] == kind) & (rows["term"] == term)].iloc[0]


@pytest.mark.parametrize("demeaned", [True, False])
def test_weights_and_gaps_are_those_of_another_solver(demeaned):
    fit = fitted(demeaned=demeaned)
    D = WIDE.drop(columns="u00")
    before = YEARS < DATE
    weights, _ = by_slsqp(WIDE["u00"].to_numpy(), D.to_numpy(), before, demeaned)
    expected = pd.Series(weights, D.columns)
    listed = fit.tables["weights"]["weight"]
    assert 1 < len(listed) < 7 and listed.is_monotonic_decreasing
    close(listed.reindex(D.columns, fill_value=0), expected, atol=1e-5)
    close(listed.sum(), 1, atol=1e-5)
    gaps = other_gaps(demeaned)
    close(fit.tables["gaps"][UNITS], gaps, atol=1e-5)
    path = fit.tables["path"]
    close(path["actual"], WIDE["u00"])
    close(path["actual"] - path["synthetic"], path["gap"], atol=MACHINE)
    assert path["of"].tolist() == ["fit"] * 12 + ["effect"] * 8
    close(fit.params["gap"], gaps.loc[DATE:, "u00"].mean(), atol=1e-5)
    close(
        fit.notes["error before"], np.sqrt((gaps.loc[:1991, "u00"] ** 2).mean()), 1e-4
    )


@pytest.mark.parametrize("demeaned", [True, False])
def test_ranks_ratios_and_the_interval_are_counted(demeaned):
    gaps = other_gaps(demeaned)
    fit = fitted(demeaned=demeaned)
    means = gaps.loc[DATE:].mean()
    ranks = inference(fit, "ranks")
    assert ranks["p_value"] == (means.abs() >= abs(means["u00"])).mean()
    errors = np.sqrt((gaps.loc[: DATE - 1] ** 2).mean())
    ratios = np.sqrt((gaps.loc[DATE:] ** 2).mean()) / errors
    ratio = inference(fit, "ratio")
    close(ratio["statistic"], ratios["u00"], 1e-3)
    assert ratio["p_value"] == (ratios >= ratios["u00"]).mean()
    placebos = fit.tables["placebos"].loc[UNITS[1:]]
    close(placebos["gap"], means[1:], atol=1e-5)
    close(placebos["error before"], errors[1:], 1e-3)
    close(placebos["ratio"], ratios[1:], 1e-3)
    # floor(0.2 x 8) = 1: at 80 % the test rejects beyond the largest placebo.
    low, high = fit.conf_int(0.8).loc["gap"]
    half = means[1:].abs().max()
    close([low, high], [means["u00"] - half, means["u00"] + half], atol=2e-5)
    assert fit.conf_int(0.95).loc["gap"].tolist() == [-np.inf, np.inf]
    assert fit.notes["no 95 % interval"] == "too few donors"


def test_residuals_are_moved_over_all_dates():
    every = np.ones(len(YEARS), dtype=bool)
    D = WIDE.drop(columns="u00").to_numpy()
    _, residuals = by_slsqp(WIDE["u00"].to_numpy(), D, every, True)
    sizes = [np.abs(np.roll(residuals, k)[12:]).mean() for k in range(20)]
    expected = np.mean(np.array(sizes) >= sizes[0] - 1e-9)
    assert inference(fitted(), "conformal")["p_value"] == expected


@pytest.mark.parametrize(("demeaned", "printed"), [(True, -11.1), (False, -19.6)])
def test_the_printed_effects_of_the_programme(demeaned, printed):
    path = Path(__file__).parents[1] / "golden" / "prop99" / "data.csv"
    sales = pd.read_csv(path, index_col="year").rename_axis(columns="state")
    data = sales.stack().rename("packs").reset_index()
    fit = ef.synthetic_control(
        "packs",
        data,
        unit="state",
        time="year",
        treated="California",
        date=1989,
        demeaned=demeaned,
    )
    # The article's own solver stops before the optimum, -19.51.
    close(fit.params["gap"], printed, atol=0.15)
    assert (fit.nobs, fit.notes["donors"]) == (31 * 39, 38)


def test_an_effect_that_was_planted_is_found_with_the_smallest_p():
    fit = fitted(MANY)
    ranks = inference(fit, "ranks")
    close(ranks["estimate"], 0.5, atol=0.1)
    assert ranks["p_value"] == inference(fit, "ratio")["p_value"] == 1 / 24
    # floor(0.05 x 24) = 1: the test rejects beyond the largest placebo.
    half = fit.tables["placebos"]["gap"].abs().max()
    close(ranks["conf_low"], ranks["estimate"] - half, atol=MACHINE)
    assert 0 < ranks["conf_low"] < ranks["conf_high"]
    assert "chance is rejected at the 5% level." in fit.interpret()


def test_order_and_names_of_units_change_nothing():
    want = fitted(MANY, placebo=1988)
    names = {name: f"x{23 - i}" for i, name in enumerate(MANY["unit"].unique())}
    renamed = MANY.assign(unit=MANY["unit"].map(names))
    shuffled = renamed.sample(frac=1, random_state=1)
    fit = fitted(shuffled, treated=names["u00"], placebo=1988)
    assert_frame_equal(fit.to_frame(), want.to_frame(), check_exact=True)
    for name, table in want.tables.items():
        columns = names if name == "gaps" else {}
        index = {} if name in ("path", "gaps") else names
        expected = table.rename(index=index, columns=columns)
        assert_frame_equal(fit.tables[name], expected, check_exact=True)


def test_the_unit_of_measure_is_that_of_the_outcome():
    want = fitted()
    fit = fitted(PANEL.assign(y=100 * PANEL["y"]))
    close(fit.params["gap"], 100 * want.params["gap"], atol=1e-6)
    close(fit.pvalues, want.pvalues)
    levels = PANEL.assign(income=np.exp(PANEL["y"]))
    logs = ef.synthetic_control("np.log(income)", levels, **CASE)
    close(logs.params["gap"], want.params["gap"], atol=MACHINE)


def test_a_constant_gap_is_left_free_unless_levels_are_asked_for():
    raised = PANEL.assign(y=PANEL["y"] + 3 * (PANEL["unit"] == "u00"))
    close(fitted(raised).params["gap"], fitted().params["gap"], atol=MACHINE)
    levels = fitted(raised, demeaned=False)
    assert levels.notes["poor fit"] == "error before above that of 7 of 7 donors"
    assert "; that fit is poor, with an error before above" in levels.interpret()
    assert fitted(MANY).notes["poor fit"] == ""


def test_a_placebo_date_is_the_call_that_ends_before_the_true_one():
    fit = fitted(effect_of(MANY), placebo=1988)
    early = fitted(effect_of(MANY), date=1988, end=1991)
    row = inference(fit, "ranks", "gap, placebo 1988")
    for name in ("estimate", "p_value", "conf_low", "conf_high"):
        close(row[name], inference(early, "ranks")[name], atol=MACHINE)


def effect_of(data):
    """The same with much more after the date, which must not shape what is before."""
    return data.assign(
        y=data["y"] + 9 * ((data["unit"] == "u00") & (data["year"] >= DATE))
    )


def test_leaving_a_donor_out_is_excluding_it():
    fit = fitted()
    without = fit.tables["leave one out"]["gap"]
    assert set(without.index) == set(fit.tables["weights"].index)
    for donor, gap in without.items():
        close(fitted(exclude=donor).params["gap"], gap, atol=MACHINE)


def test_dates_of_fit_and_effect_are_chosen():
    fit = fitted(start=1983, fit_end=1989, end=1995)
    same = fitted(PANEL[PANEL["year"].between(1983, 1995)], fit_end=1989)
    assert_frame_equal(fit.to_frame(), same.to_frame())
    path = fit.tables["path"]
    assert path["of"].value_counts().to_dict() == {"fit": 7, "effect": 4, "": 2}
    assert fit.nobs == 11 * 8
    # Dates between fit and effect shape neither.
    between = PANEL["year"].isin([1990, 1991]) & (PANEL["unit"] == "u00")
    moved = fitted(
        PANEL.assign(y=PANEL["y"] + 5 * between), start=1983, fit_end=1989, end=1995
    )
    close(moved.params["gap"], fit.params["gap"], atol=MACHINE)


def test_donors_are_chosen_or_excluded_and_what_they_lack_is_not_read():
    some = ["u01", "u02", "u03", "u05"]
    fit = fitted(donors=some)
    assert_frame_equal(fit.to_frame(), fitted(exclude=["u04", "u06", "u07"]).to_frame())
    assert_frame_equal(fit.to_frame(), fitted(donors=pd.Series(some)).to_frame())
    assert sorted(fit.raw.donors) == some
    hole = PANEL[~((PANEL["unit"] == "u04") & (PANEL["year"] == 1985))]
    blank = PANEL.assign(y=PANEL["y"].mask(PANEL["unit"] == "u04"))
    for data in (hole, blank):
        refused(
            "u04 in 19.*fill them, exclude the unit, or take fewer dates", fitted, data
        )
        assert_frame_equal(fitted(data, donors=some).to_frame(), fit.to_frame())


@pytest.mark.parametrize("kind", [str, float, lambda i: pd.Timestamp(i, 1, 1)])
def test_dates_and_ids_are_read_as_everywhere(kind):
    data = PANEL.assign(
        year=PANEL["year"].map(kind), unit=PANEL["unit"].str[1:].astype(int)
    )
    for treated in (0, "0", 0.0, np.int64(0)):
        fit = fitted(data, treated=treated)
        close(fit.params["gap"], fitted().params["gap"], atol=MACHINE)
    floats = data.assign(unit=data["unit"].astype(float))
    close(fitted(floats, treated=0, exclude=1).params, fitted(exclude="u01").params)


def test_who_is_followed_exactly_has_no_error_to_divide_by():
    flat = long(UNITS, YEARS, y=np.zeros((8, 20)))
    varied = flat["year"].mod(2) * (flat["unit"] > "u03")
    after = (flat["unit"] == "u00") & (flat["year"] >= DATE)
    fit = fitted(flat.assign(y=varied.astype(float) + after))
    assert inference(fit, "ratio")["statistic"] > 1e6
    assert inference(fit, "ratio")["p_value"] == 1 / 8
    words = (
        "u00: every donor has the treated path itself; .*differ from it over the fit"
    )
    refused(words, fitted, flat)
    alike = flat.assign(y=flat["year"].mod(3) * (flat["unit"] == "u00"))
    refused("u01: every donor has", fitted, alike)


def test_plots_show_the_unit_above_its_donors():
    fit = fitted(MANY)
    axes = fit.plot()
    drawn = axes.get_lines()
    # Its donors with their key, zero and where the effect begins.
    assert len(drawn) == 23 + 1 + 1 + 2
    black = next(line for line in drawn if line.get_label() == "u00")
    close(black.get_ydata(), fit.tables["path"]["gap"])
    assert [line.get_xdata() for line in drawn][-1] == [DATE, DATE]
    first = pd.Period("1990Q1")
    quarters = MANY.assign(year=[first + (year - 1980) for year in MANY["year"]])
    assert fitted(quarters, date="1993Q1").plot().get_title(loc="left") == (
        "Synthetic control"
    )
    plt.close("all")


def test_where_no_p_can_be_small_it_is_said():
    fit = fitted()
    assert (
        "chance is not rejected at the 5% level, and with 8 units it cannot be."
        in str(fit.interpret())
    )
    assert "and with 8 units" in fit.vcov("ratio").interpret()
    assert "rejected at the 5% level" in fit.vcov("conformal").interpret()
    short = fitted(end=1994).vcov("conformal").interpret()
    assert "and with 15 dates it cannot be" in short


def test_what_ranks_refuse_is_said_as_the_interval_has_it():
    # 1 / 20 is p = 5 % with 19 donors, at which the interval leaves out no effect.
    fit = fitted(made([f"u{i:02d}" for i in range(20)], effect=0.5))
    ranks = inference(fit, "ranks")
    assert (ranks["p_value"], ranks["conf_low"] > 0) == (0.05, True)
    assert fit.interpret().endswith("has p = 0.05: chance is rejected at the 5% level.")


def with_value(value):
    at = (PANEL["unit"] == "u03") & (PANEL["year"] == 1984)
    return PANEL.assign(y=PANEL["y"].mask(at, value))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"treated": "u99"}, "no treated unit 'u99'; expected one of u00, .*"),
        ({"treated": None}, "treated=None; expected the id of one unit"),
        ({"treated": True}, "treated=True; expected the id of one unit"),
        ({"treated": ["u00", "u01"]}, r"treated=\['u00', 'u01'\]; .* one by one"),
        ({"date": 2050}, "no date 2050; expected one of 1980 to 1999"),
        ({"date": None}, "no date None"),
        ({"date": [1992]}, r"no date \[1992\]"),
        ({"date": True}, "no date True"),
        ({"date": 1992.5}, "no date 1992.5"),
        ({"date": 1980}, "to nothing and an effect from 1980 to 1999; expected a fit"),
        ({"date": 1983}, "3 dates to fit, up to 1982; expected 5 at least"),
        ({"start": 1988}, "4 dates to fit, up to 1991"),
        ({"start": 1970}, "no date 1970"),
        ({"fit_end": 1992}, "a fit from 1980 to 1992 and an effect from 1992 to 1999"),
        ({"end": 1990}, "an effect from 1992 to 1990; expected"),
        ({"date": pd.NaT}, "no date NaT"),
        ({"y": ["y"]}, r"y=\['y'\]; expected a column, or an expression of columns"),
        ({"y": 5}, "y=5; expected a column"),
        ({"donors": np.array("u01")}, "1 donor for u00"),
        (
            {"data": PANEL.assign(unit=["a", ["b"]] * 80)},
            r"unit with \['b'\]; .*convert",
        ),
        ({"placebo": 1995}, "placebo=1995; expected a date of the fit .* 1981 to 1991"),
        ({"placebo": 1980}, "placebo=1980; expected a date of the fit"),
        ({"placebo": 1984}, "4 dates to fit, up to 1983"),
        ({"donors": ["u01", "u02"]}, "2 donors for u00; expected 3 at least"),
        ({"donors": "u01"}, "1 donor for u00"),
        ({"donors": []}, "0 donors for u00"),
        ({"donors": ["u00", "u01"]}, "the treated unit u00 in donors"),
        ({"donors": ["u01", "u1"]}, "no donor 'u1'.*did you mean 'u01'"),
        ({"exclude": ["u00"]}, "the treated unit u00 in exclude"),
        ({"exclude": "u99"}, "no unit to exclude 'u99'"),
        ({"exclude": UNITS[3:]}, "2 donors for u00"),
        ({"demeaned": "no"}, "demeaned='no'; expected True or False"),
        ({"demeand": False}, "no argument 'demeand'.*did you mean 'demeaned'"),
        ({"unit": None}, "a synthetic control without unit=; .*name their columns"),
        ({"data": with_value(np.nan)}, "1 pair of unit .* first u03 in 1984"),
        ({"data": with_value(np.inf)}, "infinite, first y of u03 in 1984"),
        ({"data": pd.concat([PANEL, PANEL[:1]])}, "1 row appears twice, first u00"),
        ({"data": PANEL[PANEL["year"] != 1985]}, "1 date is missing .* first 1985"),
        ({"data": PANEL.assign(y="a")}, "an outcome of .*, y"),
        ({"data": PANEL.assign(y=1e300 * PANEL["y"])}, "y too large to be squared"),
        ({"data": [1, 2]}, "data of type list"),
        ({"data": PANEL[:0]}, "data without rows"),
    ],
)
def test_what_no_synthetic_control_can_be_made_of_is_refused(options, words):
    refused(words, fitted, **options)


@pytest.mark.parametrize("unit", ["u00", "u07"])
@pytest.mark.parametrize("year", [1980, 1991, 1992, 1999])
def test_every_unit_has_a_value_at_the_first_and_the_last_date(unit, year):
    at = (PANEL["unit"] == unit) & (PANEL["year"] == year)
    blank = PANEL.assign(y=PANEL["y"].mask(at))
    for data in (PANEL[~at], blank):
        refused(f"1 pair of unit .* first {unit} in {year}", fitted, data)


def test_dates_that_are_not_used_may_be_uneven():
    data = PANEL[~PANEL["year"].isin([1981, 1998])]
    fit = fitted(data, start=1982, end=1997)
    assert_frame_equal(fit.to_frame(), fitted(start=1982, end=1997).to_frame())
