"""The data that ship: an independent reader of the standard agrees; ledger, sources and
links are whole.
"""

import json
import math
import re
from datetime import date
from pathlib import Path

from frictionless import Package, system

from evenfield.study.ingest.dictionary import read_resources
from evenfield.study.ingest.study_tables import describe_study

DATA = Path(__file__).parents[3] / "data"


def test_frictionless_agrees_that_the_package_is_valid():
    with system.use_context(trusted=True):
        report = Package(str(DATA / "datapackage.json")).validate()
    assert report.flatten(["rowNumber", "fieldName", "type", "note"]) == []
    assert report.valid


def test_tables_are_whole_as_the_readme_says(china_tables):
    rows = {
        "cases": 7,
        "adjacency": 68,
        "units": 31,
        "zones": 515,
    }
    assert {name: len(china_tables[name]) for name in rows} == rows
    text = (DATA / "README.md").read_text()
    names = "panel panel_provenance panel_merged units sources zones clusters"
    for name in [*names.split(), "programmes", "census_2020"]:
        (messages,) = re.findall(
            rf"^\| `{name}\.csv` \| ([\d ]+) \|", text, flags=re.MULTILINE
        )
        assert int(messages.replace(" ", "")) == len(china_tables[name]), name


def test_population_after_2010_runs_to_the_census_of_2020(china_tables):
    panel = china_tables["panel"].set_index(["unit", "year"])
    census = china_tables["census_2020"].set_index("unit")["population"]
    assert census.sum() == 1_409_778_724
    days = (date(2020, 11, 1) - date(2010, 12, 31)).days
    for unit, count in census.items():
        start = panel.loc[(unit, 2010), "pop_before_census_10k"]
        for year in range(2011, 2020):
            share = (date(year, 12, 31) - date(2010, 12, 31)).days / days
            wanted = math.exp(
                math.log(start) + share * math.log(count / 10_000 / start)
            )
            assert panel.loc[(unit, year), "pop_resident_10k"] == round(wanted, 2)
    early = panel[panel.index.get_level_values("year") <= 2010]
    assert early["pop_resident_10k"].equals(
        early["pop_before_census_10k"].rename("pop_resident_10k")
    )
    spans = china_tables["panel_provenance"].query(
        "variable == 'pop_resident_10k' and flag == 'interpolated'"
    )
    assert spans[["first_year", "last_year", "source"]].to_numpy().tolist() == [
        [2011, 2019, "CENSUS2020"]
    ]


def test_readme_says_how_far_the_old_head_counts_were_off(china_tables):
    panel = china_tables["panel"].query("year == 2019").set_index("unit")
    error = 100 * (panel["pop_before_census_10k"] / panel["pop_resident_10k"] - 1)
    text = " ".join((DATA / "README.md").read_text().split())
    assert (
        f"at the end of 2019 it is {error['CN-HL']:.1f} percent too high in"
        f" Heilongjiang and {-error['CN-ZJ']:.1f} percent too low in Zhejiang" in text
    )


def test_readme_says_how_far_the_head_counts_jump_at_the_census_of_2010(china_tables):
    wide = china_tables["panel"].pivot(
        index="unit", columns="year", values="pop_resident_10k"
    )
    jump = 100 * (wide[2010] / wide[2009] - 1)
    text = " ".join((DATA / "README.md").read_text().split())
    named = {
        "GX": "Guangxi",
        "AH": "Anhui",
        "TJ": "Tianjin",
        "BJ": "Beijing",
    }
    named |= {"SH": "Shanghai", "ZJ": "Zhejiang", "GD": "Guangdong"}
    (sentence,) = re.findall(r"within one year they jump by (.*?)\. The", text)
    for unit, name in named.items():
        value = float(jump[f"CN-{unit}"])
        assert re.search(
            rf"{re.escape(f'{value:+.1f}')} (percent )?in {name}", sentence
        )
    assert set(jump.sort_values().index[[0, 1, -1, -2]]) == {
        "CN-GX",
        "CN-AH",
        "CN-TJ",
        "CN-BJ",
    }


def test_sources_that_are_named_exist(china_tables):
    known = set(china_tables["sources"]["source"])
    checked = 0
    for name, table in china_tables.items():
        if "source" in table and name != "sources":
            named = set(
                re.findall(
                    r"\b(?:S\d{2}|[A-Z][A-Z0-9]{3,})\b",
                    " ".join(map(str, table["source"])),
                )
            )
            assert named <= known, f"{name}: {sorted(named - known)}"
            checked += len(named)
    assert checked > 60
    assert set(china_tables["panel_provenance"]["source"]) <= known


def test_every_file_is_in_the_dictionary_which_is_written_as_refresh_writes_it():
    described = {
        resource.path: resource.hash
        for resource in read_resources(DATA / "datapackage.json").values()
    }
    fault = {
        path.relative_to(DATA).as_posix()
        for path in DATA.rglob("*")
        if path.suffix in {".csv", ".geojson"}
    }
    assert set(described) == fault
    assert all(described.values())
    text = (DATA / "datapackage.json").read_text()
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"


def test_nothing_is_simulated_and_grade_c_is_income_until_1998_and_early_investment(
    china_tables, china_config
):
    assert describe_study(china_tables)["simulated"] == []
    # Investment of the years before 1996 is read for the claim L25b alone.
    switched_on = ["gdp_real_proxy_100m_cny_2000", "gfcf_100m_cny"]
    assert china_config["data"]["grade_c"] == switched_on
    panel = china_tables["panel"]
    assert panel["fdi_actual_10k_usd"].isna().all()
    assert (
        panel.loc[panel["year"] <= 1998, "gdp_real_proxy_100m_cny_2000"].notna().all()
    )
