"""Flags of `run new`, choices that it names instead of making them, and the comments of
the config that it writes.
"""

import json

import geopandas
import pandas as pd
import pytest
import yaml
from shapely.geometry import box

import new
from evenfield.newstudy.config_text import unit_words
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.ingest.study_tables import read_study
from tolerances import close
from yaml_text import from_yaml

UNITS = "Alba Bari Como Doda Enna Faro".split()
ROWS = [
    {
        "town": name,
        "year": year,
        "income": 1000 + 100 * i + 7 * (i + 1) * (year - 2000),
        "people": 50 + 10 * i,
        "school": 5 + i,
        "side": "ab"[i % 2],
        "north": 40 + i,
        "east": 10 + i,
    }
    for i, name in enumerate(UNITS)
    for year in range(2000, 2008)
]
PANEL = pd.DataFrame(ROWS)
PANEL["people"] += PANEL["year"] % 3
PANEL["school"] += PANEL["year"] % 2


def built(folder, *options, panel=PANEL, name="panel.csv"):
    path = folder / name
    if isinstance(panel, pd.DataFrame):
        panel.to_csv(path, index=False)
    new.main([str(folder / "study"), "--panel", str(path), *map(str, options)])
    config = checked_config(read_config(folder / "study" / "config.yaml"))
    config["data"]["package"] = str(folder / "study" / "data" / "datapackage.json")
    return config, read_study(config)


def refused(folder, *options, panel=PANEL):
    with pytest.raises(SystemExit) as stop:
        built(folder, *options, panel=panel)
    assert not (folder / "study").exists()
    return str(stop.value.code)


def test_a_group_may_have_commas_in_its_name_and_in_its_values(tmp_path):
    values = {"a": "West, upper", "b": "East"}
    panel = PANEL.assign(side=PANEL["side"].map(values))
    panel = panel.rename(columns={"side": "Region, 2 parts"})
    config, study = built(tmp_path, "--group", "Region, 2 parts", panel=panel)
    spec, *_ = config["estimates"]["inequality"]
    assert spec["groupings"] == ["Region, 2 parts"]
    assert set(study["units"]["Region, 2 parts"]) == set(values.values())
    other = tmp_path / "other"
    other.mkdir()
    message = refused(other, "--group", "Region,2", panel=panel)
    assert "no column Region,2 describes the units" in message


def test_years_outside_a_span_are_left_out(tmp_path, capsys):
    config, study = built(tmp_path, "--years", "2002:2005")
    assert config["panel"]["years"] == [2002, 2005]
    assert set(study["panel"]["year"]) == {2002, 2003, 2004, 2005}
    assert "rows of other years left out: 24" in capsys.readouterr().out


def test_years_may_be_named_one_by_one(tmp_path):
    config, _ = built(tmp_path, "--years", "2000,2003,2006")
    assert (config["panel"]["years"], config["panel"]["step"]) == ([2000, 2006], 3)


WRONG_YEARS = {
    "2000": "first and last year, as 1990:2020",
    "2005:2001": "first and last year, as 1990:2020",
    "1950:1960": "holds 0 years of the table; expected two or more of 2000 to 2007",
}


@pytest.mark.parametrize("years", WRONG_YEARS)
def test_years_that_are_none_of_the_table_are_refused(tmp_path, years):
    assert WRONG_YEARS[years] in refused(tmp_path, "--years", years)


def test_units_with_gaps_go_and_all_years_stay_on_request(tmp_path, capsys):
    gaps = PANEL["town"].isin(UNITS[:3]) & PANEL["year"].eq(2000)
    panel = PANEL[~gaps]
    config, _ = built(tmp_path, panel=panel)
    assert config["panel"]["years"] == [2001, 2007]
    (tmp_path / "whole").mkdir()
    config, study = built(tmp_path / "whole", "--drop-incomplete", panel=panel)
    assert config["panel"]["years"] == [2000, 2007]
    assert list(study["units"]["unit"]) == UNITS[3:]
    assert "left out: Alba, Bari, Como" in capsys.readouterr().out


