"""Which unit a row means: names before running numbers, loose spellings said, what
disagrees refused.
"""

import pandas as pd
import pytest

from evenfield.newstudy.unit_names import match_units
from evenfield.study.errors import IngestError
from refusals import fails
from yaml_text import from_yaml

COUNTRIES = ["Austria", "Belgium", "Côte d'Ivoire", "Germany", "Spain", "São Tomé"]
SERIAL = pd.DataFrame({"unit": list("123456"), "name": COUNTRIES})
CODED = pd.DataFrame(
    {"unit": "AT BE CI DE ES ST".split(), "name": COUNTRIES, "n": list("123456")}
)
NAMELESS = SERIAL.assign(name=SERIAL["unit"])
OTHER_ORDER = [5, 3, 4, 0, 1, 2]


def matched(file, units=SERIAL, **options):
    frame = pd.DataFrame(file).astype(str)
    match = match_units(frame, units, "map.geojson", **options)
    return match.column, dict(zip(frame.iloc[:, -1], match.ids, strict=True))


def in_other_order(units):
    rows = units.iloc[OTHER_ORDER].reset_index(drop=True)
    return pd.DataFrame({"id": range(1, 7), "NAME": rows["name"]})


@pytest.mark.parametrize("once", [True, False])
def test_names_win_over_running_numbers_of_another_order(once):
    column, ids = matched(in_other_order(SERIAL), once=once, headers=("id",))
    assert column == "NAME"
    assert ids == dict(zip(SERIAL["name"], SERIAL["unit"], strict=True))


@pytest.mark.parametrize("header", "fid id OBJECTID gid n FEATURE_ID".split())
@pytest.mark.parametrize("first", [0, 1])
def test_running_numbers_alone_are_no_names_of_outlines(header, first):
    numbers = [*range(first, first + 9)]
    fails(
        IngestError,
        f"only by running numbers .{header}.",
        matched,
        {header: numbers},
        NAMELESS,
        once=True,
        headers=("id", "unit"),
    )


def test_numbers_of_which_one_is_missing_do_not_win_over_names():
    file = in_other_order(SERIAL).astype(str)
    file.loc[2, "id"] = ""
    match = match_units(file, SERIAL, "map.geojson", once=True, headers=("id",))
    assert match.column == "NAME"
    assert match.ids.tolist() == list("645123")


def test_running_numbers_count_where_the_user_says_so():
    column, ids = matched({"fid": [3, 1, 2]}, NAMELESS, once=True, column="fid")
    assert column == "fid"
    assert ids == {"3": "3", "1": "1", "2": "2"}


def test_running_numbers_count_where_the_column_is_called_as_in_the_panel():
    file = pd.DataFrame({"AGS": "01 02 03 04 05 06".split()})
    match = match_units(file, NAMELESS, "m.json", once=True, headers=("AGS",))
    assert match.ids.tolist() == list("123456")
    assert "running numbers of column AGS" in match.messages[0]


def test_running_numbers_count_where_names_bear_them_out():
    names = "Österreich Belgium Elfenbeinküste Germany Spain x".split()
    column, _ = matched({"name": names, "id": range(1, 7)}, headers=("id",))
    assert column == "name"
    column, ids = matched({"name": "a Belgium c d e f".split(), "id": range(1, 7)})
    assert column == "id"
    assert set(ids.values()) == set("123456")


def test_codes_with_the_gaps_of_the_units_are_no_running_numbers():
    codes = "1 2 4 5 6 8".split()
    units = pd.DataFrame({"unit": codes, "name": codes})
    file = {"STATEFP": "08 06 05 04 02 01 72".split()}
    column, ids = matched(file, units, once=True)
    assert column == "STATEFP"
    assert ids["08"] == "8"


def test_two_codes_that_fit_and_disagree_are_refused_with_both():
    file = {"iso": CODED["unit"], "fips": CODED["unit"][::-1].tolist()}
    with pytest.raises(IngestError, match="columns iso and fips both fit") as refused:
        matched(file, CODED, once=True)
    assert "in 6 rows (iso AT is AT, fips ST is ST)" in str(refused.value)
    assert "--match iso or --match fips" in str(refused.value)


def test_names_decide_between_two_codes():
    file = {
        "fips": CODED["unit"][::-1].tolist(),
        "iso": CODED["unit"],
        "name": CODED["name"],
    }
    assert matched(file, CODED, once=True)[0] in {"iso", "name"}
    wrong = {key: file[key] for key in ("fips", "name")}
    fails(
        IngestError,
        "both fit and name different units",
        matched,
        wrong,
        CODED,
        once=True,
    )


