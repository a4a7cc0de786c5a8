"""Inequality by groups and growth by groups on a DataFrame, against sums by hand."""

from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest

import evenfield as ef
from evenfield.numerics.inequality import decompose_gini, maximum_between
from evenfield.numerics.inequality_draws import connected_test
from made_panel import KEYS, made_panel, refused
from tolerances import close

N = 16
DATA = made_panel(units=N)
UNITS = sorted(set(DATA["unit"]))
RNG = np.random.default_rng(8)
PEOPLE = dict(zip(UNITS, RNG.uniform(1, 5, N), strict=True))
ZONE = {unit: "ab"[i >= 5] for i, unit in enumerate(UNITS)}
KIND = {unit: "xyz"[i % 3] for i, unit in enumerate(UNITS)}
PLACE = {unit: f"p{i // 2}" for i, unit in enumerate(UNITS)}
ROWS = DATA[DATA["year"].isin([1990, 2005])].assign(
    income=lambda rows: np.exp(rows["rich"]),
    people=lambda rows: rows["unit"].map(PEOPLE),
    zone=lambda rows: rows["unit"].map(ZONE),
    kind=lambda rows: rows["unit"].map(KIND),
    place=lambda rows: rows["unit"].map(PLACE),
    capital=lambda rows: rows["place"].isin(["p0", "p3"]).astype(int),
)
FIRST = ROWS[ROWS["year"] == 1990]
HOW = {"weights": "people", "draws": 9}


def theil(rows):
    """Theil T of incomes with people, as the sum over units."""
    people = rows["people"] / rows["people"].sum()
    relative = rows["income"] / (people * rows["income"]).sum()
    return float((people * relative * np.log(relative)).sum())


def between(rows, *by):
    """Theil T if everybody had the mean of the group."""
    grouped = rows.assign(total=rows["income"] * rows["people"]).groupby([*by])
    sums = grouped[["total", "people"]].sum()
    return theil(sums.assign(income=sums["total"] / sums["people"]))


def fitted(rows=FIRST, **options):
    return ef.inequality("income", rows, unit="unit", **HOW, **options)


def test_two_groupings_are_nested_or_take_the_mean_over_both_orders():
    total = theil(FIRST)
    zone, kind = between(FIRST, "zone"), between(FIRST, "kind")
    both = between(FIRST, "zone", "kind")
    nested = fitted(groups=["zone", "kind"]).params
    assert list(nested.index) == ["total", "by zone", "by kind", "within"]
    close(nested.to_numpy(), [total, zone, both - zone, total - both], rtol=1e-10)
    shapley = fitted(groups=["zone", "kind"], split="shapley").params
    share = (zone + both - kind) / 2
    close(shapley.to_numpy(), [total, share, both - share, total - both], rtol=1e-10)


# What the kernels are held against is in tests/numerics/test_inequality.py.
BY_NAME = FIRST.sort_values("unit")
INCOME, WEIGHT = (BY_NAME[name].to_numpy() for name in ("income", "people"))


def codes_of(column):
    return pd.factorize(BY_NAME[column], sort=True)[0]


def test_parts_of_the_gini_are_those_of_the_kernel():
    found = fitted(groups="kind", measure="gini").params
    want = decompose_gini(INCOME, WEIGHT, codes_of("kind"))
    names = ["total", "within", "between", "overlap"]
    close(found[names].to_numpy(), np.array(want), rtol=1e-10)


def test_aversion_of_two_compares_the_harmonic_mean():
    people = FIRST["people"] / FIRST["people"].sum()
    mean = (people * FIRST["income"]).sum()
    harmonic = 1 / (people / FIRST["income"]).sum()
    found = fitted(measure="atkinson", aversion=2.0)
    close(found.params["total"], 1 - harmonic / mean, rtol=1e-10)
    refused("aversion to inequality", fitted, measure="atkinson", aversion=0.0)


def test_labels_dealt_out_have_the_share_of_all_orders():
    few = FIRST[:6].assign(group=list("aaabbc"))
    seen = between(few, "group")
    orders = [few.assign(group=order) for order in set(permutations("aaabbc"))]
    exact = np.mean([between(order, "group") >= seen - 1e-12 for order in orders])
    table = fitted(few, groups="group", permutations=4999).tables["between"].iloc[0]
    close(table["p"], exact, atol=0.03)
    close([table["between"], table["share"]], [seen, seen / theil(few)], rtol=1e-10)


