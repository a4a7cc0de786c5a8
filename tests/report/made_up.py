"""A made-up study for the tests of page and paper: four units, invented numbers,
nothing about the world.
"""

from base64 import b64decode
from copy import deepcopy
from pathlib import Path

import pandas as pd
import typst

from evenfield.report.numbers import named_numbers
from evenfield.shared.estimates import Estimate, estimate_id, write_estimates
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.write import write_table_files
from evenfield.study.config import checked_config
from evenfield.study.files import write_json, write_text
from evenfield.study.table_files import write_results
from yaml_text import from_yaml

DOT = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9aw"
    "AAAABJRU5ErkJggg=="
)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="300" viewBox="0 0 600'
    ' 300"><rect width="600" height="300" fill="#fff"/><circle cx="300" cy="150" r="60"'
    ' fill="#1c5a70"/></svg>\n'
)
WRITTEN = from_yaml(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
UNITS = WRITTEN["units"]
ROW = WRITTEN["row"]


def made_config(*, policy):
    more = {"taxonomy": WRITTEN["taxonomy"]} if policy else {}
    return checked_config({**WRITTEN["config"], **more})


def estimates():
    """Speeds and dispersion of two periods."""
    return {
        topic: [
            Estimate(**row, period=period, output_basis=basis)
            for period, basis in (("P1", "proxy"), ("P2", ""))
            for row in rows
        ]
        for topic, rows in WRITTEN["estimates"].items()
    }


def speed_id(period):
    """The id of the speed of a period."""
    (row,) = (row for row in estimates()["beta"] if row.period == period)
    return estimate_id(row)


def write_study(results, *, policy):
    """Write every file that page and paper read and return what they are rendered from."""
    built = estimates()
    write_estimates(
        [row for rows in built.values() for row in rows], results / "estimates.csv"
    )
    for topic, rows in built.items():
        write_estimates(rows, results / "estimates" / topic / "estimates.csv")
    for topic, series in WRITTEN["series"].items():
        frame = pd.DataFrame(series)
        write_results(frame, results / "estimates" / topic / "series.csv")
    write_json(WRITTEN["description"], results / "ingest/description.json")
    for name, columns in WRITTEN["ingest"].items():
        write_results(pd.DataFrame(columns), results / "ingest" / f"{name}.csv")
    write_json(
        made_answers() if policy else WRITTEN["no answers"], results / "answers.json"
    )
    write_places(results, policy=policy)
    numbers = named_numbers(made_config(policy=policy), results)
    write_json(
        {name: number.plain() for name, number in numbers.items()},
        results / "numbers.json",
    )
    exhibits = write_exhibits(results, policy=policy)
    given = {
        "config": made_config(policy=policy),
        "root": results,
        "exhibits": exhibits,
    }
    return given | {"scripts": {"F4": "topics/beta/figure.py"}, "texts": []}


def write_places(results, *, policy):
    """Write units, incomes and, with policy, tiles, a cluster and zones from 1990 on."""
    panel = results / "panel" / "all"
    years = (1980, 1990, 2000)
    write_json(
        {"units": list(UNITS), "years": list(years), "unit_scheme": "all"},
        panel / "description.json",
    )
    write_json(
        {"type": "FeatureCollection", "features": []},
        results / "ingest" / "outlines.geojson",
    )
    tiles = WRITTEN["tiles"] if policy else {}
    write_results(
        pd.DataFrame({"unit": list(UNITS), "name": list(UNITS.values()), **tiles}),
        panel / "units.csv",
    )
    rows = [
        (unit, year, position) for position, unit in enumerate(UNITS) for year in years
    ]
    long = pd.DataFrame(rows, columns=["unit", "year", "place"])
    write_results(
        long.assign(income=1 + long["place"], population=1.0), panel / "panel.csv"
    )
    zones = (long["year"] - 1980) // 10 * (long["place"] < 2)
    doses = long.assign(zone_type="state", zones=zones)
    write_results(doses if policy else doses.head(0), panel / "doses.csv")
    cells = long.assign(
        taxonomy="lists", cluster=(long["place"] == 0) * 1, sez=(zones > 0) * 1
    )
    write_results(cells if policy else cells.head(0), panel / "yearly_cells.csv")
    last = cells[cells["year"].eq(2000)].assign(period="P2", cell="neither")
    write_results(last, panel / "cells.csv")


def made_answers():
    """Answers to four claims: a fact with a variant that misses, one without an answer,
    one out of reach, a plan.
    """
    answers = deepcopy(WRITTEN["answers"])
    fact, open_, *_ = answers["claims"]
    fact["estimate_id"] = speed_id("P1")
    open_["because"] = "its interval, \N{MINUS SIGN}1.0 to 3.0, includes zero"
    for claim in answers["claims"]:
        claim["interval_alone"] = claim is open_
    return answers


def made_table(name):
    """A table with a group, a blank cell and a column that the paper leaves out."""
    frame = pd.DataFrame(WRITTEN["table"])
    ids = [speed_id("P1"), speed_id("P2"), "", speed_id("P2")]
    frame = frame.assign(estimate_id=ids)
    columns = (
        Column(names=("unit",), header="Unit"),
        right("Value", "value"),
        right("Copy", "value", paper=False),
    )
    note = ("Made-up figures.",)
    return Table(
        id=name,
        title=f"Made-up table {name}",
        note=note,
        columns=columns,
        frame=frame,
        group="block",
    )


def write_exhibits(results, *, policy):
    paths = []
    for name in [*(["T0"] if policy else []), "T6", "T99"]:
        files = [
            str(results / "tables" / f"{name}.{ending}")
            for ending in ("csv", "html", "typ", "paper.tex")
        ]
        write_table_files(made_table(name), files)
        paths += files
    return paths + write_figure(
        results / "figures", "F4", 'A dot in the middle; "quoted".\n'
    )


def write_figure(folder, name, alt="A dot.\n"):
    for ending, text in ((".svg", SVG), (".csv", "x\n1\n"), (".alt.txt", alt)):
        write_text(text, folder / f"{name}{ending}")
    (folder / f"{name}.png").write_bytes(DOT)
    (folder / f"{name}.pdf").write_bytes(typst.compile(b"A dot.", timestamp=0))
    return [str(path) for path in sorted(folder.glob(f"{name}.*"))]
