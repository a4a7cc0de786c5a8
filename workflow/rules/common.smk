"""What the floors share: library inputs, paths by unit scheme and the names of the parts of a study."""

from evenfield.contracts.floors import library_files

SCHEMES = list(config["panel"]["unit_schemes"])
WEIGHTS = list(config["weights"]["families"])
FAMILIES = sorted(config["estimates"])
MAIN_SCHEME = config["panel"]["unit_scheme"]
MAIN_WEIGHTS = config["weights"]["primary"]


wildcard_constraints:
    scheme="[A-Za-z0-9_+]+",


def library(room):
    """Library files of a room, as tracked inputs that also resolve under --directory."""
    return [workflow.source_path(f"../evenfield/{path}") for path in library_files(room)]


def per_scheme(pattern):
    """One path per unit scheme, in the order of the config."""
    return expand(pattern, scheme=SCHEMES)


def main_scheme(pattern):
    """The path, or paths, of the main unit scheme."""
    return expand(pattern, scheme=MAIN_SCHEME) if not isinstance(pattern, str) else pattern.format(scheme=MAIN_SCHEME)


def data_files(_wildcards):
    """Every file of the study's data folder that the dictionary describes, and the dictionary."""
    package = Path(config["data"]["package"])
    return [
        str(package),
        *sorted(str(path) for path in package.parent.rglob("*.*") if path.suffix in {".csv", ".geojson"}),
    ]