def test_a_maximum_and_a_connected_group_are_those_of_the_kernels():
    table = fitted(groups="zone", permutations=9).tables["between"].iloc[0]
    most = maximum_between(INCOME, WEIGHT, codes_of("zone"))
    close(table["maximum"], most, rtol=1e-10)
    close(table["share of maximum"], table["between"] / table["maximum"])
    road = {unit: UNITS[i + 1 : i + 2] for i, unit in enumerate(UNITS)}
    road = {unit: [*on, *UNITS[i - 1 : i]] for i, (unit, on) in enumerate(road.items())}
    beside = np.eye(N, k=1, dtype=bool) | np.eye(N, k=-1, dtype=bool)
    inside = np.isin(UNITS, UNITS[5:8])
    rows = FIRST.assign(inside=FIRST["unit"].map(dict(zip(UNITS, inside, strict=True))))
    options = {"groups": "inside", "connected": "True", "w": road}
    table = fitted(rows, **options).tables["between"].iloc[0]
    coded = rows.assign(inside=inside.astype(int))
    number = fitted(coded, **{**options, "connected": 1}).tables["between"]
    pd.testing.assert_series_equal(number.iloc[0], table)
    want = connected_test(INCOME, WEIGHT, inside, beside)
    assert table["connected groups"] == want.draws == N - 2
    close(table["p, connected"], want.p_value)
    refused("not connected", fitted, rows, **{**options, "connected": "False"})
    refused("no connected group 'q'", fitted, rows, **{**options, "connected": "q"})


def share_within(rows):
    return 1 - between(rows, "place") / theil(rows)


def test_the_share_within_groups_has_the_error_of_leaving_them_out():
    fit = ef.inequality("income", ROWS, groups="place", jackknife=True, **HOW, **KEYS)
    rows = fit.to_frame(0.9)
    rows = rows[rows["inference"] == "jackknife of groups"].set_index("term")
    years = {year: ROWS[ROWS["year"] == year] for year in (1990, 2005)}
    places = sorted(set(PLACE.values()))
    without = {
        year: np.array([share_within(one[one["place"] != place]) for place in places])
        for year, one in years.items()
    }
    whole = {year: share_within(one) for year, one in years.items()}
    change = "share within 2005 - 1990"
    assert list(rows.index) == ["share within 1990", "share within 2005", change]
    G = len(places)
    left_out = without[2005] - without[1990]
    error = np.sqrt((G - 1) ** 2 / G * left_out.var(ddof=0) * G / (G - 1))
    close(rows.loc[change, "estimate"], whole[2005] - whole[1990], rtol=1e-9)
    close(rows.loc[change, "std_error"], error, rtol=1e-9)
    assert (rows["df"] == G - 1).all()
    assert (
        rows["conf_low"][change] < rows["estimate"][change] < rows["conf_high"][change]
    )


def test_marked_groups_are_compared_over_every_choice_of_as_many():
    fit = ef.inequality("income", ROWS, groups="place", marked="capital", **HOW, **KEYS)
    rows = fit.to_frame()
    rows = rows[rows["inference"] == "permuted groups"].set_index("term")
    inside = {
        year: np.array(
            [theil(one) for _, one in ROWS[ROWS["year"] == year].groupby("place")]
        )
        for year in (1990, 2005)
    }
    change = inside[2005] - inside[1990]
    ways = [
        change[list(chosen)].mean() - np.delete(change, chosen).mean()
        for chosen in combinations(range(8), 2)
    ]
    seen = change[[0, 3]].mean() - np.delete(change, [0, 3]).mean()
    found = rows.loc["capital - others 2005 - 1990"]
    close(found["estimate"], seen, rtol=1e-9)
    close(found["p_value"], np.mean(np.abs(ways) >= abs(seen) - 1e-12))
    mixed = ROWS.assign(capital=(ROWS["unit"] == "u00").astype(int))
    words = "units of p0 differ in what marks"
    call = {"groups": "place", "marked": "capital", **KEYS}
    refused(words, ef.inequality, "income", mixed, **call)
    twice = ROWS.assign(capital=2 * ROWS["capital"])
    words = "marks of p0 that are neither 0 nor 1"
    refused(words, ef.inequality, "income", twice, **call)


def test_a_change_is_by_the_marks_of_the_last_date():
    at_first = ROWS["year"].eq(1990) & ROWS["place"].isin(["p1", "p2"])
    at_last = ROWS["year"].eq(2005) & ROWS["place"].isin(["p0", "p3"])
    moved = ROWS.assign(capital=(at_first | at_last).astype(int))
    options = {"groups": "place", "marked": "capital", **HOW, **KEYS}
    change = "capital - others 2005 - 1990"
    found, fixed = (
        ef.inequality("income", rows, **options)
        .to_frame()
        .set_index("term")
        .loc[change]
        for rows in (moved, ROWS)
    )
    close(found["estimate"], fixed["estimate"])
    close(found["p_value"], fixed["p_value"])


def test_a_population_is_a_column_of_numbers():
    about = {"weights": "zone", "unit": "unit"}
    refused("zone with what is no number", ef.inequality, "income", FIRST, **about)


