"""`run new` on one table in many forms: the same study, or one line for every fault;
never half a study.
"""

import json
import math

import pandas as pd
import pytest

import add
import data
import new
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.errors import ConfigError, PanelError
from evenfield.study.ingest.study_tables import describe_study, read_study
from evenfield.study.panel.income import add_income
from refusals import fails
from study import arguments
from yaml_text import from_yaml

NAMES = from_yaml("{N: North Land, E: Ost, S: Süd, W: West, C: Centre}")
YEARS = range(2000, 2012)
NUMBERED = [*enumerate(NAMES.items(), 1)]
LONG = pd.DataFrame(
    [
        (u, n, y, 1000 + i * (37 + 11.5 * (y - 1999)), ("out", "in")[i % 2])
        for i, (u, n) in NUMBERED
        for y in YEARS
    ],
    columns="code state_name year income side".split(),
)
RECORDS = LONG.to_dict("records")
WIDE = LONG.pivot(
    index=["code", "state_name", "side"], columns="year", values="income"
).reset_index()


def with_note(table, path):
    path.write_text(f"Regional accounts\n\n{table.to_csv(index=False)}Source: office\n")


COMMA = {"sep": ";", "decimal": ",", "encoding": "cp1252"}
FORMS = {
    "table.csv": lambda path: LONG.to_csv(path, index=False),
    "shuffled.csv": (
        lambda path: LONG.sample(frac=1, random_state=1)[LONG.columns[::-1]].to_csv(
            path, index=False
        )
    ),
    "comma.csv": lambda path: LONG.to_csv(path, index=False, **COMMA),
    "note.csv": lambda path: with_note(LONG, path),
    "table.xlsx": lambda path: LONG.to_excel(path, index=False),
    "table.dta": lambda path: LONG.to_stata(path, write_index=False),
    "wide.csv": (
        lambda path: WIDE.rename(columns={y: f"income_{y}" for y in YEARS}).to_csv(
            path, index=False
        )
    ),
    "wide.xlsx": (
        lambda path: WIDE.rename(columns={y: f"income{y}" for y in YEARS}).to_excel(
            path, index=False
        )
    ),
    "table.geojson": lambda path: path.write_text(
        json.dumps({"features": [{"properties": r} for r in RECORDS]})
    ),
}


def built(tmp_path, name="table.csv", write=FORMS["table.csv"], *options):
    write(tmp_path / name)
    new.main([str(tmp_path / "study"), "--panel", str(tmp_path / name), *options])
    config = checked_config(read_config(tmp_path / "study" / "config.yaml"))
    config["data"]["package"] = str(tmp_path / "study" / config["data"]["package"])
    return config, read_study(config)


@pytest.mark.parametrize("name", FORMS)
def test_one_table_in_many_forms_is_one_study(tmp_path, name):
    config, study = built(tmp_path, name, FORMS[name])
    panel = study["panel"].set_index(["unit", "year"])["income"]
    assert panel.to_dict() == LONG.set_index(["code", "year"])["income"].to_dict()
    assert study["units"].set_index("unit")["name"].to_dict() == NAMES
    assert set(study["units"]["side"]) == {"in", "out"}
    assert (config["panel"]["income"]["column"], config["panel"]["years"]) == (
        "income",
        [2000, 2011],
    )
    assert config["study"]["units_name"] == "states"
    assert list(config["periods"]) == ["S1", "P1", "P2"]
    assert len((tmp_path / "study" / "config.yaml").read_text().splitlines()) <= 32


