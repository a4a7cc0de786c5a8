"""The China study in this process: its checked tables, panel and weights on disk, and its
topics estimated one by one.
"""

from importlib import import_module
from pathlib import Path

from evenfield.shared.topics import read_topics
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.files import read_json, write_json
from evenfield.study.ingest.dictionary import public_dictionary
from evenfield.study.ingest.outlines import read_outlines
from evenfield.study.ingest.study_tables import read_study
from evenfield.study.panel.build import build_panel
from evenfield.study.table_files import write_table
from evenfield.study.tables import resource_named
from evenfield.study.weights.build import build_geography, build_weights, edge_list
from evenfield.study.weights.exposures import exposure_frame, mean_doses

ROOT = Path(__file__).parents[1]
ESTIMATED = read_config(ROOT / "config.yaml")["estimates"]
TOPICS = [
    name
    for name, topic in read_topics().items()
    if topic.estimate and name in ESTIMATED
]
CHUNKED = [name for name in TOPICS if read_topics()[name].estimate.chunks]
TABLES = "panel periods units cells yearly_cells doses first_years adjacency".split()


def china_config():
    """The config as shipped, whatever the working directory."""
    config = checked_config(read_config(ROOT / "config.yaml"))
    config["data"]["package"] = str(ROOT / "data" / "datapackage.json")
    return config


def build_china(config, root):
    """Write results up to panel and weights."""
    for scheme, built in write_panels(config, root).items():
        write_weights(config, root, scheme, built)


def write_panels(config, root):
    """Write the checked tables and the panel of each unit scheme; return the panels."""
    tables = read_study(config)
    for name, frame in tables.items():
        write_table(frame, root / "ingest" / f"{name}.csv")
    dictionary = public_dictionary(config["data"]["package"])
    outlines = read_outlines(config["data"]["package"])
    write_json(outlines, root / "ingest" / "outlines.geojson")
    fields = {field.name: field for field in resource_named(dictionary, "panel").fields}
    panels = {}
    for scheme in config["panel"]["unit_schemes"]:
        built = build_panel(tables, fields, config, scheme)
        folder = root / "panel" / scheme
        for name in TABLES:
            write_table(getattr(built, name), folder / f"{name}.csv")
        write_json(built.description, folder / "description.json")
        panels[scheme] = built
    return panels


def write_weights(config, root, scheme, built):
    """Write the weights of a unit scheme and what units are exposed to by them."""
    described = read_json(root / "panel" / scheme / "description.json")
    geography = build_geography(
        built.units,
        built.adjacency,
        built.panel,
        config["weights"]["join"],
        described["merged"],
    )
    folder = root / "weights" / scheme
    weights = {}
    for name, spec in config["weights"]["families"].items():
        weights[name] = build_weights(name, spec, geography)
        write_table(edge_list(weights[name]), folder / f"{name}.csv")
        write_json(weights[name].spec, folder / f"{name}.json")
    doses = mean_doses(built.doses, described["periods"], described["units"])
    exposures = exposure_frame(weights, built.cells, doses)
    write_table(exposures, folder / "exposures.csv")


def estimated(topic, study, of=1):
    """Estimate a topic, in chunks where it has them."""
    module = import_module(f"evenfield.topics.{topic}.estimate")
    paths = [
        study.root / f"{topic}_{number}.json"
        for number in range(1, of + 1)
        if topic in CHUNKED
    ]
    for number, path in enumerate(paths, start=1):
        module.chunk(study, number, of).keep(path)
    return module.estimate(study, paths) if paths else module.estimate(study)