def test_income_may_be_weighted_by_population(tmp_path):
    config, study = built(tmp_path, "--income", "income", "--population", "people")
    income = config["panel"]["income"]
    panel = study["panel"]
    assert income["population"] == "people"
    close(panel[income["output"]] / panel["people"], PANEL["income"])


def test_people_that_are_known_weigh_inequality_and_units_alike_stand_beside(tmp_path):
    panel = PANEL.assign(region=PANEL["side"])
    config, _ = built(
        tmp_path, "--income", "income", "--population", "people", panel=panel
    )
    assert [
        (spec["id"], spec["weighting"], spec["role"])
        for spec in config["estimates"]["inequality"]
    ] == [
        ("groups", "population", "primary"),
        ("groups_alike", "unweighted", "robustness"),
    ]


def test_without_people_inequality_counts_units_alike(tmp_path):
    config, _ = built(tmp_path, "--income", "income")
    (spec,) = config["estimates"]["inequality"]
    assert spec["weighting"] == "unweighted"


def test_a_population_beside_income_is_named_and_not_used(tmp_path, capsys):
    config, _ = built(tmp_path, panel=PANEL.rename(columns={"people": "population"}))
    assert "column" in config["panel"]["income"]
    assert "--income income --population population" in capsys.readouterr().out


def test_a_study_whose_income_is_to_be_named_is_made_anew(tmp_path):
    panel = PANEL.rename(columns={"income": "a", "people": "b", "school": "c"})
    panel.to_csv(tmp_path / "panel.csv", index=False)
    words = [str(tmp_path / "study"), "--panel", str(tmp_path / "panel.csv")]
    new.main(words)
    assert "TODO" in (tmp_path / "study" / "config.yaml").read_text()
    config, _ = built(tmp_path, "--income", "a", panel=panel)
    assert config["panel"]["income"]["column"] == "a"
    with pytest.raises(SystemExit, match="study holds a study"):
        new.main(words)


def test_a_lone_n_of_rates_divides_nothing(tmp_path):
    panel = PANEL.rename(columns={"income": "rgdpw", "people": "n"})
    config, _ = built(tmp_path, panel=panel.assign(n=panel["n"] / 40))
    assert config["panel"]["income"]["column"] == "rgdpw"


def test_columns_of_units_are_named_by_flags(tmp_path):
    flags = "--lat north --lon east --group side --unit-name municipalities"
    config, study = built(tmp_path, *flags.split())
    assert study["units"][["lat", "lon"]].iloc[0].tolist() == [40, 10]
    assert config["estimates"]["moran"][0]["regions"] == "side"
    assert config["study"]["unit_name"] == "municipality"
    assert config["study"]["units_name"] == "municipalities"


WRONG_FLAGS = from_yaml("""
    a latitude that is none:
      [[--lat, school, --lon, east], 'school, given by --lat, holds no degrees']
    a group that changes: [[--group, income], 'no column income describes the units']
    a name that is no column: [[--name, nome], 'no column nome, given by --name']
    """)


@pytest.mark.parametrize("name", WRONG_FLAGS)
def test_a_flag_that_does_not_fit_is_refused_in_one_line(tmp_path, name):
    options, message = WRONG_FLAGS[name]
    assert message in refused(tmp_path, *options)


@pytest.mark.parametrize(
    ("asked", "words"),
    {
        "districts": ("district", "districts"),
        "county": ("county", "counties"),
        "cities": ("city", "cities"),
        "": ("state", "states"),
    }.items(),
)
def test_units_are_called_as_the_user_says(asked, words):
    assert unit_words(asked, "state") == words


def in_lines(*columns):
    """Income and hours, of all and of women, in lines below each other."""
    lines = [
        PANEL.assign(value=PANEL["income"] * factor, what=what, who=who)
        for what, factor in (("A", 1), ("B", 3))
        for who, factor in (("Total", factor), ("Women", factor / 2))
    ]
    return pd.concat(lines)[["town", "year", "value", *columns]]