CHANGING = {
    "blank ids": lambda t: t.assign(code=t["state_name"]).drop(columns="state_name"),
    "gaps": lambda t: t.drop(t.index[5]),
    "late": lambda t: t.assign(income=t["income"].where(t["year"].gt(2003))),
    "every two": lambda t: t[t["year"] % 2 == 0],
    "output": lambda t: t.assign(gdp=t["income"], pop=2.0 + t["year"] % 2).drop(
        columns="income"
    ),
    "b": lambda t: t.assign(a=t["income"], b=2 * t["income"]).drop(columns="income"),
    "computed": lambda t: t.assign(population=t["income"] * 2),
    "dates": lambda t: t.assign(year=t["year"].astype(str) + "-01-01"),
    "todo": lambda t: t.assign(a=t["income"], b=t["income"]).drop(columns="income"),
    "ids with decimals": lambda t: t.assign(
        code=[f"{1101 + 7 * 'NESWC'.index(unit)}.0" for unit in t["code"]]
    ),
    "numbers without a header that says unit": lambda t: t.assign(
        countyreal=[1101 + 7 * "NESWC".index(unit) for unit in t["code"]]
    ).drop(columns=["code", "state_name"]),
    "thousands in the way of Brazil": lambda t: t.assign(
        income=[
            f"R$ {value:,.1f}".translate(str.maketrans(",.", ".,"))
            for value in t["income"]
        ]
    ),
}
CHANGED = from_yaml("""
    blank ids: [[], have _ in place of blanks]
    gaps: [[], '1 unit with gaps in income left out: N']
    late: [[], 'to 2011, without a gap in income']
    every two: [[], '5 units, 2000 to 2010, every 2 years']
    output: [[], 'gdp over pop, by']
    b: [[--income, b], 5 units]
    computed: [[], 'computes these: population to population_g']
    dates: [[], 'years: column year']
    simulated: [[--flag, simulated, --source, A seed], 5 units]
    todo: [[], 'is not clear: perhaps a, b']
    ids with decimals: [[--unit, code], 5 units]
    numbers without a header that says unit:
      [[], 'units: column countyreal, each stands once a year']
    thousands in the way of Brazil: [[], 'income per head: column income, by its name (1,0']
    """)


for taken in ("unit", "name", "unit_given", "lat", "_id", "_year", "_row"):
    name = f"a column {taken} that means something else"
    CHANGING[name] = lambda t, taken=taken: t.assign(**{taken: "USD"})
    CHANGED[name] = [["--unit", "code"], "5 units"]


@pytest.mark.parametrize("name", CHANGED)
def test_what_was_guessed_is_said_and_the_study_is_in_order(
    tmp_path, capsys, monkeypatch, name
):
    options, messages = CHANGED[name]
    table = CHANGING[name](LONG) if name in CHANGING else LONG
    table.to_csv(tmp_path / "in.csv", index=False)
    new.main([str(tmp_path / "study"), "--panel", str(tmp_path / "in.csv"), *options])
    label = capsys.readouterr().out
    assert messages in label
    assert "run: python3 run --directory" in label.splitlines()[-1]
    if name == "todo":
        fails(
            SystemExit,
            r"config: panel.income.column is still TODO; expected a value",
            data.run_command,
            arguments("").parse_args(["--directory", str(tmp_path / "study")]),
            data.refresh,
        )
        return
    config = checked_config(read_config(tmp_path / "study" / "config.yaml"))
    monkeypatch.chdir(tmp_path / "study")
    study = read_study(config)
    assert describe_study(study)["simulated"] == (
        ["income"] if name == "simulated" else []
    )
    assert {"b": "b", "computed": "income"}.get(name) in {
        config["panel"]["income"].get("column"),
        None,
    }


SPOILING = {
    "one cell in words": lambda t: t.astype(str).replace("1048.5", "n/k"),
    "points and commas": lambda t: t.astype(str).replace("1048.5", "1048,5"),
    "a logarithm": lambda t: t.rename(columns={"income": "ln_gdp"}).assign(
        ln_gdp=t["income"].map(math.log)
    ),
    "twice": lambda t: pd.concat([t, t.head(2).assign(income=7)]),
    "twice, named": lambda t: pd.concat([t, t.head(2).assign(income=7)]),
    "no year": lambda t: t.drop(columns="year"),
    "zero": lambda t: t.replace(1048.5, 0),
    "two units": lambda t: t[t["code"].isin(["N", "E"])],
    "one cell": lambda t: t.iloc[:1, :1],
    "empty": lambda t: t.head(0),
    "blank unit": lambda t: t.replace("N", ""),
}
SPOILT = from_yaml("""
    one cell in words: [[], "income has 1 cell that is no number ('n/k', N 2000)"]
    points and commas: [[], "income has 1 cell that is no number ('1048,5', N 2000)"]
    a logarithm: [[--income, ln_gdp], ln_gdp looks like a logarithm (by its name)]
    log and level: [[--log, --level], --log and --level]
    log of a level: [[--log, --income, income], no logarithm]
    a unit to leave out: [[--leave-out, Nroth Land], "did you mean 'North Land'?"]
    a condition: [[--where, side=up], no row has up in side]
    twice: [[], 'names each unit once a year (code: 2 rows stand twice, as of N 2000)']
    twice, named: [[--unit, code], '2 rows stand twice (N 2000, N 2001)']
    no year: [[], 'no column of years among code, state_name, income, side']
    zero: [[], income has 1 cell at or below zero (N 2000)]
    no column: [[--income, gdp, --unit, id], 'no column id, given by --unit']
    two flags:
      [[--output, income], 'the flags --output; expected --income, --income and']
    two units: [[], 2 units and 12 years; expected three units and two]
    one cell: [[], no column of years]
    empty: [[], in.csv has no rows]
    blank unit: [[--unit, code], code is blank in 12 rows]
    no claims: [[--claims, nowhere.yaml], no file nowhere.yaml]
    no polygons: [[--polygons, nowhere.json, --weights, w.csv], no file nowhere.json]
    """)


