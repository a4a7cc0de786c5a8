"""What the rules share: paths by unit scheme, files of tables and figures, hashes of code and data."""

import hashlib

from evenfield.shared import outputs, topics
from evenfield.shared.topics import code_hash

SCHEMES = list(config["panel"]["unit_schemes"])
WEIGHTS = list(config["weights"]["families"])
FAMILIES = sorted(config["estimates"])
MAIN_SCHEME = config["panel"]["unit_scheme"]
TOPICS = topics.read_topics()
ESTIMATED = PLAN.topics


wildcard_constraints:
    scheme="[A-Za-z0-9_+]+",


def main_scheme(pattern):
    """The path, or paths, of the main unit scheme."""
    return (
        expand(pattern, scheme=MAIN_SCHEME)
        if not isinstance(pattern, str)
        else pattern.format(scheme=MAIN_SCHEME)
    )


def table_files(name):
    """The six files of a table."""
    return expand(
        f"results/tables/{name}.{{ending}}",
        ending=["csv", "tex", "md", "html", "typ", "docx"],
    )


def figure_files(name):
    """The five files of a figure."""
    return expand(
        f"results/figures/{name}.{{ending}}",
        ending=["pdf", "svg", "png", "csv", "alt.txt"],
    )


def data_files():
    """Every file of the study's data folder that the dictionary describes, and the dictionary."""
    package = Path(config["data"]["package"])
    found = sorted(
        path
        for path in package.parent.rglob("*.*")
        if path.suffix in {".csv", ".geojson"}
    )
    return [str(path) for path in ([package] if package.exists() else []) + found]


def hash_of(paths):
    """Hash files by content, so that a table replaced by one with an older time stamp is noticed."""
    parts = [
        path.encode() + hashlib.sha256(Path(path).read_bytes()).digest()
        for path in paths
        if Path(path).is_file()
    ]
    return hashlib.sha256(b"".join(parts)).hexdigest()


SHOWN = [*config["tables"], *config["figures"]]
MADE_BY = dict.fromkeys(SHOWN, "") | {
    id: f"workflow/evenfield/topics/{topic}/{'table' if id.startswith('T') else 'figure'}.py"
    for topic, shown in PLAN.exhibits.items()
    for id in shown
}
# Templates of page and paper, and every library file: the paper lists the modelling decisions that stand in them.
REPORT_FILES = [
    str(path.relative_to(topics.LIBRARY))
    for path in sorted(topics.LIBRARY.rglob("*.*"))
    if path.is_file() and path.suffix != ".pyc"
]
