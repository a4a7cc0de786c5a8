"""What the rules share: names of the config, files by name, hashes of code and data."""

import hashlib

from evenfield.shared import topics
from evenfield.study.files import described_files, hash_file

SCHEMES = list(config["panel"]["unit_schemes"])
MAIN_SCHEME = config["panel"]["unit_scheme"]
WEIGHTS = list(config["weights"]["families"])
WEIGHT_FILES = [
    family["path"]
    for family in config["weights"]["families"].values()
    if "path" in family
]
TOPICS = topics.read_topics()
ESTIMATED = PLAN.topics


wildcard_constraints:
    scheme="[A-Za-z0-9_+]+",


def data_files():
    """The dictionary and every file that it describes; no other of the data is read."""
    return [str(path) for path in described_files(config["data"]["package"])]


def code_of(script, *files):
    """Hash the code of a job by content, wherever it stands: its script, library files
    that it loads by name, and all that these import."""
    return topics.code_hash(HERE / "scripts" / f"{script}.py", *files)


def hash_of(paths):
    """Hash files by content, for a table may be replaced by one with an older date."""
    digest = hashlib.sha256()
    for path in paths:
        if Path(path).is_file():
            digest.update(f"{path}{hash_file(path)}".encode())
    return digest.hexdigest()


SHOWN = [*config["tables"], *config["figures"]]
MADE_BY = dict.fromkeys(SHOWN, "")
for topic, names in PLAN.exhibits.items():
    for name in names:
        file = "table.py" if name.startswith("T") else "figure.py"
        MADE_BY[name] = f"workflow/evenfield/topics/{topic}/{file}"
# Templates of page and paper, and every library file: the paper lists the modelling
# decisions that stand in them.
REPORT_FILES = sorted(topics.library_files())
