"""The speed of convergence as a path: windows with a band, and one break, held against
statsmodels and loops.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import evenfield as ef
from made_panel import DATA, KEYS, YEARS, N, long, refused
from tolerances import close

LEVELS = DATA.pivot(index="unit", columns="year", values="rich")
RENAMED = DATA.assign(unit=DATA["unit"].str[1:].astype(int).rsub(40).astype(str))


def windows(**options):
    return ef.beta_windows("rich", DATA, 5, **{"draws": 99, **KEYS, **options})


def by_least_squares(y, x):
    """Slope and HC3 error of statsmodels."""
    fit = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HC3", use_t=True)
    return fit.params[1], fit.bse[1], fit


def test_a_window_is_a_regression_of_growth_on_the_level_at_its_start():
    frame = windows().to_frame(0.9)
    near = frame[frame["inference"] == "window"].set_index("term")
    assert list(near.index) == [f"{year} to {year + 5}" for year in YEARS[:-5]]
    for year in YEARS[:-5]:
        start = LEVELS[year].to_numpy()
        growth = (LEVELS[year + 5].to_numpy() - start) / 5
        slope, _, fit = by_least_squares(growth, start)
        ends = fit.conf_int(0.1)[1][::-1]
        line = near.loc[f"{year} to {year + 5}"]
        close(line["estimate"], -np.log(1 + 5 * slope) / 5)
        close(line[["conf_low", "conf_high"]].astype(float), -np.log(1 + 5 * ends) / 5)
        close(line["p_value"], fit.pvalues[1])


def test_the_band_is_that_of_the_largest_t_of_samples_that_turn_whole_units():
    draws = 39
    fit = windows(draws=draws, seed=4)
    ordered = LEVELS.sort_values(list(LEVELS.columns)).to_numpy()
    starts, ends = ordered[:, :-5], ordered[:, 5:]
    signs = np.random.default_rng(4).integers(0, 2, (draws, N)) * 2.0 - 1.0
    largest = np.zeros(draws)
    slopes, errors = [], []
    for start, end in zip(starts.T, ends.T, strict=True):
        X = sm.add_constant(start)
        slope, error, _ = by_least_squares((end - start) / 5, start)
        slopes.append(slope)
        errors.append(error)
        leverage = np.diag(X @ np.linalg.pinv(X))
        u = (end - start) / 5
        u = (u - X @ np.linalg.lstsq(X, u)[0]) / (1 - leverage)
        for draw, sign in enumerate(signs):
            drawn, spread, _ = by_least_squares(slope * start + sign * u, start)
            largest[draw] = max(largest[draw], abs(drawn - slope) / spread)
    critical = np.quantile(largest, 0.95, method="higher")
    close(fit.notes["critical value"], critical)
    frame = fit.to_frame()
    band = frame[frame["inference"] == "all windows"]
    half = critical * np.array(errors)
    with np.errstate(invalid="ignore"):
        low = -np.log(1 + 5 * (np.array(slopes) + half)) / 5
    close(band["conf_low"], low)
    t = np.abs(np.array(slopes) / errors)
    p = [(1 + (largest >= one).sum()) / (1 + draws) for one in t]
    close(band["p_value"], p)


def brute_wald(last):
    """Wald statistic of two slopes with date effects and units as clusters, and both."""
    x = LEVELS.to_numpy()[:, :-1]
    y = np.diff(LEVELS.to_numpy(), axis=1)
    dates = np.tile(np.arange(x.shape[1]), N)
    late = dates > last
    dummies = pd.get_dummies(dates).to_numpy(float)
    X = np.column_stack([x.ravel() * ~late, x.ravel() * late, dummies])
    fit = sm.OLS(y.ravel(), X).fit(
        cov_type="cluster",
        cov_kwds={
            "groups": np.repeat(np.arange(N), x.shape[1]),
            "use_correction": False,
        },
    )
    c = np.zeros(X.shape[1])
    c[:2] = 1, -1
    variance = c @ fit.cov_params() @ c * N / (N - 1)
    return (c @ fit.params) ** 2 / variance, fit.params[:2]


def test_a_break_stands_where_the_wald_statistic_of_two_slopes_is_largest():
    fit = ef.beta_break("rich", DATA, draws=99, trim=0.2, **KEYS)
    path = fit.tables["dates"]["Wald"].dropna()
    positions = [int(year) - YEARS[0] - 1 for year in path.index]
    want = [brute_wald(last) for last in positions]
    close(path, [wald for wald, _ in want])
    close(fit.tstats["change"], path.max())
    assert fit.notes["break after"] == str(path.idxmax())
    slopes = want[int(np.argmax(path))][1]
    speeds = -np.log(1 + slopes)
    close(fit.params.iloc[1:], speeds)
    close(fit.params["change"], speeds[1] - speeds[0])


def test_a_planted_break_is_found_and_none_is_not():
    rng = np.random.default_rng(5)
    units, dates, last = 40, 30, 12
    y = np.empty((units, dates))
    y[:, 0] = rng.normal(size=units)
    for t in range(1, dates):
        kept = 0.9 if t <= last else 1.1
        y[:, t] = kept * y[:, t - 1] + 0.1 * rng.normal(size=units)
    data = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), dates),
            "year": np.tile(1990 + np.arange(dates), units),
            "y": y.ravel(),
        }
    )
    fit = ef.beta_break("y", data, draws=199, **KEYS)
    assert fit.pvalues["change"] == pytest.approx(1 / 200)
    assert abs(int(fit.notes["break after"]) - (1990 + last)) <= 1
    assert ef.beta_break("rich", DATA, draws=199, **KEYS).pvalues["change"] > 0.05


@pytest.mark.parametrize(
    "call",
    [
        lambda data: ef.beta_windows("rich", data, 5, draws=39, **KEYS),
        lambda data: ef.beta_break("rich", data, draws=39, **KEYS),
    ],
)
def test_names_and_order_of_the_rows_move_no_number(call):
    want = call(DATA).to_frame()
    result = call(RENAMED.sample(frac=1, random_state=3)).to_frame()
    pd.testing.assert_frame_equal(result, want)


def test_what_they_cannot_be_made_of_is_refused():
    holes = DATA[DATA["year"] != 1995]
    for words, call, *args, options in [
        ("no two dates are 50 years apart", ef.beta_windows, 50, {}),
        ("years=0; expected more than 0", ef.beta_windows, 0, {}),
        ("years='ten'", ef.beta_windows, "ten", {}),
        ("trim=0.5; expected a share between 0 and 0.5", ef.beta_break, {"trim": 0.5}),
        ("growths leave no room for a break", ef.beta_break, {"trim": 0.49}),
    ]:
        refused(words, call, "rich", DATA, *args, **KEYS, **options)
    refused("1 date is missing", ef.beta_break, "rich", holes, **KEYS)


def test_both_are_read_in_two_sentences_that_say_what_was_chosen():
    text = str(windows().interpret())
    assert "Over 11 windows" in text and "above zero in all 11." in text
    broken = ef.beta_break("rich", DATA, draws=99, **KEYS)
    assert "the data chose the date" in str(broken.interpret())
    assert "Inference by largest Wald" in str(broken.explain())


def daily(dates, units=30, seed=8):
    """A panel on given days, whose gaps close by 5 % a year."""
    rng = np.random.default_rng(seed)
    stamps = pd.to_datetime(dates)
    years = (stamps - stamps[0]).days.to_numpy() / 365.25
    start = rng.normal(9, 0.5, units)
    paths = 9 + np.outer(start - 9, np.exp(-0.05 * years))
    noise = 0.001 * rng.standard_normal(paths.shape)
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), len(stamps)),
            "date": np.tile(stamps, units),
            "log_y": (paths + noise).ravel(),
        }
    )


def ends_of(fit):
    """First and last date of each window, as text."""
    frame = fit.to_frame()
    rows = frame[frame["inference"] == "window"]
    return dict(term.split(" to ") for term in rows["term"])


@pytest.mark.parametrize("years", [1, 3, 4, 0.5])
def test_on_days_a_window_ends_at_the_anniversary(years):
    days = pd.date_range("1999-01-05", "2004-03-03", freq="5D").union(
        pd.date_range("2003-01-01", "2003-12-31")
    )
    fit = ef.beta_windows(
        "log_y", daily(days), years, draws=9, unit="unit", time="date"
    )
    found = ends_of(fit)
    want = {}
    for day in days:
        anniversary = day + pd.DateOffset(months=int(12 * years))
        before = days[days <= anniversary][-1]
        if anniversary <= days[-1] and (anniversary - before).days < 7:
            want[str(day.date())] = str(before.date())
    assert found == want
    close(fit.to_frame()["estimate"], 0.05, atol=0.005)


@pytest.mark.parametrize("form", ["text", "weeks", "days"])
def test_days_of_any_form_have_the_same_windows(form):
    days = pd.date_range("2000-01-02", "2003-06-30", freq="W")
    data = daily(days)
    if form == "text":
        data["date"] = data["date"].dt.strftime("%Y-%m-%d")
    if form in ("weeks", "days"):
        data["date"] = data["date"].dt.to_period(form[0].upper())
    fit = ef.beta_windows("log_y", data, 2, draws=9, unit="unit", time="date")
    assert fit.notes["windows"] == sum(days + pd.DateOffset(years=2) <= days[-1])
    close(fit.to_frame()["estimate"], 0.05, atol=0.005)


def test_a_speed_of_days_is_that_of_the_days_between_its_ends():
    data = daily(["2000-01-03", "2000-01-10", "2001-01-01", "2001-03-07"])
    fit = ef.beta_windows("log_y", data, 1, draws=9, unit="unit", time="date")
    assert ends_of(fit) == {"2000-01-03": "2001-01-01"}
    wide = data.pivot(index="unit", columns="date", values="log_y").to_numpy()
    years = 364 / 365.25
    slope, _, _ = by_least_squares((wide[:, 2] - wide[:, 0]) / years, wide[:, 0])
    close(fit.to_frame()["estimate"], -np.log(1 + years * slope) / years)


def test_days_without_an_anniversary_are_refused():
    days = ["2000-01-03", "2000-01-10", "2000-06-01", "2001-03-01", "2001-03-20"]
    words = "no two dates are 1 years apart; expected two that are, or are days"
    keys = {"unit": "unit", "time": "date"}
    refused(words, ef.beta_windows, "log_y", daily(days), 1, **keys)


@pytest.mark.parametrize("years", [1e300, 1e9, 1e-12])
def test_lengths_that_no_calendar_has_are_refused(years):
    days = daily(pd.date_range("2000-01-02", "2003-06-30", freq="W"))
    for y, data, time in [("rich", DATA, "year"), ("log_y", days, "date")]:
        keys = {"unit": "unit", "time": time}
        refused("no two dates are", ef.beta_windows, y, data, years, **keys)


def test_a_window_as_long_as_the_panel_is_one():
    data = daily(["2001-03-01", "2001-06-01", "2002-03-01"])
    # 365 days are less than 365.25.
    fit = ef.beta_windows("log_y", data, 1, draws=9, unit="unit", time="date")
    assert ends_of(fit) == {"2001-03-01": "2002-03-01"}


def test_an_interval_without_an_end_says_so():
    rng = np.random.default_rng(3)
    start = rng.normal(9, 1, 12)
    wide = np.column_stack([start, 9 + 0.9 * rng.normal(size=12), start])
    data = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(12), 3),
            "year": np.tile([1990, 2000, 2010], 12),
            "log_y": wide.ravel(),
        }
    )
    fit = ef.beta_windows("log_y", data, 10, draws=99, **KEYS)
    frame = fit.to_frame()
    notes = fit.tables["notes"]
    for kind in ("window", "all windows"):
        rows = frame[frame["inference"] == kind].set_index("term")
        for term, row in rows.iterrows():
            note = notes.loc[term, kind]
            assert ("speed not defined" in note) == np.isnan(row["estimate"])
            assert ("unbounded above" in note) == (
                np.isnan(row["conf_high"]) and not np.isnan(row["conf_low"])
            )
            assert ("interval of the speed undefined" in note) == np.isnan(
                row["conf_low"]
            )
    assert fit.notes["bands without an end"] == 2
    assert "In 2 it has no upper end or none." in str(fit.interpret())
    assert windows().notes["bands without an end"] == ""


def flipping(from_date):
    """Levels whose order turns around from date to date, from one date on."""
    rng = np.random.default_rng(5)
    sides = np.where(np.arange(10) < from_date, 1, (-1) ** np.arange(10))
    y = 0.1 * np.outer(np.arange(12), sides) + 0.001 * rng.normal(size=(12, 10))
    return long([f"u{i:02d}" for i in range(12)], np.arange(1990, 2000), log_y=y)


def test_windows_without_a_speed_are_not_among_those_that_have_one():
    fit = ef.beta_windows("log_y", flipping(5), 1, draws=9, **KEYS)
    known = fit.params.notna().sum()
    assert 0 < known < 9
    words = f"Over {known} windows of 9, the others imply none, the speed lies between"
    assert str(fit.interpret()).startswith(words)
    none = ef.beta_windows("log_y", flipping(0), 1, draws=9, **KEYS).interpret()
    assert none.startswith("No slope of 9 windows implies a constant speed.")


def test_gaps_that_widen_on_both_sides_of_a_break_do_not_close():
    rng = np.random.default_rng(5)
    gaps = np.cumprod([1, *[1.05] * 6, *[1.02] * 6])
    y = 0.1 * np.outer(np.arange(12), gaps) + 0.001 * rng.normal(size=(12, 13))
    data = long([f"u{i:02d}" for i in range(12)], np.arange(1990, 2003), log_y=y)
    fit = ef.beta_break("log_y", data, draws=9, **KEYS)
    assert fit.params.drop("change").max() < 0 < fit.params["change"]
    words = "The speed at which gaps close was higher after "
    assert fit.interpret().startswith(words)


def test_a_break_to_a_side_without_a_speed_has_no_size():
    fit = ef.beta_break("log_y", flipping(5), draws=9, **KEYS)
    assert np.isnan(fit.params["change"])
    assert "on one side it implies no constant speed" in fit.interpret()


@pytest.mark.parametrize("step", ["days", "years"])
@pytest.mark.parametrize("years", [1e9, 1e-9])
def test_years_that_no_calendar_has_are_refused(step, years):
    days = pd.date_range("2000-01-01", periods=5) if step == "days" else range(5)
    keys = {"unit": "unit", "time": "date"}
    data = daily(days) if step == "days" else DATA.rename(columns={"year": "date"})
    y = "log_y" if step == "days" else "rich"
    refused(
        "no two dates are 1e[+-]09 years apart", ef.beta_windows, y, data, years, **keys
    )
    words = "years=inf; expected more than 0 and finite"
    refused(words, ef.beta_windows, y, data, np.inf, **keys)


def test_so_many_days_are_a_part_of_a_year():
    data = daily(pd.date_range("2000-01-01", periods=40))
    keys = {"draws": 9, "unit": "unit", "time": "date"}
    for count in (2, 7, 11, 23):
        fit = ef.beta_windows("log_y", data, count / 365.25, **keys)
        assert ends_of(fit)["2000-01-01"] == f"2000-01-{1 + count:02d}"
        assert fit.notes["windows"] == 40 - count


@pytest.mark.parametrize("factor", [1e200, 1e-200])
def test_levels_that_no_float_can_square_are_refused(factor):
    data = DATA.assign(rich=factor * DATA["rich"])
    words = "too (large|small) to be squared"
    with np.errstate(all="raise"):
        refused(words, ef.beta_windows, "rich", data, 5, draws=9, **KEYS)
