"""Rows that are totals of others: by name and code (totals.yaml), and by value."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from evenfield.newstudy.totals import totals_among
from newstudy.made_tables import expanded
from yaml_text import from_yaml

COUNTRIES = "Algeria Benin Chad Denmark Estonia France Ghana Hungary".split()


def panel(units, **figures):
    """Return a table with a figure by unit and year, in the order of the units."""
    random = default_rng(5)
    rows = []
    for unit in units:
        level = 1000 * np.exp(random.normal(0, 0.5))
        for year in range(2000, 2008):
            level *= np.exp(random.normal(0.02, 0.02))
            rows.append((unit, str(year), f"{level:.3f}"))
    frame = pd.DataFrame(rows, columns=["unit", "year", "income"])
    for name, values in figures.items():
        frame[name] = frame["unit"].map(values).astype(str)
    return frame


CASES = dict(expanded(Path(__file__).with_name("totals.yaml")))


@pytest.mark.parametrize("name", CASES)
def test_totals_by_name_and_code(name):
    case = CASES[name]
    numbers = range(*case.get("range", (0,)))
    units = case.get("units", [f"{case.get('prefix', '')}{n}" for n in numbers])
    names = pd.Series(units, index=units)
    found = totals_among(panel(units), names, ["income"])
    assert sorted(found) == case["totals"]


def test_what_does_not_change_over_the_years_is_a_sum_by_chance_only():
    frame = panel(COUNTRIES)
    people = dict(zip(COUNTRIES, [617, 201, 205, 211, 777, 350, 404, 919], strict=True))
    frame = frame.assign(people=frame["unit"].map(people).astype(str))
    names = pd.Series(COUNTRIES, index=COUNTRIES)
    assert totals_among(frame, names, ["people"]) == {}


def test_a_sum_that_is_off_by_more_than_rounding_is_no_total():
    frame, names = summed(COUNTRIES[1:5], 1)
    off = frame["unit"].eq("Q") & frame["year"].eq("2007")
    higher = (frame["income"].astype(float) + 0.3).map("{:.1f}".format)
    frame = frame.assign(income=frame["income"].mask(off, higher))
    assert totals_among(frame, names, ["income"]) == {}


def summed(parts, position):
    """Put a row that is the sum of the parts at a place."""
    frame = panel(COUNTRIES)
    sums = frame[frame["unit"].isin(parts)].astype({"income": float})
    total = sums.groupby("year", as_index=False)["income"].sum().assign(unit="Q")
    total["income"] = total["income"].map("{:.1f}".format)
    order = [*COUNTRIES[:position], "Q", *COUNTRIES[position:]]
    both = pd.concat([frame, total[frame.columns]])
    both["unit"] = pd.Categorical(both["unit"], order)
    both = both.sort_values(["unit", "year"]).astype({"unit": str})
    return both, pd.Series(order, index=order)


@pytest.mark.parametrize("position", [0, 3, 8])
def test_the_sum_of_all_others_is_a_total(position):
    frame, names = summed(COUNTRIES, position)
    assert totals_among(frame, names, ["income"]) == {
        "Q": "its income is the sum of all others"
    }


@pytest.mark.parametrize(
    ("parts", "position"),
    from_yaml("""
    - [[1, 4], 4]
    - [[1, 5], 1]
    """),
)
def test_the_sum_of_rows_beside_it_is_a_total(parts, position):
    frame, names = summed(COUNTRIES[slice(*parts)], position)
    assert list(totals_among(frame, names, ["income"])) == ["Q"]


def stacked(*parts):
    """Put tables below each other, in this order of units."""
    both = pd.concat(parts, ignore_index=True)
    order = list(dict.fromkeys(both["unit"]))
    return both, pd.Series(order, index=order)


def total_of(frame, unit):
    """Return the sum of the units of a table, as another unit."""
    sums = frame.astype({"income": float}).groupby("year", as_index=False)["income"]
    return sums.sum().assign(unit=unit, income=lambda row: row["income"].round(3))


def test_totals_of_totals_are_totals():
    towns = [panel([f"{state}{i}" for i in range(4)]) for state in "ABC"]
    for size, part in enumerate(towns, 1):
        part["income"] = part["income"].astype(float) * size**1.3
    states = [total_of(part, f"state {i}") for i, part in enumerate(towns)]
    nation = total_of(pd.concat(towns), "all of them together")
    pairs = [part for pair in zip(states, towns, strict=True) for part in pair]
    frame, names = stacked(nation, *pairs)
    frame["income"] = frame["income"].astype(float).map("{:.3f}".format)
    found = totals_among(frame, names, ["income"])
    assert sorted(found) == sorted(
        ["all of them together", *(s["unit"][0] for s in states)]
    )


@pytest.mark.parametrize("seed", range(8))
def test_rows_that_grow_alike_are_sums_by_chance_only(seed):
    random = default_rng(seed)
    units = [f"u{i}" for i in range(200)]
    growth = np.cumsum(random.normal(0.02, 0.001, (200, 5)), axis=1)
    levels = 300 * np.exp(random.normal(0, 1, (200, 1)) + growth)
    rows = [
        (unit, str(2000 + year), f"{levels[i, year]:.0f}")
        for i, unit in enumerate(units)
        for year in range(5)
    ]
    frame = pd.DataFrame(rows, columns=["unit", "year", "income"])
    assert totals_among(frame, pd.Series(units, index=units), ["income"]) == {}


def test_sums_are_found_where_another_unit_has_no_figures_yet():
    frame, names = summed(COUNTRIES[1:5], 1)
    frame = frame[~(frame["unit"].eq("Ghana") & frame["year"].lt("2006"))]
    assert list(totals_among(frame, names, ["income"])) == ["Q"]


@pytest.mark.parametrize("largest", [1, 3, 20])
def test_small_whole_numbers_are_sums_of_others_by_chance_only(largest):
    random = default_rng(3)
    names = [f"u{i}" for i in range(120)]
    frame = panel(names)
    steady = dict(zip(names, random.integers(0, largest + 1, len(names)), strict=True))
    frame = frame.assign(union=frame["unit"].map(steady).astype(str))
    shown = pd.Series(names, index=names)
    assert totals_among(frame, shown, ["union"]) == {}


def test_figures_without_a_whole_year_have_no_totals():
    frame = panel(COUNTRIES)
    frame.loc[frame["unit"] == "Chad", "income"] = ""
    names = pd.Series(COUNTRIES, index=COUNTRIES)
    assert totals_among(frame, names, ["income"]) == {}


def test_figures_per_head_do_not_add_up():
    frame, names = summed(COUNTRIES, 0)
    frame = frame.rename(columns={"income": "gdp_per_head"})
    assert totals_among(frame, names, ["gdp_per_head"]) == {}


@pytest.mark.parametrize("nation", [0, 5000.0])
def test_one_in_capitals_that_lies_outside_the_others_is_no_mean_of_them(nation):
    frame = panel([*COUNTRIES, "MARGIN"])
    own = frame["unit"].eq("MARGIN")
    income = frame["income"].astype(float).mask(own, 1 + nation)
    frame = frame.assign(income=income.map("{:.3f}".format))
    names = pd.Series([*COUNTRIES[::-1], "MARGIN"], index=[*COUNTRIES[::-1], "MARGIN"])
    frame = frame.set_index("unit").loc[names.index].reset_index()
    poorest = {} if not nation else {"MARGIN": "alone in capitals"}
    assert totals_among(frame, names, ["income"]) == poorest


@pytest.mark.parametrize("states", [3, 5])
@pytest.mark.parametrize("nation", [False, True])
def test_states_before_or_after_all_their_towns_are_totals(states, nation):
    towns = [panel([f"town {state} {i}" for i in range(6)]) for state in range(states)]
    for size, part in enumerate(towns, 1):
        part["income"] = part["income"].astype(float) * size**1.3
    above = [total_of(part, f"district {i}") for i, part in enumerate(towns)]
    whole = [total_of(pd.concat(towns), "of all")] if nation else []
    frame, names = stacked(*whole, *above, *towns)
    frame["income"] = frame["income"].astype(float).map("{:.3f}".format)
    found = totals_among(frame, names, ["income"])
    assert sorted(found) == sorted(part["unit"].iloc[0] for part in [*whole, *above])


def test_a_region_by_its_word_that_the_nation_is_also_the_sum_of_is_real():
    units = ["Lombardia", "Sicilia", "Piemonte", "Centro", "Toscana"]
    parts = panel(units)
    frame, names = stacked(total_of(parts, "Italia"), parts)
    frame["income"] = frame["income"].astype(float).map("{:.3f}".format)
    assert list(totals_among(frame, names, ["income"])) == ["Italia"]