@pytest.mark.parametrize("name", SPOILT)
def test_fault_is_named_and_nothing_is_written(tmp_path, name):
    options, messages = SPOILT[name]
    table = SPOILING[name](LONG) if name in SPOILING else LONG
    table.to_csv(tmp_path / "in.csv", index=False)
    with pytest.raises(SystemExit) as stop:
        new.main(
            [str(tmp_path / "study"), "--panel", str(tmp_path / "in.csv"), *options]
        )
    lines = str(stop.value.code).splitlines()
    assert any(messages in line for line in lines)
    assert all(line.count("; ") >= 2 for line in lines)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    assert len(lines) == (2 if name in {"no column", "no polygons"} else 1)


def test_income_named_as_a_logarithm_after_a_todo_is_refused(tmp_path, monkeypatch):
    table = LONG.assign(ln_gdp=LONG["income"].map(math.log), a=LONG["income"])
    table.drop(columns="income").assign(b=1.5 * table["a"]).to_csv(
        tmp_path / "in.csv", index=False
    )
    new.main([str(tmp_path / "study"), "--panel", str(tmp_path / "in.csv")])
    monkeypatch.chdir(tmp_path / "study")
    text = (tmp_path / "study" / "config.yaml").read_text()
    assert "# one of: a, b\n" in text
    written = text.replace("TODO", "ln_gdp")
    (tmp_path / "study" / "config.yaml").write_text(written)
    config = checked_config(read_config("config.yaml"))
    fails(
        PanelError,
        "names ln_gdp, which looks like a logarithm",
        add_income,
        read_study(config)["panel"],
        config["panel"]["income"],
    )


def test_a_text_that_does_not_change_over_the_years_describes_units(
    tmp_path, capsys, monkeypatch
):
    built(tmp_path)
    region = LONG["code"].map(dict(zip("NESWC", "abcab", strict=True)))
    LONG[["code", "year"]].assign(region=region).to_csv(tmp_path / "r.csv", index=False)
    to = ["--directory", str(tmp_path / "study")]
    add.main(["region", "--from", str(tmp_path / "r.csv"), *to])
    monkeypatch.chdir(tmp_path / "study")
    units = read_study(checked_config(read_config("config.yaml")))["units"]
    assert units.set_index("unit")["region"].to_dict() == dict(
        zip("NESWC", "abcab", strict=True)
    )


def test_units_left_out_by_name_are_told_their_id(tmp_path):
    config, _ = built(tmp_path)
    config["panel"]["leave_out"] = ["North Land"]
    fails(
        ConfigError, r"names North Land.*; write N for North Land", read_study, config
    )


@pytest.mark.parametrize("taken", "unit name year _id _year _row".split())
def test_a_wide_table_may_have_a_constant_column_of_any_name(tmp_path, taken):
    wide = WIDE.assign(**{taken: "USD"}).drop(columns="side")
    _, study = built(tmp_path, "in.csv", lambda path: wide.to_csv(path, index=False))
    assert study["units"].set_index("unit")["name"].to_dict() == NAMES


