"""A study of three units and four years, written to disk, that a test breaks in one
place.
"""

import json
import random

from evenfield.study.config import checked_config
from evenfield.study.ingest.dictionary import refresh_hashes
from evenfield.study.ingest.study_tables import read_study
from yaml_text import from_yaml

INCOME = {"output": "output", "population": "people", "unit": "coins"}
UNITS = ("A", "B", "C")
YEARS = range(2000, 2004)
ID = {"required": True, "pattern": "[A-Z]"}
TABLES = {
    "panel": "unit year:integer output:number people:number doubtful:number",
    "panel_provenance": (
        "variable units first_year:integer last_year:integer grade flag source note"
    ),
    "units": "unit name name_zh coastal:integer parent",
    "sources": "source citation vintage licence redistribution",
    "adjacency": "unit_i unit_j",
    "taxonomies/own": (
        "unit cluster:integer sez:integer sez_from_year:integer"
        " sez_from_year_dated:integer source confidence note"
    ),
}
KEYS = from_yaml("""
    panel: [unit, year]
    panel_provenance: [variable, units, first_year]
    units: [unit]
    """)
KEYS |= from_yaml("""
    {sources: [source], adjacency: [unit_i, unit_j], taxonomies/own: [unit]}
    """)
MORE = {
    "panel unit": {"constraints": ID},
    "panel year": {"constraints": {"required": True, "minimum": 1900}},
    "panel output": {"log": True, "merge": "sum", "constraints": {"maximum": 9999}},
    "panel people": {"log": True, "merge": "sum"},
    "panel doubtful": {"merge": "mean_population"},
    "panel_provenance variable": {"constraints": {"required": True}},
    "panel_provenance grade": {"constraints": {"enum": ["A", "B", "C"]}},
    "units unit": {"constraints": ID},
    "units coastal": {"constraints": {"enum": [0, 1]}},
}
FOREIGN = from_yaml("""
    panel: [[unit, units, unit]]
    panel_provenance: [[source, sources, source]]
    units: [[parent, '', unit]]
    adjacency: [[unit_i, units, unit], [unit_j, units, unit]]
    """)
TEXT = {
    "panel": (
        "unit,year,output,people,doubtful\n"
        + "".join(
            f"{u},{y},{10 * i + y - 1999},{2 + i},{i + 0.5}\n"
            for i, u in enumerate(UNITS, 1)
            for y in YEARS
        )
    ),
    "panel_provenance": (
        "variable,units,first_year,last_year,grade,flag,source,note\n"
        "doubtful,all,2000,2003,C,estimated,BOOK,\n"
        "output,all,2000,2003,A,official,BOOK,\npeople,all,2000,2003,A,official,BOOK,\n"
    ),
    "units": (
        "unit,name,name_zh,coastal,parent\nA,Aland,甲省,0,\nB,Bland,乙自治区,1,A\nC,Cland,丙市,0,\n"
    ),
    "sources": (
        "source,citation,vintage,licence,redistribution\nBOOK,A book,1990,none,yes\n"
    ),
    "adjacency": "unit_i,unit_j\nA,B\nB,C\n",
    "taxonomies/own": (
        "unit,cluster,sez,sez_from_year,sez_from_year_dated,source,confidence,note\n"
        "A,1,0,,,BOOK,A,\nB,0,1,2002,2002,BOOK,A,\nC,1,1,,,BOOK,A,\n"
    ),
}


def _resource(name):
    fields = []
    for column, _, kind in (field.partition(":") for field in TABLES[name].split()):
        fields.append(
            {
                "name": column,
                "type": kind or "string",
                **MORE.get(f"{name} {column}", {}),
            }
        )
    links = [
        {"fields": [c], "reference": {"resource": t, "fields": [f]}}
        for c, t, f in FOREIGN.get(name, [])
    ]
    schema = {"fields": fields, "primaryKey": KEYS[name], "foreignKeys": links}
    return {"name": name.replace("/", "-"), "path": f"{name}.csv", "schema": schema}


class ToyStudy:
    """Writes the study into a folder; ``read`` reads it as the pipeline does."""

    def __init__(self, folder):
        self.folder = folder
        self.package_path = folder / "data" / "datapackage.json"
        (folder / "data" / "taxonomies").mkdir(parents=True)
        for name, text in TEXT.items():
            self.path(name).write_text(text, newline="\n")
        self.save(
            {"resources": json.loads(json.dumps([_resource(name) for name in TABLES]))}
        )
        refresh_hashes(self.package_path)
        self.config = checked_config(
            {
                "study": {"id": "toy", "title": "Toy", "question": "Why?"},
                "data": {"package": str(self.package_path)},
                "panel": {"years": [2000, 2003], "income": INCOME},
                "periods": {"P": {"start": 2000, "end": 2003}},
                "taxonomy": {"primary": "own", "all": ["own"]},
                "estimates": {"sigma": [{"id": "plain"}]},
            }
        )

    def path(self, name):
        return self.folder / "data" / f"{name}.csv"

    @property
    def package(self):
        return json.loads(self.package_path.read_text())

    def save(self, package):
        self.package_path.write_text(json.dumps(package))

    def resource(self, package, name):
        return next(
            item for item in package["resources"] if item["path"] == f"{name}.csv"
        )

    def replace(self, name, old, new, refresh=True):
        """Replace text in a table; with its hash refreshed unless the test is about the
        hash.
        """
        text = self.path(name).read_text()
        assert old in text
        self.path(name).write_text(text.replace(old, new, 1), newline="\n")
        if refresh:
            refresh_hashes(self.package_path)
        return self

    def shuffle(self):
        for name in TEXT:
            header, *rows = self.path(name).read_text().splitlines()
            random.Random(name).shuffle(rows)
            self.path(name).write_text("\n".join([header, *rows]) + "\n", newline="\n")
        refresh_hashes(self.package_path)

    def read(self):
        return read_study(self.config)
