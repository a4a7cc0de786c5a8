"""What the rules share: paths by unit scheme, files of tables and figures, hashes of code and data."""

import hashlib

from evenfield.shared import topics
from evenfield.study.files import described_files, hash_file

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


def data_files():
    """The dictionary and every file that it describes; nothing else in the data folder is read."""
    return [str(path) for path in described_files(config["data"]["package"])]


def code_of(script, *files):
    """Hash the code of a job by content, wherever it stands: its script, the library files that it loads by name, and
    all that these import."""
    return topics.code_hash(HERE / "scripts" / f"{script}.py", *files)


def hash_of(paths):
    """Hash files by content, so that a table replaced by one with an older time stamp is noticed."""
    digest = hashlib.sha256()
    for path in paths:
        if Path(path).is_file():
            digest.update(f"{path}{hash_file(path)}".encode())
    return digest.hexdigest()


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