def test_figures_are_added_with_dictionary_and_source(tmp_path, capsys, monkeypatch):
    built(tmp_path)
    study = tmp_path / "study"
    package = tmp_path / "study" / "data" / "datapackage.json"
    text = package.read_text().replace('"grade": "A"', '"grade":   "A"')
    package.write_text(text)
    WIDE.drop(columns="side").assign(**{str(y): y / 1000 for y in YEARS}).drop(
        columns=YEARS
    ).to_csv(tmp_path / "s.csv")
    WIDE[["state_name"]].assign(coast="a b a b a".split()).to_excel(
        tmp_path / "c.xlsx", index=False
    )
    (tmp_path / "new.csv").write_text(
        "code,year,income\nN,2000,1\nE,2012,5\nX,2012,6\n"
    )
    to = ["--directory", str(study)]
    add.main(["school", "--from", str(tmp_path / "s.csv"), *to])
    add.main(["coast", "--from", str(tmp_path / "c.xlsx"), *to])
    held = {path: path.read_bytes() for path in (study / "data").iterdir()}
    fails(
        SystemExit,
        r"has 1 other figures of income than panel.csv \(N 2000: 1, held 1048.5\)",
        add.main,
        ["income", "--from", str(tmp_path / "new.csv"), *to],
    )
    assert held == {path: path.read_bytes() for path in (study / "data").iterdir()}
    add.main(
        [
            "income",
            "--from",
            str(tmp_path / "new.csv"),
            "--replace",
            "--source",
            "B",
            "--citation",
            "Book",
            *to,
        ]
    )
    assert "left out, no units of the study: X" in capsys.readouterr().out
    monkeypatch.chdir(study)
    tables = read_study(checked_config(read_config("config.yaml")))
    panel = tables["panel"].set_index(["unit", "year"])
    assert panel.loc[("N", 2000), ["income", "school"]].tolist() == [1, 2]
    assert panel["income"]["E", 2012] == 5
    assert tables["units"].set_index("unit")["coast"].to_dict() == dict(
        zip(WIDE["code"], "ababa", strict=True)
    )
    spans = tables["panel_provenance"].query("variable == 'income' and source == 'B'")
    assert set(spans["units"]) == {"N", "all"}
    assert set(tables["sources"]["citation"]) == {"table.csv", "Book"}
    written = package.read_text()
    assert '"grade":   "A"' in written
    assert '"name": "school"' in written


def test_maps_zones_and_clusters_of_a_study(tmp_path, monkeypatch, capsys):
    positions = {u: (i % 3, i // 3) for i, u in enumerate("NESW")} | {"C": (9, 9)}
    rings = {
        u: [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
        for u, (x, y) in positions.items()
    }
    polygons = {
        u: {"type": "Polygon", "coordinates": [ring]} for u, ring in rings.items()
    }
    shapes = [
        {"type": "Feature", "properties": {"id": u}, "geometry": drawn}
        for u, drawn in polygons.items()
    ]
    (tmp_path / "map.json").write_text(
        json.dumps({"type": "FeatureCollection", "features": shapes})
    )
    (tmp_path / "zones.csv").write_text(
        "State,Kind,Since\nNorth Land,Free port,2003\nE,Park,2005\n"
    )
    (tmp_path / "clusters.csv").write_text("code,cluster\nW,1\nN,0\n")
    options = "--polygons map.json --zones zones.csv --clusters clusters.csv".split()
    files = [
        option if option.startswith("--") else str(tmp_path / option)
        for option in options
    ]
    config, study = built(tmp_path, "table.csv", FORMS["table.csv"], *files)
    assert "without a border, joined to the nearest unit: C" in capsys.readouterr().out
    assert {tuple(pair) for pair in study["adjacency"].to_numpy()} >= {
        ("E", "N"),
        ("N", "W"),
    }
    assert study["units"].set_index("unit").loc["C", ["lat", "lon"]].tolist() == [
        9.5,
        9.5,
    ]
    groups = study["taxonomies"].set_index("unit")
    assert groups["sez_from_year"].dropna().to_dict() == {"N": 2003, "E": 2005}
    assert groups["cluster"].idxmax() == "W"
    assert config["taxonomy"]["national_zones"] == ["free_port", "park"]
    assert config["weights"]["join"] == [["C", "S"]]
    fails(
        SystemExit,
        r"study holds a study; expected a folder without config.yaml and data",
        built,
        tmp_path,
    )