def test_figures_in_lines_are_named_with_the_flags_that_choose(tmp_path):
    message = refused(tmp_path, panel=in_lines("what", "who"))
    assert "column what has A, B and column who has Total, Women" in message
    assert "--where what=A --where who=Total" in message
    _, study = built(
        tmp_path,
        *"--where what=B --where who=Women".split(),
        panel=in_lines("what", "who"),
    )
    close(study["panel"]["value"], 1.5 * PANEL["income"])


def test_income_per_head_and_its_population_in_lines_become_columns(tmp_path):
    heads = PANEL.assign(series="GDP", unit="dollars per person")
    people = PANEL.assign(series="Population", unit="persons")
    people["income"] = people["people"] * 1000
    panel = pd.concat([heads, people]).rename(columns={"income": "value"})
    panel = panel[["town", "year", "series", "unit", "value"]]
    config, study = built(tmp_path, panel=panel)
    # Per person already: it is not divided by the population once more.
    assert config["panel"]["income"]["column"] == "GDP"
    close(study["panel"]["GDP"], PANEL["income"])


def test_one_unit_in_columns_of_several_figures_is_refused(tmp_path):
    panel = PANEL[PANEL["town"].eq("Alba")][["year", "income", "people", "school"]]
    message = refused(tmp_path, panel=panel.rename(columns={"income": "gdp"}))
    assert "columns such as gdp, people: one unit only" in message


def squares(properties):
    return [
        {
            "type": "Feature",
            "properties": one,
            "geometry": box(i % 6, 0, i % 6 + 1, 1).__geo_interface__,
        }
        for i, one in enumerate(properties)
    ]


WIDE = PANEL.pivot(index="town", columns="year", values="income").add_prefix("gdp_")
LONG = PANEL.sort_values(["year", "town"])[["town", "year", "income"]]


@pytest.mark.parametrize("frame", [WIDE.reset_index(), LONG], ids=["wide", "long"])
def test_a_panel_in_a_map_brings_its_outlines(tmp_path, frame):
    features = squares(frame.to_dict("records"))
    path = tmp_path / "panel.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    _, study = built(tmp_path, panel=None, name="panel.geojson")
    assert len(study["adjacency"]) == 5
    assert study["units"]["lon"].tolist() == [i + 0.5 for i in range(6)]


def test_a_shapefile_is_read_in_degrees(tmp_path):
    shapes = [box(i, 50, i + 1, 51) for i in range(6)]
    frame = geopandas.GeoDataFrame(WIDE.reset_index(), geometry=shapes, crs=4326)
    frame.to_crs(3035).to_file(tmp_path / "panel.shp")
    _, study = built(tmp_path, panel=None, name="panel.shp")
    close(study["units"]["lon"], [i + 0.5 for i in range(6)], atol=0.01)
    assert study["panel"]["gdp"].iloc[0] == 1000


def uncommented(text, word):
    """Take the mark from the comment that begins with a word, in place of such a line."""
    retained = [line for line in text.splitlines() if not line.strip().startswith(word)]
    return "\n".join(
        line.replace("# ", "", 1) if line.strip().startswith(f"# {word}") else line
        for line in retained
    )


def test_the_next_steps_of_a_config_hold_without_their_mark(tmp_path):
    config, _ = built(tmp_path, "--lat", "north", "--lon", "east")
    text = (tmp_path / "study" / "config.yaml").read_text()
    words = ("income", "leave_out", "samples", "weights", "beta", "controls")
    for word in words:
        text = uncommented(text, f"{word}:")
    written = yaml.safe_load(text)
    assert written["panel"]["income"]["column"] == "income / school"
    assert written["panel"]["leave_out"] == ["Alba"]
    assert written["panel"]["samples"] == {"all": [], "some": ["Alba"]}
    assert written["weights"]["primary"] == "own"
    assert written["estimates"]["beta"][1]["controls"] == list(written["controls"])
    checked = checked_config(written)
    assert len(checked["estimates"]["beta"]) == len(config["estimates"]["beta"]) + 1


