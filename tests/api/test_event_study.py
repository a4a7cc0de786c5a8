"""Policies with dates on a DataFrame: reading, rows, rings and placement."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from pandas.testing import assert_frame_equal

import evenfield as ef
from evenfield.models.event_study import EventStudy
from evenfield.models.policies import PolicyPanel
from evenfield.numerics.event_study.panel import NEVER
from evenfield.numerics.spatial import haversine_km
from made_panel import refused
from numerics.event_study.panels import controlled_panel, random_panel
from tolerances import close

KEYS = {"unit": "unit", "time": "year", "first": "start", "draws": 19}
PANEL = random_panel(2, 3)
START = 2000


def rows_of(panel=PANEL):
    unit, date = np.nonzero(panel.observed)
    first = np.where(panel.first == NEVER, np.nan, panel.first + START)
    places = default_rng(0).random((2, len(first)))
    return pd.DataFrame(
        {
            "unit": [f"u{i:03d}" for i in unit],
            "year": START + date,
            "y": panel.Y[unit, date],
            "start": first[unit],
            "region": np.array(["a", "b", "c"])[panel.groups][unit],
            "lat": 50 + places[0][unit],
            "lon": 10 + places[1][unit],
        }
    )


DATA = rows_of()
PLACES = DATA.drop_duplicates("unit")
NAMES = PLACES["unit"].tolist()
FIT = ef.event_study("y ~ 1", DATA, effects="region^year", cluster="region", **KEYS)


def test_rows_are_those_of_the_model():
    clusterings = {"unit": np.arange(60), "region": PANEL.groups}
    panel = PolicyPanel(PANEL.Y, PANEL.first, PANEL.groups, clusterings=clusterings)
    study = EventStudy(panel=panel, lead_count=4, last_horizon=5, spans=[(0, 5)])
    clustered = study.leads.rows(0.9) + study.effects.rows(0.9)
    close(FIT.conf_int(0.9)["upper"], [row.test.conf_high for row in clustered], 1e-12)
    permuted = study.permuted(default_rng(0), 19)
    p_values = [row.test.p_value for row in permuted]
    close(FIT.vcov("permuted dates").pvalues, p_values)
    trends = study.trends((0, 5))
    breakdown = FIT.tables["checks"].loc["trends may differ, times", "estimate"]
    close(breakdown, trends.breakdown(0.95).estimate)
    for factor, row in FIT.tables["trends"].iterrows():
        close(row, trends.left(0.95)[factor][1:], 1e-12)


def test_the_wider_interval_counts_and_both_errors_are_shown():
    shown = FIT.tables["event study"]
    errors = shown[["error by unit", "error by region"]]
    wider = FIT.rows(0.95)["law"].str.extract("by (.*)")[0][:11]
    for term, law in zip(shown.index, wider, strict=True):
        assert FIT.std_errors[term] == errors.loc[term, f"error by {law}"]
    assert {"unit", "region"} == set(wider)
    assert (shown["joint_high"] >= shown["conf_high"]).all()


def test_order_of_rows_and_names_of_units_change_nothing():
    other = DATA.sample(frac=1, random_state=1).assign(unit=DATA["unit"].str[::-1])
    options = {"effects": "region^year", "cluster": "region", **KEYS}
    fit = ef.event_study("y ~ 1", other, **options)
    first = FIT.rows(0.95)["inference"] == "clustered"
    columns = ["estimate", "std_error", "p_value"]
    a, b = (one.rows(0.95)[first][columns] for one in (FIT, fit))
    assert_frame_equal(a, b, rtol=1e-9)


@pytest.mark.parametrize(
    ("never", "written"),
    [
        (np.nan, "blank"),
        (" ", "blank"),
        (np.inf, "inf"),
        (0.0, "0"),
        (-1, "-1"),
        ("9999", "9999"),
        ("Never", "Never"),
    ],
)
def test_never_is_counted_however_it_is_written(never, written):
    start = DATA["start"].astype(object).where(DATA["start"].notna(), never)
    fit = ef.event_study("y ~ 1", DATA.assign(start=start), **KEYS)
    close(fit.params, by_year().params)
    count = DATA.loc[DATA["start"].isna(), "unit"].nunique()
    assert fit.notes[f"never ({written})"] == count == by_year().notes["never (blank)"]


@pytest.mark.parametrize("never", [0, -1, 9999, 999999, 99999999])
def test_codes_for_never_are_no_dates_of_months_and_days(never):
    month = pd.PeriodIndex.from_ordinals(DATA["year"] - 1800, freq="M")
    start = DATA["start"].map(
        lambda year: str(pd.Period(ordinal=int(year) - 1800, freq="M")),
        na_action="ignore",
    )
    for form in ("%Y%m", "%Y%m01"):
        other = DATA.assign(year=month.strftime(form).astype(int))
        dates = start.str.replace("-", "") + ("01" if "01" in form else "")
        other = other.assign(start=dates.astype(float).fillna(never).astype(int))
        close(ef.event_study("y ~ 1", other, **KEYS).params, by_year().params)


@pytest.mark.parametrize("code", [0, -1, 9999])
@pytest.mark.parametrize("hole", [1999, 2006])
def test_a_code_for_never_among_the_dates_is_a_date(code, hole):
    # One cohort gets the policy at the date of the code, which units have or not.
    data = DATA[DATA["year"] != hole]
    shift = code - 2006
    moved = data.assign(year=data["year"] + shift, start=data["start"] + shift)
    fits = [ef.event_study("y ~ 1", frame, **KEYS) for frame in (data, moved)]
    close(*(fit.params for fit in fits))
    assert [fit.notes["with the policy"] for fit in fits] == [45, 45]


def test_a_code_before_the_panel_is_a_date_where_others_come_before_it():
    # Dates of the panel are 1 to 12, and a policy came at -2: so that 0 is a date, too.
    numbered = DATA.assign(year=DATA["year"] - START + 1, start=DATA["start"] - 1999)
    early = numbered["unit"].map({"u000": -2.0, "u001": 0.0})
    fit = ef.event_study(
        "y ~ 1", numbered.assign(start=early.fillna(numbered["start"])), **KEYS
    )
    assert fit.notes["from the start, left out"] == 2


def test_dates_of_any_kind_stand_on_one_line():
    quarters = pd.PeriodIndex.from_ordinals(DATA["year"] - 1800, freq="Q")
    start = DATA["start"].map(
        lambda year: (
            "" if np.isnan(year) else str(pd.Period(ordinal=int(year) - 1800, freq="Q"))
        )
    )
    other = DATA.assign(year=quarters.astype(str), start=start.replace("", None))
    close(ef.event_study("y ~ 1", other, **KEYS).params, by_year().params)


@pytest.mark.parametrize("odd", [2005, 20000615, "2000Q3", "2000-07-01"])
def test_policies_of_another_kind_than_months_are_refused(odd):
    month = pd.PeriodIndex.from_ordinals(DATA["year"] - 1640, freq="M")
    other = DATA.assign(year=month.strftime("%Y%m"), start=odd)
    words = f"such as {odd}"
    refused(words, ef.event_study, "y ~ 1", other, **KEYS)


def test_categories_in_order_are_found_by_their_names():
    stages = np.array([f"stage {letter}" for letter in "abcdefghijkl"])
    named = pd.Categorical.from_codes(DATA["year"] - START, stages, ordered=True)
    codes = DATA["start"].fillna(START).astype(int) - START
    start = pd.Series(stages[codes]).where(DATA["start"].notna())
    other = DATA.assign(year=named, start=start)
    close(ef.event_study("y ~ 1", other, **KEYS).params, by_year().params)
    start = start.replace("stage e", "stage z")
    other = other.assign(start=start)
    refused("such as stage z", ef.event_study, "y ~ 1", other, **KEYS)


def together(change, **options):
    """What is noted of errors by unit in 120 units of 12 provinces and 40 counties."""
    unit = np.arange(120)
    alone = default_rng(2).random(120) < 0.4
    whole = unit // 10 % 3 == 0
    start = np.where(whole if change == "provinces" else alone, 2005.0, np.nan)
    units = pd.DataFrame({"unit": unit, "start": start, "region": unit // 60})
    units = units.assign(county=unit // 3, province=[f"p{i // 10}" for i in unit])
    units = units.assign(code=np.where(np.isnan(start), 0, 2005), size=unit / 7)
    if change == "map":
        # Neighbours got it, and no column says who is one.
        at = pd.DataFrame({"lat": unit // 10 + 0.0, "lon": unit % 10 + 0.0})
        units = units.drop(columns=["province", "county"]).join(at)
        units["start"] = np.where(unit // 10 < 4, 2005, np.nan)
    years = pd.DataFrame({"year": np.arange(2000, 2010)})
    rows = units.merge(years, how="cross")
    rows = rows.assign(y=default_rng(1).normal(size=len(rows)))
    fit = ef.event_study("y ~ 1", rows, **{**KEYS, **options})
    assert fit.notes["errors by unit"] in str(fit)
    return fit.notes["errors by unit"]


def test_a_policy_of_whole_groups_asks_for_errors_by_the_widest_of_them():
    assert "units of one province got the policy together" in together("provinces")
    assert together("provinces").endswith("cluster='province' allows for it")
    assert "units near each other" in together("map")
    assert together("alone") == ""
    assert together("provinces", cluster="county") == ""
    assert "of one province" in together("provinces", effects="region^year")
    assert together("alone", effects="province^year") == ""


def by_year():
    return ef.event_study("y ~ 1", DATA, **KEYS)


def test_a_policy_from_the_first_date_on_is_counted_and_not_used():
    early = DATA["unit"].isin(["u000", "u001"])
    with_two = ef.event_study(
        "y ~ 1", DATA.assign(start=DATA["start"].mask(early, 1990)), **KEYS
    )
    assert with_two.notes["from the start, left out"] == 2
    without = ef.event_study("y ~ 1", DATA[~early], **KEYS)
    close(with_two.params, without.params)
    assert with_two.nobs == without.nobs
    for name in ("units", "with the policy"):
        assert with_two.notes[name] == without.notes[name]
    # A regression with two-way effects, as it is mostly run, has them, which is said.
    laws = with_two.tables["checks"]["law"]
    assert laws["two-way coefficient"] == "with 2 units from the start"
    near = {"rings": [3.0], "min_controls": 0, **KEYS}
    of_rings = ef.rings(
        "y ~ 1", DATA.assign(start=DATA["start"].mask(early, 1990)), **near
    )
    assert of_rings.nobs == without.nobs


def test_a_policy_after_the_last_date_leaves_a_control():
    late = DATA.assign(start=DATA["start"].fillna(2500))
    fit = ef.event_study("y ~ 1", late, **KEYS)
    close(fit.params["0":], by_year().params["0":])


def test_checks_are_a_joint_test_a_pseudo_policy_and_the_two_way_coefficient():
    checks = FIT.tables["checks"]
    assert list(checks.index) == [
        "leads, all at once",
        "policy 4 dates early",
        "Callaway and Sant'Anna, 0 to 5",
        "Sun and Abraham, 0 to 5",
        "two-way coefficient",
        "trends may differ, times",
    ]
    policy = DATA.assign(d=(DATA["year"] >= DATA["start"]).astype(float))
    two_way = ef.ols("y ~ d | unit + region^year", policy, unit="unit", time="year")
    close(checks.loc["two-way coefficient", "estimate"], two_way.params["d"])


def test_trends_are_those_of_the_first_span():
    spans = [(0, 1), (2, 5)]
    tables = ef.event_study("y ~ 1", DATA, spans=spans, **KEYS).tables
    mean = tables["checks"].loc["Callaway and Sant'Anna, 0 to 1", "estimate"]
    close(tables["trends"][["low", "high"]].mean(axis=1), np.full(3, mean), 1e-9)
    # One lead alone shows no change from date to date.
    tables = ef.event_study("y ~ 1", DATA, leads=1, **KEYS).tables
    assert tables["trends"].empty
    assert "no two dates" in tables["checks"]["law"]["trends may differ, times"]


@pytest.mark.parametrize("leads", [0, 1, 4])
def test_one_date_before_the_policy_gives_effects_that_nothing_supports(leads):
    # Two dates, all policies at the second: the difference of mean changes.
    two = DATA[DATA["year"].isin([2005, 2006])].assign(start=DATA["start"] * 0 + 2006)
    fit = ef.event_study("y ~ 1", two, leads=leads, **KEYS)
    wide = two.pivot(index="unit", columns="year", values="y").dropna()
    change = wide[2006] - wide[2005]
    treated = two.groupby("unit")["start"].first().notna()[change.index]
    close(fit.params["0"], change[treated].mean() - change[~treated].mean())
    assert fit.std_errors["0"] > 0 and not any("-" in term for term in fit.params.index)
    assert fit.notes["leads"].startswith("none, so that nothing shows")
    law = fit.tables["checks"]["law"]
    assert law["leads, all at once"].startswith("none: no date before")
    assert (f"policy {leads} dates early" in law) == (leads > 0)
    assert "leads could not be tested" in fit.interpret()
    fit.plot()
    plt.close("all")


def test_leads_that_cannot_be_estimated_are_named():
    late = DATA[DATA["year"].between(2001, 2008)]
    at_once = late.assign(start=DATA["start"] * 0 + 2004)
    fit = ef.event_study("y ~ 1", at_once, leads=4, **KEYS)
    # Of three dates before the policy one is what the others are compared with.
    assert list(fit.params.index[:3]) == ["-2", "-1", "0"]
    assert fit.notes["leads that cannot be estimated"] == "-4, -3"
    assert FIT.notes["leads that cannot be estimated"] == ""


def test_rings_are_the_same_by_kilometres_a_table_and_within_the_event_study():
    keys = {**KEYS, "rings": [3.0, 6.0], "min_controls": 0}
    km = ef.rings("y ~ 1", DATA, **keys)
    units = DATA.drop_duplicates("unit")
    pairs = units.merge(units, how="cross", suffixes=("", "_other"))
    pairs = pairs[pairs["unit"] < pairs["unit_other"]]
    square = haversine_km(units["lat"].to_numpy(), units["lon"].to_numpy())
    i, j = np.triu_indices(len(units), 1)
    names = units["unit"].to_numpy()
    table = pd.DataFrame({"a": names[i], "b": names[j], "km": square[i, j]})
    listed = ef.rings(
        "y ~ 1", DATA, distance=table.sample(frac=1, random_state=2), **keys
    )
    close(km.params, listed.params, 1e-9)
    assert list(km.params.index) == ["own", "0 to 3", "3 to 6"]
    both = ef.event_study("y ~ 1", DATA, **keys)
    assert_frame_equal(both.tables["rings"], km.rows(0.95))


def test_horizons_are_drawn_with_their_units_and_rings_with_their_names():
    drawn = FIT.plot()
    assert list(drawn.lines[-1].get_xdata()) == list(range(-4, 6))
    units = FIT.tables["event study"]["units"].iloc[:10]
    assert [text.get_text() for text in drawn.texts] == [str(count) for count in units]
    near = ef.rings("y ~ 1", DATA, rings=[3.0, 6.0], min_controls=0, **KEYS)
    ticks = [tick.get_text() for tick in near.plot().get_xticklabels()]
    assert ticks == ["own", "0 to 3", "3 to 6"]
    plt.close("all")


def test_steps_count_neighbours_of_neighbours():
    names = sorted(set(DATA["unit"]))
    chain = pd.DataFrame({"a": names[:-1], "b": names[1:]})
    by_steps = ef.rings(
        "y ~ 1", DATA, rings=[1], distance=chain, min_controls=0, **KEYS
    )
    raw = by_steps.raw
    first = PANEL.first
    for unit in range(1, 59):
        assert raw.entered[unit] == min(first[unit - 1], first[unit + 1])


CHAIN = pd.DataFrame({"a": NAMES[:-1], "b": NAMES[1:]})
TWO_WAY = pd.concat([CHAIN, CHAIN.set_axis(["b", "a"], axis=1)], ignore_index=True)
BESIDE = TWO_WAY.assign(one=1.0).pivot(index="a", columns="b", values="one").fillna(0)
STEPS = {"rings": [1, 2], "min_controls": 0, **KEYS}


@pytest.mark.parametrize(
    "form",
    [
        BESIDE,
        BESIDE.div(BESIDE.sum(axis=1), axis=0).round(4),
        BESIDE.to_dict("index"),
        CHAIN.assign(weight=1.0),
        # Pairs that are no neighbours stand there with a zero.
        BESIDE.stack().rename("w").reset_index(),
        ef.weights(TWO_WAY),
    ],
    ids=["square", "row sums of one", "dict", "weights", "zeros", "ef.weights"],
)
def test_weights_of_neighbours_are_steps_and_no_distances(form):
    steps = ef.rings("y ~ 1", DATA, distance=CHAIN, **STEPS)
    fit = ef.rings("y ~ 1", DATA, distance=form, **STEPS)
    close(fit.params, steps.params, 1e-12)
    assert np.isfinite(steps.params).all()


KM = haversine_km(PLACES["lat"].to_numpy(), PLACES["lon"].to_numpy())
SQUARE = pd.DataFrame(KM, NAMES, NAMES)
PAIRS = SQUARE.rename_axis(index="a", columns="b").stack().rename("km").reset_index()
PAIRS = PAIRS[PAIRS["a"] < PAIRS["b"]]


@pytest.mark.parametrize("wrong", [0.0, -3.0, np.nan])
def test_a_distance_that_is_not_above_zero_is_refused_by_its_pair(wrong):
    square = SQUARE.copy()
    square.loc["u003", "u007"] = wrong
    first = PAIRS["a"].eq("u003") & PAIRS["b"].eq("u007")
    for table in (square, PAIRS.assign(km=PAIRS["km"].mask(first, wrong))):
        words = "distances of 1 pair not above zero, first u003 to u007"
        refused(words, ef.rings, "y ~ 1", DATA, distance=table, **STEPS)


def test_what_is_neither_contiguity_nor_a_distance_by_its_name_is_refused():
    for table in (PAIRS.rename(columns={"km": "Weight"}), SQUARE.to_dict("index")):
        words = "among the links of units, by name or form no distance"
        refused(words, ef.rings, "y ~ 1", DATA, distance=table, **STEPS)


def test_units_at_one_place_are_near_each_other_and_inf_is_out_of_reach():
    here = DATA["unit"].isin(["u000", "u001"])
    together = DATA.assign(lat=DATA["lat"].mask(here, 0), lon=DATA["lon"].mask(here, 0))
    design = ef.rings("y ~ 1", together, **STEPS).raw
    assert design.entered[:2].tolist() == PANEL.first[[1, 0]].tolist()
    square = SQUARE.where(SQUARE < 20, np.inf)
    fits = [
        ef.rings("y ~ 1", DATA, distance=table, **{**STEPS, "rings": [5.0, 25.0]})
        for table in (square, PAIRS[PAIRS["km"] < 20])
    ]
    close(*(fit.params for fit in fits), 1e-12)


def test_too_few_far_units_are_refused_with_the_count():
    call = {"rings": [500.0], **KEYS}
    refused("0 units without the policy beyond 500", ef.rings, "y ~ 1", DATA, **call)


def test_units_near_an_old_policy_are_never_controls_unless_its_rows_are_left_out():
    old = DATA.assign(start=DATA["start"].mask(DATA["unit"] == "u001", 1990))
    raw = ef.rings("y ~ 1", old, distance=CHAIN, **{**STEPS, "rings": [1]}).raw
    assert not raw.far[[0, 2]].any()
    others = CHAIN[CHAIN["a"] > "u001"]
    rest = old[old["unit"] > "u001"]
    without = ef.rings("y ~ 1", rest, distance=others, **{**STEPS, "rings": [1]}).raw
    until = min(PANEL.first[2], PANEL.first[3], PANEL.Y.shape[1])
    assert without.far[0].sum() == PANEL.observed[2, :until].sum() > 0


def test_as_many_far_units_as_are_asked_for_are_enough():
    keys = {"rings": [3.0], **KEYS}
    far = ef.rings("y ~ 1", DATA, min_controls=0, **keys).notes["far units"]
    assert far > 0
    ef.rings("y ~ 1", DATA, min_controls=far, **keys)
    refused(f"{far} unit", ef.rings, "y ~ 1", DATA, min_controls=far + 1, **keys)


def test_policies_are_dealt_out_within_groups_and_not_across_them():
    # Four pairs, one unit of each with the policy: 2^4 deals within, 70 across pairs.
    pair = np.repeat(np.arange(4), 2)
    zone = np.arange(8) % 2
    y = default_rng(1).normal(size=8)
    pairs = pd.DataFrame({"unit": np.arange(8), "pair": pair, "zone": zone, "y": y})
    fit = ef.placement("y ~ zone | pair", pairs, unit="unit", draws=1999)
    assert "only 16 different" in fit.to_frame()["law"].iloc[-1]


def test_placement_is_the_regression_with_effects_and_a_permutation_within_them():
    units = DATA.drop_duplicates("unit")
    units = units.assign(
        zone=units["start"].notna().astype(int),
        port=(np.arange(len(units)) % 4 == 0).astype(int),
    )
    fit = ef.placement("y ~ zone + port | region", units, unit="unit", draws=199)
    plain = ef.ols("y ~ zone + port + C(region)", units, unit="unit", inference="HC3")
    close(fit.std_errors, plain.std_errors[fit.params.index])
    permuted_dates = fit.vcov("permuted policies")
    close(permuted_dates.params, fit.params)
    raised = units.assign(y=units["y"] + 5 * units["zone"])
    again = ef.placement("y ~ zone + port | region", raised, unit="unit", draws=199)
    assert again.vcov("permuted policies").pvalues["zone"] == pytest.approx(
        1 / 200, rel=0.01
    )
    assert fit.notes["with zone"] == units["zone"].sum()


@pytest.mark.parametrize(
    ("words", "change", "options"),
    [
        ("start of u001 differs from date to date", {"start": "moved"}, {}),
        ("start with no date", {"start": np.nan}, {}),
        ("start with dates of another kind, such as soon", {"start": "soon"}, {}),
        ("another kind, such as 200507", {"start": 200507}, {}),
        ("another kind, such as -99", {"start": -99.0}, {}),
        ("another kind, such as 2005-06-15", {"start": pd.Timestamp(2005, 6, 15)}, {}),
        ("effects of region without the date", {}, {"effects": "region"}),
        ("no column 'province'", {}, {"effects": "province^year"}),
        ("all 60 units get the policy at one date", {"start": 2004}, {}),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(words, change, options):
    data = DATA
    if change.get("start") == "moved":
        change = {"start": data["start"].mask(data.index == data.index[20], 2007)}
    refused(
        words, ef.event_study, "y ~ 1", data.assign(**change), **{**KEYS, **options}
    )


def test_regressors_and_effects_behind_a_bar_are_refused():
    for formula in ("y ~ lat", "y ~ 1 | unit", "y ~ 0"):
        refused("an outcome alone", ef.event_study, formula, DATA, **KEYS)
    odd = DATA.drop_duplicates("unit")
    refused("values of lat beside 0 and 1", ef.placement, "y ~ lat", odd, unit="unit")
    units = DATA.drop_duplicates("unit")["unit"].iloc[:-1]
    pairs = pd.DataFrame({"a": units[:-1].to_numpy(), "b": units[1:].to_numpy()})
    refused(
        "1 unit without a distance",
        ef.rings,
        "y ~ 1",
        DATA,
        rings=[1],
        distance=pairs,
        **KEYS,
    )


CONTROLLED = controlled_panel(2, 3)


def with_controls(panel=CONTROLLED):
    rows = rows_of(panel)
    units = rows["unit"].str[1:].astype(int)
    return rows.assign(income=panel.controls[units, 0], size=panel.controls[units, 1])


def test_controls_by_date_are_those_of_units_in_any_order_of_rows():
    data = with_controls().sample(frac=1, random_state=1)
    options = {"effects": "region^year", **KEYS}
    fit = ef.event_study("y ~ 1", data, controls=["income", "size"], **options)
    close(fit.raw.controls, CONTROLLED.controls)
    assert fit.notes["controls by date"] == "income, size"
    plain = ef.event_study("y ~ 1", data, **options)
    assert (abs(plain.params - fit.params) > 0.01).any()
    one = ef.event_study("y ~ 1", data, controls="income", **options)
    assert (abs(one.params - fit.params) > 1e-3).any()


def test_rings_hold_controls_too():
    data = with_controls()
    early = data["unit"].isin(NAMES[:8])
    data["start"] = data["start"].where(early)
    options = {"rings": 8, "min_controls": 1, **KEYS}
    held = ef.rings("y ~ 1", data, controls="income", **options)
    beside = ef.event_study("y ~ 1", data, controls="income", **options).tables["rings"]
    close(beside["estimate"], held.rows(0.95)["estimate"])
    plain = ef.rings("y ~ 1", data, **options)
    assert (abs(held.params - plain.params) > 1e-3).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"income": np.nan}, "missing values of income, first u000"),
        ({"income": 1.0}, "income does not differ among units of one region"),
        ({"income": "high"}, "income with 'high', which is no number"),
        ({"income": np.inf}, "income of 60 units is blank or infinite"),
    ],
)
def test_controls_that_are_no_numbers_or_do_not_differ_are_refused(change, words):
    data = with_controls().assign(**change)
    options = {"effects": "region^year", "controls": ["income"], **KEYS}
    refused(words, ef.event_study, "y ~ 1", data, **options)


def test_a_control_that_moves_or_repeats_another_is_refused():
    data = with_controls()
    moving = data.assign(income=data["income"] + data["year"])
    refused(
        "differs from date to date",
        ef.event_study,
        "y ~ 1",
        moving,
        controls="income",
        **KEYS,
    )
    twice = data.assign(size=2 * data["income"])
    refused(
        "size does not differ among units, given income",
        ef.event_study,
        "y ~ 1",
        twice,
        controls=["income", "size"],
        **KEYS,
    )
    refused(
        "no column 'wealth'", ef.event_study, "y ~ 1", data, controls="wealth", **KEYS
    )


def test_parts_stand_in_the_order_of_their_numbers_and_a_blank_is_none():
    kinds = dict(zip(NAMES, [" ", "10", "2"] * len(NAMES), strict=False))
    data = DATA.assign(kind=DATA["unit"].map(kinds))
    found = ef.event_study("y ~ 1", data, parts="kind", **KEYS).tables["parts"]
    assert list(found.index) == ["2", "10", "10 less 2", "alike"]
    of_floats = data.assign(kind=pd.to_numeric(data["kind"], errors="coerce"))
    again = ef.event_study("y ~ 1", of_floats, parts="kind", **KEYS).tables["parts"]
    assert_frame_equal(again, found)


def test_the_end_of_a_ring_is_a_number():
    call = {"min_controls": 0, **KEYS}
    refused(
        r"rings of \[50.0, nan\]", ef.rings, "y ~ 1", DATA, rings=[50, np.nan], **call
    )


def test_a_power_that_is_written_as_text_is_its_number():
    want = ef.event_study("y ~ 1", DATA, power=0.9, **KEYS).tables
    found = ef.event_study("y ~ 1", DATA, power="0.9", **KEYS).tables
    assert_frame_equal(found["event study"], want["event study"])
