"""Outlines, neighbours, zones and clusters that `run new` takes from other files: who is
meant, and what is said of names that are no units.
"""

import json
from pathlib import Path

import pandas as pd
import pytest

import new
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.ingest.study_tables import read_study
from yaml_text import from_yaml

NAMES = "Aland Bland Cland Dland Eland".split()
PANEL = pd.DataFrame(
    [
        (i, name, year, 1000 + 100 * i + 7 * (year - 2000) * i)
        for i, name in enumerate(NAMES, 1)
        for year in range(2000, 2012)
    ],
    columns=["id", "country", "year", "income"],
)
ORDER = [2, 0, 3, 1, 4]  # of the countries in the map


def square(x, y=0, size=1):
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(properties, geometry, **more):
    return {"type": "Feature", "properties": properties, "geometry": geometry, **more}


def country_map():
    return [
        feature({"id": row_of_unit + 1, "name": NAMES[i]}, square(i))
        for row_of_unit, i in enumerate(ORDER)
    ]


def written(folder, features):
    path = folder / "map.geojson"
    content = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(content))
    return path


def built(folder, *options, panel=PANEL):
    panel.to_csv(folder / "panel.csv", index=False)
    words = [str(folder / "study"), "--panel", str(folder / "panel.csv")]
    new.main([*words, *map(str, options)])
    config = checked_config(read_config(folder / "study" / "config.yaml"))
    config["data"]["package"] = str(folder / "study" / config["data"]["package"])
    return config, read_study(config)


def refused(folder, *options, panel=PANEL):
    with pytest.raises(SystemExit) as stop:
        built(folder, *options, panel=panel)
    message = str(stop.value.code)
    assert message.startswith("ingest: ")
    assert message.count("; ") >= 2
    assert not (folder / "study").exists()
    return message


def test_outlines_go_by_names_and_not_by_the_order_of_the_map(tmp_path):
    _, study = built(tmp_path, "--polygons", written(tmp_path, country_map()))
    longitudes = study["units"].set_index("unit")["lon"].to_dict()
    assert longitudes == {str(i): i - 0.5 for i in range(1, 6)}


def test_outlines_may_lack_some_properties(tmp_path):
    features = country_map()
    features[0]["properties"].pop("id")
    features[1]["properties"]["note"] = ["a", {"b": None}]
    features[2]["properties"]["area"] = None
    _, study = built(tmp_path, "--polygons", written(tmp_path, features))
    assert study["units"]["lon"].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]


def test_outlines_are_named_by_the_id_of_the_feature(tmp_path):
    features = [feature(None, square(i), id=name) for i, name in enumerate(NAMES)]
    _, study = built(tmp_path, "--polygons", written(tmp_path, features))
    assert study["units"]["lon"].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]


def test_running_numbers_of_a_map_are_taken_where_asked_for(tmp_path):
    panel = PANEL.drop(columns="country")
    path = written(tmp_path, country_map())
    assert "only by running numbers (id)" in refused(
        tmp_path, "--polygons", path, panel=panel
    )
    _, study = built(tmp_path, "--polygons", path, "--match", "id", panel=panel)
    assert study["units"]["lon"].tolist() == [i + 0.5 for i in ORDER]


def test_outlines_name_both_sides_of_what_does_not_fit(tmp_path):
    features = country_map()
    features[0]["properties"]["name"] = "Zeeland"
    message = refused(tmp_path, "--polygons", written(tmp_path, features))
    assert "no outline of 1 unit by column name (3 Cland)" in message
    assert "outlines that are no units: Zeeland" in message


def test_outlines_of_others_are_left_out_with_a_sentence(tmp_path, capsys):
    features = [*country_map(), feature({"id": 9, "name": "Zeeland"}, square(30))]
    built(tmp_path, "--polygons", written(tmp_path, features))
    assert "outlines that are no units, left out: Zeeland" in capsys.readouterr().out


def topology(folder):
    path = folder / "map.geojson"
    path.write_text('{"type": "Topology", "objects": {}}')
    return path