def test_topics_that_need_more_units_or_years_stand_there_with_the_reason(
    tmp_path, capsys
):
    built(tmp_path)
    said = capsys.readouterr().out
    assert "distribution is not asked: only with 15 units or more" in said
    text = (tmp_path / "study" / "config.yaml").read_text()
    assert "  # distribution: " in text
    assert "(with 15 units or more)" in text
    assert "  # clubs: " in text
    assert "(with 15 steps between years or more)" in text


def test_the_distribution_is_asked_of_few_waves(tmp_path):
    waves = [
        {"town": f"T{i:02}", "year": year, "income": 900 + 7 * i + year % 9}
        for i in range(16)
        for year in range(1940, 2001, 10)
    ]
    config, _ = built(tmp_path, panel=pd.DataFrame(waves))
    (spec,) = config["estimates"]["distribution"]
    assert (spec["steps"], spec["kernel_steps"]) == ([10], [30])
    assert "clubs" not in config["estimates"]


def test_what_has_no_name_is_measured_in_the_units_of_its_file(tmp_path, capsys):
    rows = [[name, *range(i, i + 5)] for i, name in enumerate(UNITS, 10)]
    wide = pd.DataFrame(rows, columns=["Name", *range(2000, 2005)])
    config, _ = built(tmp_path, panel=wide)
    assert config["panel"]["income"]["unit"] == "units of the file panel.csv"
    assert "give them a word, as --unit-name" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--income", "school"], "school"),
        (["--income", "school", "--what", "years of school"], "years of school"),
    ],
)
def test_what_is_no_income_is_called_by_its_name(tmp_path, options, what):
    config, _ = built(tmp_path, *options)
    assert config["study"]["what"] == what
    assert config["study"]["title"].startswith(f"{what.capitalize()} of ")
    assert f"did {what} become more alike" in config["study"]["question"]
    assert "lower towns catch up with higher ones" in config["study"]["question"]


def test_units_are_called_by_the_column_of_their_codes(tmp_path):
    panel = PANEL.assign(STATE_FIPS=PANEL["north"]).rename(columns={"town": "Name"})
    config, _ = built(tmp_path, panel=panel)
    assert config["study"]["units_name"] == "states"


@pytest.mark.parametrize(
    ("files", "groups"),
    [
        (["zones", "clusters"], ["cluster", "sez", "cluster - sez"]),
        (["clusters"], ["cluster"]),
        (["zones"], ["sez"]),
    ],
)
def test_zones_and_clusters_are_compared(tmp_path, files, groups):
    (tmp_path / "zones.csv").write_text("town,type,since\nAlba,park,2003\n")
    (tmp_path / "clusters.csv").write_text("town\nAlba\nFaro\n")
    options = [
        word for file in files for word in (f"--{file}", tmp_path / f"{file}.csv")
    ]
    config, _ = built(tmp_path, "--lat", "north", "--lon", "east", *options)
    (premium,) = config["estimates"]["group_contrasts"]["premium"]
    assert premium["compare"] == groups
    assert ("exposure" in config["estimates"]) == (len(files) == 2)


def test_a_column_of_many_groups_is_named_and_not_taken(tmp_path, capsys):
    rows = [
        {
            "town": f"T{i:02}",
            "year": year,
            "income": 900 + i + year % 9,
            "area": f"A{i // 3}",
        }
        for i in range(45)
        for year in (2000, 2001, 2002)
    ]
    config, _ = built(tmp_path, panel=pd.DataFrame(rows))
    assert "inequality" not in config["estimates"]
    assert "--group takes one of more: area (15)" in capsys.readouterr().out
    assert config["study"]["title"].startswith("Income of towns, 2000")
