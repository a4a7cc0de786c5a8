"""A made-up study for the tests of page and paper: four units, invented numbers,
nothing about the world.
"""

from base64 import b64decode

import pandas as pd
import typst

from evenfield.report.claims import NO_SIDE
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
NOUNS = {"unit_name": "state", "units_name": "states"}
CONFIG = {
    "study": {
        "id": "made_up",
        "title": "A made-up study",
        "question": "Does anything spread?",
        **NOUNS,
    },
    "data": {"package": "data/datapackage.json"},
    "panel": from_yaml("""
        years: [1980, 2000]
        income: {column: income, unit: crowns}
        unit_scheme: all
        """),
    "periods": from_yaml("""
        P1: {start: 1980, end: 1990, label: 1980-90}
        P2: {start: 1990, end: 2000}
        """),
    "estimates": from_yaml("{beta: [{id: absolute}], sigma: [{id: unweighted}]}"),
    "numbers": from_yaml("""
        speed_late: {family: beta, term: speed, period: P2, show: "0.0", unit: "% a year"}
        speed_twice: {is: 2 * speed_late, show: "0.0"}
        people: {file: panel/all/panel.csv, column: population, take: sum, show: "0"}
        """),
}
POLICY = {"taxonomy": {"primary": "lists", "all": ["lists"]}}
CLAIM = from_yaml("""
    because: above 0
    data: ''
    estimate: 1.5
    estimate_id: ''
    high: null
    interest: null
    kind: fact
    later: ''
    low: null
    paragraphs: [3]
    reasons: []
    rows: []
    smallest_visible: null
    unit: pp/yr
    """)
ROW = from_yaml("""
    against: false
    conf_low: null
    conf_high: null
    estimate_id: ''
    period: P1
    unit_of_measure: pp/yr
    """)
UNITS = {
    "AA": "Alpha",
    "BB": "Beta <b>",
    "CC": "Gamma",
    "DD": "Delta",
}
BASE = {
    "unit_scheme": "all",
    "n_obs": 31,
    "n_units": 31,
    "conf_level": 0.95,
}


# What the sections of both topics read beside their estimates.
SERIES = {
    "beta": "{spec_id: [absolute], period: [P1], kind: [line], unit: [''], residual: [0]}",
    "sigma": "{spec_id: [unweighted], year: [1980], sigma: [0.5]}",
}


def made_config(*, policy):
    return checked_config({**CONFIG, **(POLICY if policy else {})})


def estimates():
    """Speeds and dispersion of two periods."""
    rows = {"beta": [], "sigma": []}
    for period in ("P1", "P2"):
        shared = {
            **BASE,
            "period": period,
            "outcome": "growth",
            "output_basis": "proxy" if period == "P1" else "",
        }
        beta = {
            **shared,
            "family": "beta",
            "estimator": "ols",
            "spec_id": "absolute",
            "term": "speed",
        }
        ends = {
            "estimate": 2.0,
            "conf_low": 1.5,
            "conf_high": 2.5,
            "unit_of_measure": "% per year",
        }
        rows["beta"].append(Estimate(**beta, effect_type="lambda", **ends))
        sigma = {
            **shared,
            "family": "sigma",
            "estimator": "sigma",
            "spec_id": "unweighted",
            "effect_type": "stat",
        }
        for end, value in (("start", 0.5), ("end", 0.44)):
            rows["sigma"].append(Estimate(**sigma, term=f"sigma_{end}", estimate=value))
    return rows


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
    for topic, series in SERIES.items():
        frame = pd.DataFrame(from_yaml(series))
        write_results(frame, results / "estimates" / topic / "series.csv")
    tables = {"panel": {"hash": "1" * 64, "rows": 3}}
    described = {"data_hash": "0" * 64, "simulated": ["panel"], "tables": tables}
    write_json(described, results / "ingest/description.json")
    sources = from_yaml("""
        {source: [MADE], citation: [Made up.], vintage: [''], licence: [CC0]}
        """)
    write_results(pd.DataFrame(sources), results / "ingest" / "sources.csv")
    spans = from_yaml("""
        {variable: [income], units: [all], first_year: [1980], last_year: [2000],
         grade: [A], flag: [estimated], source: [MADE], note: [Made for a test.]}
        """)
    write_results(pd.DataFrame(spans), results / "ingest" / "panel_provenance.csv")
    write_json(made_answers() if policy else NO_ANSWERS, results / "answers.json")
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
    tiles = (
        from_yaml("{tile_row: [1, 1, 2, 2], tile_col: [1, 2, 1, 2]}") if policy else {}
    )
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


NO_ANSWERS = from_yaml("""
    {sentence: Nothing is answered., words: [], counts: {}, claims: []}
    """)
NO_ANSWERS |= {"hypotheses": [], "reasons": {}, "questions": 0}


def made_answers():
    """Answers to four claims: a fact with a variant that misses, one without an answer,
    one out of reach, a plan.
    """
    rows = [
        {
            **ROW,
            "what": "primary",
            "name": "",
            "estimate": 1.5,
        }
    ]
    fact = {
        "id": "A1",
        "answer": "HOLDS IN PART",
        "claim": "Alpha <b>grew</b>.",
        "estimate_id": speed_id("P1"),
        "because": "above 0, but not with: x",
        "later": "FADED",
    }
    fact |= {
        "rows": [
            *rows,
            {
                **ROW,
                "what": "variant",
                "name": "x",
                "estimate": -9.0,
                "against": True,
            },
        ]
    }
    ends = {
        "low": -2.0,
        "high": 5.0,
        "interest": 1.0,
        "smallest_visible": 6.0,
    }
    open_ = {
        "id": "A2",
        "answer": "NO ANSWER",
        "claim": "Zones help.",
        "kind": "association",
        **ends,
    }
    open_ |= {
        "because": NO_SIDE,
        "rows": [{**rows[0], "conf_low": -2.0, "conf_high": 5.0}],
    }
    nothing = {"estimate": None, "unit": ""}
    far = from_yaml("""
        id: A3
        answer: OUT OF REACH
        claim: Firms gain.
        kind: out of reach
        reasons: [R2]
        """)
    plan = {
        "id": "A4",
        "answer": "NOT EMPIRICAL",
        "claim": "There is a plan.",
        "kind": "not empirical",
    }
    claims = [
        fact,
        open_,
        {**far, **nothing, "data": "A census of firms."},
        {**plan, **nothing, "because": "A plan."},
    ]
    words = [claim["answer"] for claim in claims]
    label = {
        "words": words,
        "counts": dict.fromkeys(words, 1),
        "claims": [{**CLAIM, **claim} for claim in claims],
    }
    return (
        NO_ANSWERS
        | label
        | {"sentence": "", "reasons": {"R2": "Firm data are needed."}, "questions": 1}
    )


def made_table(name):
    """A table with a group, a blank cell and a column that the paper leaves out."""
    frame = pd.DataFrame(
        from_yaml("""
            unit: [a, b & co, c, d]
            value: [10.0, 9.0, -2.0, null]
            block: first group
            """)
    ).assign(estimate_id=[speed_id("P1"), speed_id("P2"), "", speed_id("P2")])
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