def shapefile(folder):
    path = folder / "map.shp"
    path.write_bytes(b"\x00\x00\x27\x0a\xff\xfe\x00")
    return path


def spoilt(change):
    def write(folder):
        features = country_map()
        change(features)
        return written(folder, features)

    return write


SPOILT_MAPS = {
    "no file": (lambda folder: folder / "nowhere.geojson", "no file nowhere.geojson"),
    "TopoJSON": (topology, "map.geojson is TopoJSON"),
    "a shapefile": (shapefile, "map.shp cannot be read"),
    "no features": (lambda folder: written(folder, []), "holds no outlines"),
    "features that are numbers": (
        lambda folder: written(folder, [1, 2]),
        "holds no outlines",
    ),
    "no properties": (
        lambda folder: written(folder, [feature(None, square(0))]),
        "no column of map.geojson names the units",
    ),
    "points": (
        spoilt(
            lambda f: f[0].update(geometry={"type": "Point", "coordinates": [0, 0]})
        ),
        "no polygon for 3 Cland",
    ),
    "no geometry": (
        spoilt(lambda f: f[0].update(geometry=None)),
        "no polygon for 3 Cland",
    ),
    "half a ring": (
        spoilt(
            lambda f: f[0].update(
                geometry={"type": "Polygon", "coordinates": [[[0, 0]]]}
            )
        ),
        "no polygon for 3 Cland",
    ),
    "metres": (
        spoilt(lambda f: f[0].update(geometry=square(4321000, 3210000, 1000))),
        "coordinates that are no degrees (3: 4.321e+06, 3.21e+06)",
    ),
    "a unit twice": (
        spoilt(lambda f: f.append(f[0])),
        "several outlines of 1 unit by column name (3 Cland)",
    ),
    "other names": (
        spoilt(lambda f: [one.update(properties={"n": "Q"}) for one in f]),
        "no column of map.geojson names the units of the panel (n)",
    ),
}


@pytest.mark.parametrize("name", SPOILT_MAPS)
def test_a_map_that_does_not_fit_is_refused_in_one_line(tmp_path, name):
    write, message = SPOILT_MAPS[name]
    assert message in refused(tmp_path, "--polygons", write(tmp_path))


RING = [(i, (i + 1) % 5) for i in range(5)]


def own_weights(config, study):
    """Return the weights that the study has of its own, by names."""
    name = dict(zip(study["units"]["unit"], study["units"]["name"], strict=True))
    family = config["weights"]["families"]["own"]
    path = config["data"]["package"].replace("data/datapackage.json", family["path"])
    links = pd.read_csv(path, dtype=str)
    pairs = zip(links["unit_i"].map(name), links["unit_j"].map(name), strict=True)
    return dict(zip(pairs, links["weight"].astype(float), strict=True))


def table(names):
    cells = pd.DataFrame(0.0, index=names, columns=names)
    for i, j in RING:
        cells.iloc[i, j] = i + 1.0
        cells.iloc[j, i] = 1.0
    return cells


def gal(ids):
    lines = [f"0 {len(ids)} map id"]
    for i in range(5):
        near = [ids[j] for a, j in RING if a == i] + [ids[a] for a, j in RING if j == i]
        lines += [f"{ids[i]} {len(near)}", " ".join(map(str, near))]
    return "\n".join(lines) + "\n"


SQUARES = {
    "names at both sides": lambda path: table(NAMES).to_csv(path),
    "semicolons": lambda path: table(NAMES).to_csv(path, sep=";", decimal=","),
    "another order of columns": table(NAMES)[NAMES[::-1]].to_csv,
    "names above only": lambda path: table(NAMES).to_csv(path, index=False),
    "blanks for zeros": lambda path: (
        table(NAMES).replace(0.0, float("nan")).to_csv(path)
    ),
    "ids": lambda path: table(range(1, 6)).to_csv(path),
    "no names": lambda path: table(NAMES).to_csv(path, index=False, header=False),
    "Excel": lambda path: table(NAMES).to_excel(path),
}