def test_a_code_that_a_row_lacks_is_taken_from_its_name():
    codes = "AT BE -99 DE ES ST".split()
    names = CODED["name"].tolist()
    file = pd.DataFrame({"iso": codes, "name": names, "x": "y"})
    match = match_units(file, CODED, "m", once=True)
    assert match.ids.tolist() == CODED["unit"].tolist()


SPELT = from_yaml("""
    case: [GERMANY, '4']
    blanks: ["  Côte  d'Ivoire ", '3']
    accents: [Cote d’Ivoire, '3']
    underscores: [sao_tome, '6']
    kind before: [Prov. of Spain, '5']
    kind after: [Austria Province, '1']
    the: [The Belgium, '2']
    a whole number: ['4.0', '4']
    zeros before: ['004', '4']
    a census code: [0400000US04, '4']
    """)


@pytest.mark.parametrize("name", SPELT)
def test_one_unit_is_spelt_in_many_ways(name):
    text, unit = SPELT[name]
    match = match_units(pd.DataFrame({"State": [text, "Nowhere"]}), SERIAL, "f.csv")
    assert match.ids.iloc[0] == unit
    assert match.unknown == ("Nowhere",)
    loose = any("without words such as province" in label for label in match.messages)
    assert loose == name.startswith("kind")


def test_umlauts_spelt_out_are_one_name():
    units = pd.DataFrame({"unit": ["a", "b"], "name": ["Thüringen", "Hessen"]})
    file = pd.DataFrame({"x": ["Thueringen", "Thuringen", "HESSEN"]})
    assert match_units(file, units, "f").ids.tolist() == ["a", "a", "b"]


def test_a_name_of_two_units_names_neither():
    units = pd.DataFrame({"unit": list("abc"), "name": ["Lake", "Lake", "Polk"]})
    match = match_units(pd.DataFrame({"x": ["Lake", "Polk"]}), units, "f")
    assert match.unknown == ("Lake",)


def test_a_province_and_its_city_are_not_mixed_up():
    units = pd.DataFrame({"unit": list("ab"), "name": ["Lima Province", "Cusco"]})
    file = pd.DataFrame({"x": ["Lima Province", "Department of Lima", "Cusco"]})
    assert match_units(file, units, "f").unknown == ("Department of Lima",)
    both = pd.DataFrame({"x": ["Lima", "Department of Lima", "Cusco"]})
    assert match_units(both, units, "f").unknown == ("Lima", "Department of Lima")


def test_another_column_of_the_units_names_them_too():
    units = CODED.assign(nuts=[f"{unit}0X" for unit in CODED["unit"]])
    file = pd.DataFrame({"NUTS_ID": units["nuts"][::-1]})
    assert match_units(file, units, "f", once=True).ids.tolist() == (
        CODED["unit"][::-1].tolist()
    )


def test_of_two_columns_of_numbers_that_called_as_in_the_panel_is_meant():
    file = {"zones": [2, 1], "id": [3, 5]}
    assert matched(file, NAMELESS, headers=("id",))[0] == "id"


def test_nothing_that_fits_is_refused_with_what_is_expected():
    fails(
        IngestError,
        "expected ids or names such as AT or Aus",
        matched,
        {"a": ["x"]},
        CODED,
    )


def test_one_name_that_disagrees_is_enough_against_running_numbers():
    names = ["Spain", "Atlantis", "Avalon", "El Dorado", "Thule", "Utopia"]
    file = {"id": range(1, 7), "NAME": names}
    column, ids = matched(file, headers=("id",), once=True)
    assert column == "NAME"
    assert ids["Spain"] == "5"


def test_rows_of_several_dates_are_not_filled_from_another_column():
    file = CODED[["unit", "name"]].rename(columns={"unit": "code"})
    file.loc[2, "code"] = ""
    file.loc[[3, 4], "name"] = ["Thule", "Utopia"]
    filled = match_units(file, CODED, "more.csv", once=True)
    plain = match_units(file, CODED, "more.csv", once=False)
    assert filled.ids.tolist() == CODED["unit"].tolist()
    assert plain.ids.isna().sum() == 1


def test_marks_of_footnotes_and_numbers_before_names_are_no_part_of_them():
    names = ["1 Austria", "Belgium 3/", "Côte d'Ivoire *", "Germany (2)", "Spain¹"]
    _, ids = matched({"place": [*names, "São Tomé [a]"]})
    assert list(ids.values()) == list("123456")