def test_growth_is_accounted_for_by_groups():
    fit = ef.growth_contributions("income", ROWS, groups="kind", **KEYS)
    sums = ROWS.groupby(["kind", "year"])["income"].sum().unstack()
    change = sums[2005] - sums[1990]
    close(fit.params.to_numpy(), (change / change.sum()).to_numpy(), rtol=1e-10)
    table = fit.tables["groups"]
    close(table["points"].sum(), change.sum() / sums[1990].sum(), rtol=1e-10)
    close(
        table["share at start"].to_numpy(),
        (sums[1990] / sums[1990].sum()).to_numpy(),
        rtol=1e-10,
    )
    assert list(table["units"]) == [6, 5, 5]
    mixed = ROWS.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(
        ef.growth_contributions("income", mixed, groups="kind", **KEYS).to_frame(),
        fit.to_frame(),
    )


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (
            "no measure split by groups 'atkinson'",
            {"measure": "atkinson", "groups": "zone"},
        ),
        (
            "no measure split by two groupings, or tested 'gini'",
            {"measure": "gini", "groups": ["zone", "kind"]},
        ),
        ("3 columns of groups", {"groups": ["zone", "kind", "place"]}),
        ("0 columns of groups", {"jackknife": True}),
        ("2 columns of groups", {"groups": ["zone", "kind"], "permutations": 9}),
        ("no split 'both'", {"groups": ["zone", "kind"], "split": "both"}),
        ("w without a connected group", {"w": {}}),
        ("split='shapley' of one", {"groups": "zone", "split": "shapley"}),
        ("aversion beside theil_t", {"aversion": 2.0}),
        ("aversion='1'; expected a number", {"measure": "atkinson", "aversion": "1"}),
        ("no column 'zones'", {"groups": "zones"}),
        ("zone with what is no number", {"groups": "place", "marked": "zone"}),
    ],
)
def test_what_no_measure_is_split_by_is_refused(words, options):
    refused(words, fitted, FIRST, **options)


def test_a_unit_that_changes_its_group_has_no_growth_of_a_group():
    moved = ROWS.assign(kind=np.where(ROWS["year"] == 1990, "x", ROWS["kind"]))
    words = "10 units whose kind changes, first u01"
    refused(words, ef.growth_contributions, "income", moved, groups="kind", **KEYS)


@pytest.mark.parametrize("groups", [["kind"], 3, None])
def test_groups_of_growth_are_one_column(groups):
    words = "no column"
    refused(words, ef.growth_contributions, "income", ROWS, groups=groups, **KEYS)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("power without marked", {"power": 0.8}),
        ("aversion beside theil_t", {"aversion": 1.0}),
        ("split='nested' of one", {"split": "nested", "groups": "zone"}),
        ("aversion=inf", {"aversion": np.inf, "measure": "atkinson"}),
        ("jackknife='no'", {"jackknife": "no", "groups": "place"}),
    ],
)
def test_an_option_without_what_it_belongs_to_is_refused_at_its_default_too(
    words, options
):
    refused(words, ef.inequality, "income", FIRST, unit="unit", **HOW, **options)


def test_groups_with_numbers_stand_in_the_order_of_the_numbers():
    numbered = ROWS.assign(zone=ROWS["place"].str[1:].astype(float) * 5)
    fit = ef.growth_contributions("income", numbered, groups="zone", **KEYS)
    assert list(fit.params.index) == [str(5 * i) for i in range(N // 2)]


def test_a_change_without_the_same_groups_at_both_ends_is_said_to_be_none():
    later = ROWS["year"] == 2005
    moved = ROWS.assign(
        place=ROWS["place"].mask(later & (ROWS["place"] == "p7"), "new")
    )
    call = {"groups": "place", "jackknife": True, **HOW, **KEYS}
    fit = ef.inequality("income", moved, **call)
    assert fit.notes["change"] == "none: new has units at one end alone"
    assert not any("-" in term for term in fit.rows(0.95)["term"])
    assert not ef.inequality("income", ROWS, **call).notes["change"]


def test_groups_that_a_blank_made_floats_are_named_as_whole_numbers():
    # Floats as in a file with blanks: 1.0 is group 1.
    numbered = FIRST.assign(zone=(FIRST["zone"] == "a").astype(float))
    links = {u: [UNITS[i - 1], UNITS[(i + 1) % N]] for i, u in enumerate(UNITS)}
    call = {"groups": "zone", "unit": "unit", "w": links, **HOW}
    found = ef.inequality("income", numbered, connected=1, **call).tables["between"]
    want = ef.inequality("income", FIRST, connected="a", **call).tables["between"]
    assert found.iloc[0].to_dict() == pytest.approx(want.iloc[0].to_dict())


def test_a_grouping_that_is_named_twice_is_refused():
    call = {"groups": ["zone", "zone"], "unit": "unit", **HOW}
    refused("the groups zone twice", ef.inequality, "income", FIRST, **call)


def test_a_power_that_is_written_as_text_is_its_number():
    call = {"groups": "place", "marked": "capital", **HOW, **KEYS}
    want = ef.inequality("income", ROWS, power=0.9, **call)
    found = ef.inequality("income", ROWS, power="0.9", **call)
    pd.testing.assert_frame_equal(found.to_frame(), want.to_frame())
    words = "a power of 90; .* 90 percent is 0.9"
    refused(words, ef.inequality, "income", ROWS, power=90, **call)