@pytest.mark.parametrize("name", SQUARES)
def test_square_weights_are_read_with_the_studys_ids(tmp_path, capsys, name):
    path = tmp_path / ("w.xlsx" if name == "Excel" else "w.csv")
    SQUARES[name](path)
    weights = own_weights(*built(tmp_path, "--weights", path))
    expected = table(NAMES).stack()
    assert weights == expected[expected > 0].to_dict()
    assert ("taken by position" in capsys.readouterr().out) == (name == "no names")


@pytest.mark.parametrize("first", [0, 1, "names"])
def test_gal_files_go_by_position_only_with_a_sentence(tmp_path, capsys, first):
    ids = NAMES if first == "names" else [*range(first, first + 5)]
    (tmp_path / "w.gal").write_text(gal(ids))
    panel = PANEL.drop(columns="id").sort_values("country", ascending=False)
    config, study = built(tmp_path, "--weights", tmp_path / "w.gal", panel=panel)
    order = NAMES if first == "names" else NAMES[::-1]
    expected = {(order[i], order[j]) for i, j in RING}
    assert set(own_weights(config, study)) == expected | {(b, a) for a, b in expected}
    label = capsys.readouterr().out
    assert ("taken by position" in label) == (first != "names")


def test_pairs_name_both_sides_of_what_does_not_fit(tmp_path, capsys):
    pairs = pd.DataFrame([(NAMES[i], NAMES[j]) for i, j in RING], columns=["a", "b"])
    more = pd.DataFrame([("Aland", "Zeeland")], columns=["a", "b"])
    pd.concat([pairs, more]).to_csv(tmp_path / "w.csv", index=False)
    _, study = built(tmp_path, "--weights", tmp_path / "w.csv")
    assert len(study["adjacency"]) == 5
    assert "names that are no units, left out: Zeeland" in capsys.readouterr().out


def test_units_without_neighbours_are_refused_with_the_names_that_are_no_units(
    tmp_path,
):
    pairs = "a,b\nAland,Bland\nBland,Cland\nCland,Dland\nDland,E-land Island\n"
    (tmp_path / "w.csv").write_text(pairs)
    message = refused(tmp_path, "--weights", tmp_path / "w.csv")
    assert "no neighbour of 1 unit (5 Eland)" in message
    assert "names there that are no units: E-land Island" in message


SPOILT_WEIGHTS = from_yaml(r"""
    no file: [x.csv, null, no file x.csv]
    one column: [w.csv, "a\nAland\nBland\n", w.csv holds no weights]
    four columns: [w.csv, "a,b,c,d\n1,2,3,4\n", w.csv holds no weights]
    words as weights: [w.csv, "a,b,w\nAland,Bland,x\n", w.csv holds no weights]
    negative: [w.csv, "a,b,w\nAland,Bland,-1\n", 1 negative or missing weights]
    with itself: [w.csv, "a,b,w\nAland,Aland,1\n", 1 links of a unit with itself]
    twice: [w.csv, "a,b,w\nAland,Bland,1\nAland,Bland,2\n", 1 links that stand twice]
    nobody: [w.csv, "a,b\nX,Y\n", no column of w.csv names the units]
    an empty file: [w.csv, '', w.csv holds no weights]
    half a GAL: [w.gal, "0 5 map id\n1 2\n3", w.gal holds no weights]
    a GAL of others: [w.gal, "0 2 m i\n1 1\n2\n2 1\n1\n", numbers 2 units and the]
    a GWT of words: [w.gwt, "0 5 map id\nx y\n", w.gwt holds no weights]
    a square of words: [w.csv, ",Aland,Bland\nAland,a,b\nBland,c,d\n", no weights]
    """)


@pytest.mark.parametrize("name", SPOILT_WEIGHTS)
def test_weights_that_do_not_fit_are_refused_in_one_line(tmp_path, name):
    file, text, message = SPOILT_WEIGHTS[name]
    if text is not None:
        (tmp_path / file).write_text(text)
    panel = PANEL.drop(columns="id")
    assert message in refused(tmp_path, "--weights", tmp_path / file, panel=panel)


