"""Rows that are totals of others: by name, code and value; and which rows a user keeps."""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from evenfield.newstudy.guess import Choices, guess
from evenfield.newstudy.headers import AnyTable
from evenfield.newstudy.totals import totals_among
from evenfield.study.errors import IngestError
from refusals import fails
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


def fitted(units, names=None):
    frame = panel(units)
    shown = pd.Series(names or units, index=units)
    return sorted(totals_among(frame, shown, ["income"]))


@pytest.mark.parametrize(
    "name",
    "World|OECD members|OECD - Total|Total Africa|Total|Euro area|European Union|EU27_2020"
    "|EU-28|High income|Low & middle income|Sub-Saharan Africa|Arab World|G7|全国|Sum"
    "|South Asia|East Asia & Pacific (excluding high income)|World total|Average"
    "|World 3/|World*|World (2)|World [a]|World ¹|World1/|12 W. Europe|7 E. Europe"
    "|L. America|16 E. Asia|(3) Western Europe|W. Offshoots|2.1 Latin America".split(
        "|"
    ),
)
def test_a_total_by_its_name(name):
    assert fitted([*COUNTRIES, name]) == [name]


@pytest.mark.parametrize(
    "name",
    "South Africa|Central African Republic|North Macedonia|Mali|United States|Western"
    " Sahara|Alland|Totalitaria|Nationalia|South Sudan|Euskadi|Eure|Worldham"
    "|S. Africa|Korea (2)|12 Monkeys|USSR".split("|"),
)
def test_a_country_that_only_sounds_alike_is_no_total(name):
    assert fitted([*COUNTRIES, name]) == []


def test_a_study_of_regions_of_the_world_has_no_totals():
    assert fitted(["Europe", "South Asia", "Arab World", "Sub-Saharan Africa"]) == []


def test_the_nation_and_its_regions_are_totals_of_states():
    states = "California Texas Ohio Utah Iowa Maine Idaho".split()
    more = ["United States", "New England", "Far West"]
    assert fitted([*more, *states]) == sorted(more)
    noted = ["United States 3/", "New England *", "5 Far West"]
    assert fitted([*noted, *states]) == sorted(noted)
    assert fitted(["Former USSR", "Ukraine", *COUNTRIES]) == ["Former USSR"]


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


def test_codes_of_larger_areas_are_totals():
    nuts = "DE DE1 DE11 DE12 FR FR1 FR10".split()
    assert fitted(nuts) == ["DE", "DE1", "FR", "FR1"]
    fips = "00000 01000 01001 01003 02000 02013 02016 02020".split()
    assert fitted(fips) == ["00000", "01000", "02000"]
    cities = "510000 510100 510300 520000 520100 520200".split()
    assert fitted(cities) == ["510000", "520000"]
    counties = "510100 510104 510105 510300 510302 510303".split()
    assert fitted(counties) == ["510100", "510300"]
    municipalities = "11 12 1100015 1100023 1100031 1200013 1200054".split()
    assert fitted(municipalities) == ["11", "12"]
    assert fitted("1 2 1001 1002 2001 2002 2004".split()) == ["1", "2"]


@pytest.mark.parametrize(
    "units",
    [
        ["NER", "NGA", "NIC"],
        ["US", "UA", "UK"],
        ["01000", "02000", "04000"],
        "2000 2018 4000 3017 5221 12548".split(),
        [str(number) for number in range(90, 130)],
        [str(number) for number in range(990, 1100)],
        "11 12 13 1100015 1100023 1200013 1200054".split(),
    ],
)
def test_codes_of_one_level_are_no_totals(units):
    assert fitted(units) == []


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


def test_figures_without_totals_have_none():
    names = [f"u{i}" for i in range(200)]
    assert fitted(names) == []


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


TABLE = panel([*COUNTRIES, "World"], kind=dict.fromkeys([*COUNTRIES, "World"], "a"))


def test_totals_are_left_out_and_said():
    table = guess(AnyTable(TABLE), {})
    assert sorted(table.units["unit"]) == COUNTRIES
    line = "1 unit looks like a total of others, left out (--keep-totals keeps): World"
    assert any(line in label for label in table.messages)


def test_totals_are_kept_on_request_and_said():
    table = guess(AnyTable(TABLE), {}, Choices(keep_totals=True))
    assert "World" in set(table.units["unit"])
    assert any(
        "1 unit looks like a total and is kept" in label for label in table.messages
    )


@pytest.mark.parametrize("names", [["Chad"], ["chad", "Benin"]])
def test_units_are_left_out_by_name(names):
    table = guess(AnyTable(TABLE), {}, Choices(leave_out=names))
    assert not {name.title() for name in names} & set(table.units["unit"])


def test_a_unit_to_leave_out_that_is_none_is_refused():
    fails(
        IngestError,
        r"Chat, given by --leave-out.*mean 'Chad'",
        guess,
        AnyTable(TABLE),
        {},
        Choices(leave_out=["Chat"]),
    )


LAYERS = pd.concat([TABLE.assign(unit_of="EUR"), TABLE.assign(unit_of="PPS")])


def test_rows_are_chosen_by_a_value():
    table = guess(AnyTable(LAYERS), {}, Choices(where=["unit_of=PPS"]))
    assert any(
        "rows with PPS in unit_of: 72 of 144" in label for label in table.messages
    )
    assert len(table.panel) == 64
    assert "unit_of" not in table.units


def test_a_table_with_several_rows_a_unit_names_the_choice():
    expected = r"unit_of has EUR, PPS.*--where unit_of=EUR"
    fails(IngestError, expected, guess, AnyTable(LAYERS.reset_index(drop=True)), {})


@pytest.mark.parametrize(
    ("condition", "message"),
    from_yaml("""
    - [unit_of, --where unit_of names no column]
    - [nothing=1, --where nothing=1 names no column]
    - [unit_of=USD, 'no row has USD in unit_of, given by --where; expected one of']
    - ['=', --where = names no column]
    """),
)
def test_a_condition_that_fits_no_row_is_refused(condition, message):
    fails(IngestError, message, guess, AnyTable(LAYERS), {}, Choices(where=[condition]))
