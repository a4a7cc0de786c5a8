"""A study of three units and four years that stands in the folder toy, copied for a test
that breaks it in one place.
"""

import json
import random
import shutil
from pathlib import Path

from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.ingest.dictionary import refresh_hashes
from evenfield.study.ingest.study_tables import read_study

TOY = Path(__file__).parent / "toy"
TABLES = (
    "panel",
    "panel_provenance",
    "units",
    "sources",
    "adjacency",
    "taxonomies/own",
)
TEXT = {name: (TOY / "data" / f"{name}.csv").read_text("utf-8") for name in TABLES}


class ToyStudy:
    """Writes the study into a folder; ``read`` reads it as the pipeline does."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(TOY / "data", folder / "data")
        self.package_path = folder / "data" / "datapackage.json"
        self.config = checked_config(read_config(TOY / "config.yaml"))
        self.config["data"]["package"] = str(self.package_path)

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
        for name in TABLES:
            header, *rows = self.path(name).read_text().splitlines()
            random.Random(name).shuffle(rows)
            self.path(name).write_text("\n".join([header, *rows]) + "\n", newline="\n")
        refresh_hashes(self.package_path)

    def read(self):
        return read_study(self.config)