def test_clusters_need_no_zones(tmp_path, capsys):
    (tmp_path / "c.csv").write_text("country\nAland\nZeeland\n")
    _, study = built(tmp_path, "--clusters", tmp_path / "c.csv")
    inside = study["taxonomies"].query("taxonomy == 'own' and cluster == 1")
    assert inside["unit"].tolist() == ["1"]
    label = capsys.readouterr().out
    assert "1 unit with clusters" in label
    assert (
        "1 name in column country is no unit of the panel, left out: Zeeland" in label
    )


def test_zones_of_names_that_are_no_units_are_said(tmp_path, capsys):
    text = "place,kind,since\nAland,Free port,2003\nBlnd,Park,2005\n,Park,2005\n"
    (tmp_path / "z.csv").write_text(text)
    built(tmp_path, "--zones", tmp_path / "z.csv")
    label = capsys.readouterr().out
    assert "1 zone in 1 unit by column place" in label
    assert "1 name in column place is no unit of the panel, left out: Blnd" in label


@pytest.mark.parametrize("kind", ["5", "no", "a: b", "0x1", "自贸区", "null"])
def test_a_type_of_zones_may_be_any_word(tmp_path, kind):
    text = f"country,type,year\nAland,{kind},2003\nBland,{kind},2004\n"
    (tmp_path / "z.csv").write_text(text)
    config, study = built(tmp_path, "--zones", tmp_path / "z.csv")
    assert config["taxonomy"]["national_zones"] == sorted(set(study["zones"]["type"]))


SPOILT_ZONES = from_yaml(r"""
    no year: ["country,type\nAland,port\n", 'z.csv: no column of years']
    year in words: ["country,year\nAland,soon\n", 'z.csv: column year holds no years']
    blank year:
      ["country,year\nAland,2001\nBland,\n", z.csv has 1 zone without a year (2 Bland)]
    nobody: ["country,year\nX,2001\n", no column of z.csv names the units]
    only years: ["year\n2001\n2002\n", no column of z.csv names the units]
    two columns of units:
      - "from,to,year\nAland,Bland,2001\nCland,Dland,2002\n"
      - columns from and to both fit and name different units in 2 rows
    """)


@pytest.mark.parametrize("name", SPOILT_ZONES)
def test_zones_that_do_not_fit_are_refused_in_one_line(tmp_path, name):
    text, message = SPOILT_ZONES[name]
    (tmp_path / "z.csv").write_text(text)
    assert message in refused(tmp_path, "--zones", tmp_path / "z.csv")


def test_a_file_of_units_says_what_it_adds_and_lacks(tmp_path, capsys):
    text = "country,capital,COORD_X,COORD_Y\nAland,a,4.5,50\nBland,b,5.5,51\nX,c,1,1\n"
    (tmp_path / "u.csv").write_text(text)
    _, study = built(tmp_path, "--units", tmp_path / "u.csv")
    label = capsys.readouterr().out
    assert "u.csv: units by column country, adds capital, lon, lat" in label
    assert "is no unit of the panel, left out: X" in label
    assert "no row of 3 units, blank there: 3 Cland, 4 Dland, 5 Eland" in label
    assert "lat and lon left out, since 3 units have none: 3 Cland" in label
    assert "lat" not in study["units"]
    assert study["units"]["capital"][0] == "a"


def test_a_file_of_units_that_adds_nothing_says_so(tmp_path, capsys):
    PANEL[["id", "country"]].drop_duplicates().to_csv(tmp_path / "u.csv", index=False)
    built(tmp_path, "--units", tmp_path / "u.csv")
    assert "adds no new column" in capsys.readouterr().out


def test_what_the_panel_has_by_year_describes_no_units(tmp_path, capsys):
    text = "country,income,area\nAland,8,5\nBland,9,6\n"
    (tmp_path / "u.csv").write_text(text)
    _, study = built(tmp_path, "--units", tmp_path / "u.csv")
    assert list(study["units"]) == ["unit", "name", "area"]
    out = capsys.readouterr().out
    assert "u.csv: left out, since the panel has them by year: income" in out


def test_coordinates_in_metres_are_no_degrees(tmp_path):
    text = "country,COORD_X,COORD_Y\n" + "".join(
        f"{name},4321{i},3210{i}\n" for i, name in enumerate(NAMES)
    )
    (tmp_path / "u.csv").write_text(text)
    _, study = built(tmp_path, "--units", tmp_path / "u.csv")
    assert "COORD_X" in study["units"]
    assert "lat" not in study["units"]


SPOILT_UNITS = from_yaml(r"""
    a unit twice: ["country,a\nAland,x\nAland,y\n", has 1 unit twice by column country]
    nobody: ["country,a\nX,x\n", no column of u.csv names the units]
    no rows: ["country,a\n", u.csv has no rows]
    a column twice: ["country,a,a\nAland,1,2\n", u.csv has the column a twice]
    a longer row: ["country,a\nAland,1,2\n", line 2 has more cells than the header]
    an empty file: ['', u.csv has no rows]
    """)


@pytest.mark.parametrize("name", SPOILT_UNITS)
def test_a_file_of_units_that_does_not_fit_is_refused_in_one_line(tmp_path, name):
    text, message = SPOILT_UNITS[name]
    (tmp_path / "u.csv").write_text(text)
    assert message in refused(tmp_path, "--units", tmp_path / "u.csv")


def test_a_column_to_match_by_that_no_file_has_is_refused(tmp_path):
    message = refused(
        tmp_path, "--polygons", written(tmp_path, country_map()), "--match", "iso"
    )
    assert "no file has the column iso, given by --match" in message


def test_policies_are_matched_by_name_and_ask_for_an_event_study(tmp_path, capsys):
    text = (
        "place,Start year,programme,until,quality\nAland,2004,Tech Park,2009,sure\n"
        "Bland,2006,Tech Park,,memory\nBlnd,2006,Port,,memory\n"
    )
    (tmp_path / "p.csv").write_text(text)
    config, study = built(tmp_path, "--policies", tmp_path / "p.csv")
    policies = study["policies"].set_index("unit")
    assert policies["first_year"].to_dict() == {"1": 2004, "2": 2006}
    assert set(policies["kind"]) == {"tech_park"}
    assert policies.loc["1", ["last_year", "grade"]].tolist() == [2009, "sure"]
    section = config["estimates"]["event_study"]
    assert [spec["id"] for spec in section["specs"]] == ["income", "income_by_year"]
    assert section["placement"][0]["year"] == 2000
    printed = capsys.readouterr().out
    assert "2 policies in 2 units by column place" in printed
    assert "left out: Blnd" in printed


def test_levels_are_compared_only_before_the_first_policy(tmp_path):
    (tmp_path / "p.csv").write_text("country,year\nAland,2000\nBland,2006\n")
    config, study = built(tmp_path, "--policies", tmp_path / "p.csv")
    assert not config["estimates"]["event_study"].get("placement")
    assert set(study["policies"]["kind"]) == {"policy"}


def test_a_unit_may_have_several_policies_and_none_may_end(tmp_path):
    text = "country,year,kind,until\nAland,2004,park,\nAland,2004,port,\nBland,2006,,\n"
    (tmp_path / "p.csv").write_text(text)
    _, study = built(tmp_path, "--policies", tmp_path / "p.csv")
    assert study["policies"]["kind"].tolist() == ["park", "port", "policy"]
    assert study["policies"]["last_year"].isna().all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("country,kind\nAland,park\n", "p.csv: no column of years"),
        ("country,year\nAland,\nBland,2004\n", "has 1 policy without a year (1 Aland)"),
        ("country,year\nAland,soon\n", "p.csv: first_year holds no years"),
        ("country,year,until\nAland,2006,2003\n", "1 last_year before first_year"),
        ("country,treated\nAland,1\nBland,0\n", "p.csv: no column of years"),
        (
            "country,first_treat\nAland,1\nBland,0\n",
            "p.csv holds first years 1 to 1, none of them a year of the panel",
        ),
        ("country,first_treat\nAland,0\nBland,0\n", "p.csv holds no first year"),
        (PANEL.to_csv(index=False), "has 60 dates of 5 units in column year"),
    ],
)
def test_a_file_without_years_is_refused(tmp_path, text, words):
    (tmp_path / "p.csv").write_text(text)
    assert words in refused(tmp_path, "--policies", tmp_path / "p.csv")


FIRST = {"Aland": "2004", "Bland": "2006", "Cland": "2006"}


@pytest.mark.parametrize("never", ["0", "9999", "inf", "Never treated", "-1", "10000"])
def test_who_never_gets_a_policy_is_no_treated_unit(tmp_path, capsys, never):
    first = pd.Series({name: FIRST.get(name, never) for name in NAMES})
    first.rename_axis("country").rename("first.treat").to_csv(tmp_path / "p.csv")
    _, study = built(tmp_path, "--policies", tmp_path / "p.csv")
    years = study["policies"].set_index("unit")["first_year"]
    assert years.to_dict() == {"1": 2004, "2": 2006, "3": 2006}
    printed = capsys.readouterr().out
    assert "p.csv: 3 policies in 3 units by column country, 2004 to 2006" in printed
    assert "; 2 units never" in printed


@pytest.mark.parametrize("never", ["0", "", "inf"])
@pytest.mark.parametrize("given", ["first.treat", "panel.csv"])
def test_the_panel_itself_may_date_the_policies(tmp_path, given, never):
    panel = PANEL.assign(
        **{"first.treat": PANEL["country"].map(lambda name: FIRST.get(name, never))}
    )
    given = tmp_path / given if given == "panel.csv" else given
    config, study = built(tmp_path, "--policies", given, panel=panel)
    years = study["policies"].set_index("unit")["first_year"]
    assert years.to_dict() == {"1": 2004, "2": 2006, "3": 2006}
    assert config["estimates"]["event_study"]


def test_a_panel_without_first_years_names_the_column_that_may_have_them(tmp_path):
    panel = PANEL.assign(opening=PANEL["country"].map(FIRST).fillna("0"))
    message = refused(tmp_path, "--policies", tmp_path / "panel.csv", panel=panel)
    assert "as --policies opening" in message


def test_all_units_may_get_a_policy(tmp_path, capsys):
    panel = PANEL.assign(since=PANEL["id"] + 2002)
    _, study = built(tmp_path, "--policies", "since", panel=panel)
    assert len(study["policies"]) == 5
    assert "; no unit without one" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("income", "changes over the years of a unit"),
        ("nothing", "is no file, and no column of the panel"),
        ("code", "holds first years 1 to 5, none of them a year"),
    ],
)
def test_a_column_that_dates_nothing_is_refused(tmp_path, column, words):
    panel = PANEL.assign(code=PANEL["id"])
    assert words in refused(tmp_path, "--policies", column, panel=panel)


class Killed(BaseException):
    """What a kill is to a test: nothing handles it."""


@pytest.mark.parametrize("file", ["data/panel.csv", "data/units.csv", "config.yaml"])
def test_a_study_whose_making_was_killed_is_made_by_the_next_try(
    tmp_path, monkeypatch, file
):
    replace = Path.replace

    def stopped(path, target):
        if Path(target) == tmp_path / "study" / file:
            raise Killed
        return replace(path, target)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "replace", stopped)
        built(tmp_path)
    assert not (tmp_path / "study" / "config.yaml").exists()
    _, study = built(tmp_path)
    assert len(study["panel"]) == len(PANEL)
    left = [path.name for path in (tmp_path / "study").iterdir()]
    assert sorted(left) == ["config.yaml", "data"]
